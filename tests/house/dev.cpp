// ./dev among fakes: what it installs, removes, builds and counts.
#define BOOST_TEST_MODULE house.dev
#include "tests/house/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

using namespace pawl;

namespace {

/// A copy of ./dev in an empty tree, with every program that it calls replaced
/// by one that writes its name and arguments into a file.
class playground {
public:
  playground()
      : root_{std::filesystem::temp_directory_path()
              / ("pawl-dev-" + std::to_string(::getpid()))} {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ / "bin");
    std::filesystem::copy(house::root / "dev", root_ / "dev");
    fake("dpkg-query", "printf installed");
    fake("apt-get", "");
    fake("sudo", "");
    fake("id", "echo 0");
    fake("cmake", "for p; do :; done; mkdir -p build/$p; touch "
                  "build/$p/build.ninja");
    fake("ninja", "");
    fake("ctest", "echo '100% tests passed, 0 tests failed out of 7'");
    fake("python3", "");
    fake("clang-format", "");
  }
  ~playground() { std::filesystem::remove_all(root_); }
  playground(const playground&) = delete;
  playground& operator=(const playground&) = delete;

  /// Replaces a program by a script.
  void fake(const std::string& name, const std::string& body) const {
    const auto file = root_ / "bin" / name;
    std::ofstream{file} << "#!/bin/sh\necho \"" << name << " $*\" >>"
                        << (root_ / "calls").string() << "\n"
                        << body << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

  /// Runs ./dev with CI=true; returns its exit code.
  int dev(const std::string& arguments) {
    std::filesystem::remove(root_ / "calls");
    const auto command = "cd / && CI=true PATH=" + (root_ / "bin").string()
                         + ":$PATH " + (root_ / "dev").string() + " "
                         + arguments + " >" + (root_ / "out").string()
                         + " 2>&1 </dev/null";
    const int status = std::system(command.c_str()); // NOLINT
    return WEXITSTATUS(status);
  }
  [[nodiscard]] bool called(const std::string& what) const {
    return read("calls").find(what) != std::string::npos;
  }
  [[nodiscard]] bool said(const std::string& what) const {
    return read("out").find(what) != std::string::npos;
  }

private:
  [[nodiscard]] std::string read(const char* name) const {
    std::ifstream in{root_ / name};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  std::filesystem::path root_;
};

} // namespace

BOOST_AUTO_TEST_CASE(help_needs_nothing_and_names_every_command) {
  playground here;
  BOOST_TEST(here.dev("--help") == 0);
  for (const auto* command : {"run", "test", "bench", "format", "tidy", "fuzz",
                              "asan", "tsan", "coverage"})
    BOOST_TEST(here.said(std::string{"\n  "} + command), command);
  BOOST_TEST(!here.called("apt-get"));
}

BOOST_AUTO_TEST_CASE(an_unknown_command_is_a_mistake_of_usage) {
  playground here;
  BOOST_TEST(here.dev("tset") == 2);
}

BOOST_AUTO_TEST_CASE(nothing_is_installed_when_nothing_is_missing) {
  playground here;
  BOOST_TEST(here.dev("asan") == 0);
  BOOST_TEST(!here.called("apt-get"));
  BOOST_TEST(here.called("ninja -C build/asan"));
  BOOST_TEST(here.said("7 passed, 0 failed"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_installed_and_what_goes_is_named) {
  playground here;
  here.fake("dpkg-query", "case $* in *libcaf-dev*) ;; *) printf installed;; "
                          "esac");
  here.fake("apt-get", "case $* in *--simulate*) echo 'Inst libcaf-dev'; echo "
                       "'Remv libboost1.74-dev [1]';; esac");
  BOOST_TEST(here.dev("asan") == 0);
  BOOST_TEST(here.said("Missing packages: libcaf-dev"));
  BOOST_TEST(here.said("apt will REMOVE: libboost1.74-dev"));
  BOOST_TEST(here.called("apt-get update"));
  BOOST_TEST(here.called("apt-get install --yes --quiet "
                         "--no-install-recommends libcaf-dev"));
}

BOOST_AUTO_TEST_CASE(a_person_who_is_not_root_installs_through_sudo) {
  playground here;
  here.fake("dpkg-query", "");
  here.fake("id", "echo 1000");
  BOOST_TEST(here.dev("asan") == 0);
  BOOST_TEST(here.called("sudo apt-get update"));
  BOOST_TEST(here.called("sudo env DEBIAN_FRONTEND=noninteractive apt-get"));
}

BOOST_AUTO_TEST_CASE(configuring_happens_once) {
  playground here;
  BOOST_TEST(here.dev("asan") == 0);
  BOOST_TEST(here.called("cmake --preset asan"));
  BOOST_TEST(here.dev("asan") == 0);
  BOOST_TEST(!here.called("cmake --preset"));
}

BOOST_AUTO_TEST_CASE(everything_is_counted) {
  playground here;
  BOOST_TEST(here.dev("test") == 0);
  // Seven of dev, seven of asan, the format, clang-tidy.
  BOOST_TEST(here.said("16 passed, 0 failed"));
}

BOOST_AUTO_TEST_CASE(a_skipped_test_is_named_and_counts_for_nothing) {
  playground here;
  here.fake("ctest", "printf '100%% tests passed, 0 tests failed out of 7\\n"
                     "The following tests did not run:\\n\\t  3 - "
                     "conformance.ctk (Skipped)\\n'");
  BOOST_TEST(here.dev("test -R conformance") == 0);
  BOOST_TEST(here.said("SKIPPED: dev: conformance.ctk"));
  BOOST_TEST(!here.said("FAILED"));
  BOOST_TEST(here.said("6 passed, 0 failed"));
}

BOOST_AUTO_TEST_CASE(one_failing_test_fails_the_whole_and_is_named) {
  playground here;
  here.fake("ctest", "printf '86%% tests passed, 1 tests failed out of 7\\n"
                     "The following tests FAILED:\\n\\t  3 - base.json "
                     "(Timeout)\\n'; exit 8");
  BOOST_TEST(here.dev("test -R base") == 1);
  BOOST_TEST(here.said("FAILED: dev: base.json"));
  BOOST_TEST(here.said("6 passed, 1 failed"));
}

BOOST_AUTO_TEST_CASE(a_failing_check_does_not_hide_the_others) {
  playground here;
  here.fake("python3", "exit 1");
  here.fake("clang-format", "exit 1");
  BOOST_TEST(here.dev("test") == 1);
  BOOST_TEST(here.said("FAILED: clang-tidy"));
  BOOST_TEST(here.called("ninja -C build/asan"));
}

BOOST_AUTO_TEST_CASE(a_build_that_fails_fails) {
  playground here;
  here.fake("ninja", "exit 1");
  BOOST_TEST(here.dev("test") == 1);
  BOOST_TEST(here.said("FAILED: dev: build"));
  BOOST_TEST(here.said("0 passed, 1 failed"));
  BOOST_TEST(!here.called("ctest"));
}
