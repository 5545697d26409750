// The architecture as a test: who may include whom, and which library.
#define BOOST_TEST_MODULE house.includes
#include "tests/house/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <regex>
#include <set>

using namespace pawl;

namespace {

/// Who may include whom. Reading this table is reading the architecture.
const std::map<std::string, std::set<std::string>> allowed = {
  {"base", {}},
  {"access", {"base"}},
  {"workflow", {"base"}},
  {"trial", {"base", "workflow", "sandbox"}},
  {"storage", {"base", "workflow"}},
  {"secrets", {"base", "storage"}},
  {"config", {"base"}},
  {"actors",
   {"base", "access", "sandbox", "workflow", "storage", "secrets", "config"}},
  {"http", {"base", "access", "workflow", "config", "actors"}},
  {"daemon",
   {"base", "access", "workflow", "storage", "secrets", "config", "actors",
    "http"}},
  {"sandbox", {"base"}},
  {"runner", {"base"}},
  {"cli", {"base", "config", "sandbox", "trial"}},
  {"bench", {"base", "workflow", "storage"}},
  {"examples", {"base"}},
  {"cmake", {"base"}}, // What makes sources at build time.
};

/// Which files may include a library; the headers that are not here may be
/// included anywhere.
struct library {
  std::string header; ///< Pattern of what stands between < and >.
  std::string files;  ///< Pattern of the files that may include it.
};
const library libraries[] = {
  {"rocksdb/.*", "storage/.*\\.cpp|tests/(storage|crash|sim|support)/.*"},
  {"caf/.*", "(actors|daemon)/.*|http/bridge\\.cpp|"
             "tests/(actors|http|daemon|sim|crash|support)/.*"},
  {"boost/(beast|asio).*", "(http|daemon)/.*|bench/.*|examples/.*|"
                           "tests/(http|actors|cli|crash|support)/.*"},
  {"curl/.*", "actors/steps/.*|(cli|bench)/.*\\.cpp|"
              "tests/(http|cli|crash|support)/.*"},
  {"yaml-cpp/.*", "config/load\\.cpp|workflow/document_yaml\\.cpp|cmake/.*"},
  {"(jq|jv)\\.h", "sandbox/.*\\.cpp"},
  {"re2/.*", "workflow/.*\\.cpp|workflow/schema/.*"},
  {"CLI/.*", "(daemon|cli)/.*\\.cpp"},
  {"openssl/.*", "base/bytes\\.cpp|secrets/.*\\.cpp|tests/(secrets|actors)/.*"},
  {"xxhash\\.h", "base/bytes\\.cpp"},
  {"prometheus/.*", "(actors|http|daemon)/.*"},
  {"fmt/.*", ".*\\.cpp"},
  {"boost/test/.*", "tests/.*"},
  {"spdlog/.*|valijson/.*|systemd/.*|seccomp\\.h", "none"},
};

const std::regex own_include{R"(^\s*#\s*include\s+"([^"]+)\".*)"};
const std::regex library_include{R"(^\s*#\s*include\s+<([^>]+)>.*)"};

/// The folder whose rules a file follows: tests/x may include what x may, x
/// itself and the fixtures.
bool may_include(const std::filesystem::path& file, const std::string& target) {
  const auto folder = file.begin()->string();
  const auto to = std::filesystem::path{target}.begin()->string();
  if (folder != "tests") {
    const auto rule = allowed.find(folder);
    return rule != allowed.end() && (to == folder || rule->second.contains(to));
  }
  const auto part = std::next(file.begin())->string();
  const auto rule = allowed.find(part);
  if (rule == allowed.end() || to == "tests")
    return true; // The simulator and the like stand above everything.
  return to == part || rule->second.contains(to);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_folder_includes_only_what_is_below_it) {
  std::size_t seen = 0;
  for (const auto& file : house::files()) {
    if (!house::is_source(file))
      continue;
    house::each_line(file, [&](const std::string& line, std::size_t number) {
      std::smatch found;
      if (!std::regex_match(line, found, own_include))
        return;
      ++seen;
      BOOST_TEST(may_include(file, found[1].str()),
                 file.string()
                   << ":" << number << " must not include " << found[1].str());
      BOOST_TEST(std::filesystem::exists(house::root / found[1].str()),
                 file.string() << ":" << number << ": write " << found[1].str()
                               << " from the root");
    });
  }
  BOOST_TEST(seen > 10U);
}

BOOST_AUTO_TEST_CASE(a_library_is_included_only_where_it_belongs) {
  std::vector<std::pair<std::regex, std::regex>> rules;
  for (const auto& each : libraries)
    rules.emplace_back(each.header, each.files);
  std::size_t seen = 0;
  for (const auto& file : house::files()) {
    if (!house::is_source(file))
      continue;
    house::each_line(file, [&](const std::string& line, std::size_t number) {
      std::smatch found;
      if (!std::regex_match(line, found, library_include))
        return;
      for (const auto& [header, files] : rules)
        if (std::regex_match(found[1].str(), header)) {
          ++seen;
          BOOST_TEST(std::regex_match(file.string(), files),
                     file.string() << ":" << number << " must not include <"
                                   << found[1].str() << ">");
        }
    });
  }
  BOOST_TEST(seen > 10U);
}

BOOST_AUTO_TEST_CASE(the_rules_can_fail) {
  BOOST_TEST(!may_include("workflow/machine.cpp", "http/session.hpp"));
  BOOST_TEST(!may_include("base/json.cpp", "config/options.hpp"));
  BOOST_TEST(!may_include("tests/workflow/machine.cpp", "actors/instance.hpp"));
  BOOST_TEST(!may_include("base/json.cpp", "nowhere/json.hpp"));
  BOOST_TEST(may_include("tests/workflow/machine.cpp", "tests/support/x.hpp"));
  BOOST_TEST(may_include("http/session.cpp", "actors/gateway.hpp"));
}
