// Pawl's validator against the specification's schemas, over documents that
// were changed at random. The schemas are judged by ajv, which knows nothing of
// us.
#define BOOST_TEST_MODULE conformance.differential

#include "tests/conformance/corpus.hpp"
#include "tests/conformance/decisions.hpp"
#include "tests/conformance/mutants.hpp"
#include "workflow/document.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

using namespace pawl;
using namespace pawl::conformance;

namespace {

const std::filesystem::path judge_dir
  = std::filesystem::path{PAWL_BINARY_DIR} / "conformance" / "judge";

bool runs(const std::string& command) {
  return std::system(command.c_str()) == 0; // NOLINT(concurrency-mt-unsafe)
}

/// Whether the judge is there, installed by npm into the build directory; else
/// why not.
std::string prepare_judge() {
  if (!runs("node --version >/dev/null 2>&1"))
    return "there is no node";
  if (!runs("npm --version >/dev/null 2>&1"))
    return "there is no npm";
  std::filesystem::create_directories(judge_dir);
  const auto source = spec.parent_path() / "judge";
  for (const auto* name : {"package.json", "package-lock.json", "judge.mjs"})
    std::filesystem::copy_file(
      source / name, judge_dir / name,
      std::filesystem::copy_options::overwrite_existing);
  const auto in = "cd '" + judge_dir.string() + "' && ";
  // What a former run installed will do without a network.
  if (!runs(in
            + "node --input-type=module -e \"import 'ajv/dist/2020.js'; "
              "import 'ajv-formats'\" >/dev/null 2>&1")
      && !runs(in + "npm ci --no-audit --no-fund >npm.log 2>&1"))
    return "npm cannot install ajv; see " + (judge_dir / "npm.log").string();
  return {};
}

json::value read(const std::filesystem::path& file) {
  const auto made = read_document(text_of(file));
  BOOST_TEST_REQUIRE(static_cast<bool>(made), file.string());
  return made->value;
}

/// Whether each schema accepts each of `documents`.
std::vector<std::pair<bool, bool>> judge(const std::vector<std::string>& all) {
  {
    std::ofstream schemas{judge_dir / "schemas.json"};
    schemas << to_text(json::value(json::array{
      read(spec / "workflow.yaml"), read(spec / "workflow.main.yaml")}));
    std::ofstream documents{judge_dir / "documents.jsonl"};
    for (const auto& each : all)
      documents << each << '\n';
  }
  BOOST_TEST_REQUIRE(
    runs("cd '" + judge_dir.string()
         + "' && node judge.mjs schemas.json documents.jsonl >verdicts"));
  std::vector<std::pair<bool, bool>> out;
  std::ifstream verdicts{judge_dir / "verdicts"};
  for (int a = 0, b = 0; verdicts >> a >> b;)
    out.emplace_back(a == 1, b == 1);
  return out;
}

/// What came of all mutants.
struct tally {
  std::size_t both_accept = 0;
  std::size_t both_refuse = 0;
  std::size_t stricter = 0; ///< Refused by decisions of ours alone.
  std::map<std::string_view, std::size_t> decisions;
  /// What was said, and of which document.
  std::vector<std::pair<std::string, std::string>> differences;

  void disagree(const std::string& why, const std::string& document) {
    differences.emplace_back(why, document);
  }

  void count(const std::string& text, bool valid) {
    const auto got = parse_definition(text, resources());
    if (got) {
      if (valid)
        ++both_accept;
      else
        disagree("accepted, but neither schema accepts it", text);
      return;
    }
    if (!valid) {
      ++both_refuse;
      return;
    }
    ++stricter;
    for (const auto& fault : got.error().faults) {
      const auto* why = decision_behind(fault);
      if (why != nullptr)
        ++decisions[why->name];
      else
        disagree("refused: " + fault.pointer + ": " + fault.detail, text);
    }
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(refuses_what_the_schemas_refuse_and_no_more_than_decided) {
  if (const auto why = prepare_judge(); !why.empty()) {
    std::cout << "skipped: conformance.differential: " << why << '\n';
    return;
  }
  std::vector<json::value> originals;
  for (const auto& file : examples())
    originals.push_back(read(file));
  // It has the most to change, so it comes more often.
  originals.resize(originals.size() + 20, read(everything()));
  const auto* asked = std::getenv("PAWL_MUTANTS");
  const std::size_t mutants = asked != nullptr ? std::stoul(asked) : 60;
  std::vector<std::string> documents;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    documents.push_back(to_text(originals[i]));
    mutator random{originals, i};
    for (std::size_t n = 0; n < mutants; ++n)
      documents.push_back(to_text(random.change(originals[i])));
  }
  const auto verdicts = judge(documents);
  BOOST_TEST_REQUIRE(verdicts.size() == documents.size());
  tally all;
  for (std::size_t i = 0; i < documents.size(); ++i)
    all.count(documents[i], verdicts[i].first || verdicts[i].second);
  std::cout << documents.size() << " documents: " << all.both_accept
            << " accepted by both, " << all.both_refuse << " refused by both, "
            << all.stricter << " refused by decision alone, "
            << all.differences.size() << " differences\n";
  for (const auto& [name, times] : all.decisions)
    std::cout << "  " << times << "  " << name << '\n';
  for (const auto& [why, document] : all.differences)
    BOOST_ERROR(why << "\n  " << document);
  BOOST_TEST(all.both_accept > documents.size() / 20);
  BOOST_TEST(all.both_refuse > documents.size() / 20);
}

BOOST_AUTO_TEST_CASE(publishes_every_decision) {
  const auto page = text_of(spec / ".." / ".." / ".." / "docs" / "decisions"
                            / "0123-held-against-the-schemas.md");
  for (const auto& each : all_decisions())
    BOOST_TEST(page.find("**" + std::string{each.name} + "**")
                 != std::string::npos,
               each.name);
}
