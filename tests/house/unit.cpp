// systemd's own opinion of our unit.
#define BOOST_TEST_MODULE house.unit
#include "tests/house/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <unistd.h>

using namespace pawl;

namespace {

/// A unit with a program that exists here, in a directory of its own.
class installed_unit {
public:
  explicit installed_unit(const std::string& remove = "",
                          std::string name = "pawld.service",
                          const std::string& program = "/usr/bin/pawld")
      : name_{std::move(name)}, folder_{std::filesystem::temp_directory_path()
                                        / ("pawl-unit-"
                                           + std::to_string(::getpid()))} {
    auto text = house::text_of("systemd/" + name_);
    BOOST_REQUIRE(text.find(program) != std::string::npos);
    text.replace(text.find(program), program.size(), "/usr/bin/true");
    if (!remove.empty())
      text.erase(text.find(remove), remove.size());
    std::filesystem::create_directories(folder_);
    std::ofstream{folder_ / name_} << text;
  }
  ~installed_unit() { std::filesystem::remove_all(folder_); }
  installed_unit(const installed_unit&) = delete;
  installed_unit& operator=(const installed_unit&) = delete;

  /// Lays another file of systemd/ beside it.
  void add(const std::string& other) const {
    std::ofstream{folder_ / other} << house::text_of("systemd/" + other);
  }
  /// Runs systemd-analyze on the unit; returns its exit code.
  [[nodiscard]] int analyze(const std::string& arguments) const {
    const auto command = "systemd-analyze " + arguments + " "
                         + (folder_ / name_).string() + " >/dev/null";
    return std::system(command.c_str()); // NOLINT(concurrency-mt-unsafe)
  }

private:
  std::string name_;
  std::filesystem::path folder_;
};

installed_unit runner_unit(const std::string& remove = "") {
  return installed_unit{remove, "pawl-runner.service",
                        "/usr/lib/pawl/pawl-runner"};
}

} // namespace

BOOST_AUTO_TEST_CASE(the_unit_is_well_formed) {
  BOOST_TEST(installed_unit{}.analyze("verify --man=no") == 0);
}

BOOST_AUTO_TEST_CASE(the_unit_exposes_at_most_one_and_a_half) {
  BOOST_TEST(installed_unit{}.analyze("security --offline=true --threshold=15")
             == 0);
}

BOOST_AUTO_TEST_CASE(the_measure_of_exposure_can_fail) {
  BOOST_TEST(installed_unit{"CapabilityBoundingSet="}.analyze(
               "security --offline=true --threshold=15")
             != 0);
}

BOOST_AUTO_TEST_CASE(mistakes_do_not_restart_the_daemon) {
  const auto text = house::text_of("systemd/pawld.service");
  BOOST_TEST(text.find("\nRestartPreventExitStatus=64 78\n")
             != std::string::npos);
  BOOST_TEST(text.find("\nTimeoutStopSec=30\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_runners_unit_and_socket_are_well_formed) {
  const auto unit = runner_unit();
  unit.add("pawl-runner.socket");
  BOOST_TEST(unit.analyze("verify --man=no") == 0);
}

// Programs need more than the daemon: the network, namespaces, code made at run
// time. Each line that is wider says why.
BOOST_AUTO_TEST_CASE(the_runners_unit_exposes_at_most_two_point_eight) {
  BOOST_TEST(runner_unit().analyze("security --offline=true --threshold=28")
             == 0);
  BOOST_TEST(runner_unit("NoNewPrivileges=yes\nCapabilityBoundingSet=")
               .analyze("security --offline=true --threshold=28")
             != 0);
}

BOOST_AUTO_TEST_CASE(one_group_may_order_programs) {
  const auto names = [](const std::string& file, const std::string& line) {
    return ("\n" + house::text_of("systemd/" + file)).find("\n" + line)
           != std::string::npos;
  };
  BOOST_TEST(names("pawl-runner.socket", "SocketGroup=pawl-programs\n"));
  BOOST_TEST(names("pawl-runner.socket", "SocketMode=0660\n"));
  BOOST_TEST(names("pawl.sysusers", "g pawl-programs - -\n"));
  BOOST_TEST(
    names("pawld-programs.conf", "SupplementaryGroups=pawl-programs\n"));
  BOOST_TEST(names("pawl-runner.service",
                   "ExecStart=/usr/lib/pawl/pawl-runner --group "
                   "pawl-programs\n"));
  // A dynamic user cannot have the name of a group that is there already.
  BOOST_TEST(!names("pawl.sysusers", "g pawl-runner "));
  // pawld itself stays as it is.
  BOOST_TEST(!names("pawld.service", "SupplementaryGroups="));
}
