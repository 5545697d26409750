// systemd's own opinion of our unit.
#define BOOST_TEST_MODULE house.unit
#include "tests/house/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <unistd.h>

using namespace pawl;

namespace {

/// The unit with a program that exists here, in a directory of its own.
class installed_unit {
public:
  explicit installed_unit(const std::string& remove = "")
      : folder_{std::filesystem::temp_directory_path()
                / ("pawl-unit-" + std::to_string(::getpid()))} {
    auto text = house::text_of("systemd/pawld.service");
    const std::string program = "/usr/bin/pawld";
    BOOST_REQUIRE(text.find(program) != std::string::npos);
    text.replace(text.find(program), program.size(), "/usr/bin/true");
    if (!remove.empty())
      text.erase(text.find(remove), remove.size());
    std::filesystem::create_directories(folder_);
    std::ofstream{folder_ / "pawld.service"} << text;
  }
  ~installed_unit() { std::filesystem::remove_all(folder_); }
  installed_unit(const installed_unit&) = delete;
  installed_unit& operator=(const installed_unit&) = delete;

  /// Runs systemd-analyze on the unit; returns its exit code.
  [[nodiscard]] int analyze(const std::string& arguments) const {
    const auto command = "systemd-analyze " + arguments + " "
                         + (folder_ / "pawld.service").string() + " >/dev/null";
    return std::system(command.c_str()); // NOLINT(concurrency-mt-unsafe)
  }

private:
  std::filesystem::path folder_;
};

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
