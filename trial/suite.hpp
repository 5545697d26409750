#pragma once

#include "trial/reply.hpp"
#include "trial/world.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::trial {

/// What a mocked task does, call by call.
struct mock {
  std::vector<reply> replies; ///< The last one answers all further calls.
  bool repeats = true;        ///< False: a further call fails the test.
};

/// One vote that is cast.
struct ballot {
  std::string by = {}; ///< "": whoever is asked.
  std::optional<std::vector<std::string>> groups = {}; ///< None: those asked.
  std::string outcome = "approved";
  std::string comment = {};
  std::optional<datum> data = {};
  duration latency{};
  std::string refused = {}; ///< The slug that it must be refused with.
};

/// How long something may take.
struct span_rule {
  std::optional<duration> exactly = {};
  std::optional<duration> at_least = {};
  std::optional<duration> at_most = {};
};

/// What must be asked of the world by one task.
struct call_rule {
  std::optional<std::int64_t> count = {};
  std::optional<json::array> each = {}; ///< In their order, each partly.
};

/// What must come of a test. What is not there is not looked at, but for the
/// status.
struct expectation {
  std::string status = "completed";
  std::optional<json::value> output = {};
  std::optional<json::value> output_has = {}; ///< Partly.
  std::optional<json::value> context = {};
  std::optional<json::value> context_has = {}; ///< Partly.
  std::optional<json::value> outcome = {};
  std::optional<std::string> state = {};
  std::optional<json::value> error = {};   ///< Partly.
  std::optional<json::array> emitted = {}; ///< Each partly.
  std::optional<std::vector<std::string>> ran = {};
  std::map<std::string, std::int64_t> visits = {};   ///< By pointer.
  std::map<std::string, std::int64_t> attempts = {}; ///< By pointer.
  std::map<std::string, call_rule> calls = {};       ///< By pointer.
  std::optional<json::value> usage = {};             ///< Of all; partly.
  std::optional<span_rule> span = {};
};

/// One test: what comes in, and what must come of it.
struct test {
  std::string name;
  terms by;
  std::map<std::string, mock> mocks;                    ///< By pointer.
  std::map<std::string, std::vector<ballot>> approvals; ///< By pointer.
  expectation expected;
};

/// A test file.
struct suite {
  std::string workflow; ///< Where the definition is, as it is written.
  std::map<std::string, std::string> resources; ///< URI: where its text is.
  std::vector<test> tests;
};

/// Where the definition of a test file is, and the texts that it needs: what
/// has to be read before the tests can be.
/// Fails with every fault that keeps this from being known, with its place.
[[nodiscard]] result<suite> read_suite_head(std::string_view text);

/// All of a test file, of which `of` is the definition: a task may be named by
/// its pointer, or by its name if there is one such task only. Times are
/// relative to each test's own start.
/// Fails with every fault, each with line and column.
[[nodiscard]] result<suite> read_suite(std::string_view text,
                                       const definition& of);

/// The definition of `text`, with the texts that it needs by URI.
/// Fails as parse_definition does, and with errc::invalid_definition if a text
/// is missing, which it names.
[[nodiscard]] result<definition_ptr>
load_definition(std::string_view text, const resource_map& resources);

/// The task that `name` means: a pointer, or the name of one task.
/// Fails with errc::not_found and a sentence that helps.
[[nodiscard]] result<const task*> find_task(const definition& of,
                                            std::string_view name);

} // namespace pawl::trial
