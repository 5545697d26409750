#include "base/bytes.hpp"
#include "workflow/expression/unicode.hpp"
#include "workflow/http_header.hpp"
#include "workflow/planner.hpp"
#include "workflow/retry.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cctype>

/// What the outcome of an effect means to its task.
namespace pawl {

namespace {

bool is_json_type(std::string_view type) {
  const auto end = type.find(';');
  auto bare = std::string{type.substr(0, end)};
  std::ranges::transform(bare, bare.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  while (!bare.empty() && bare.back() == ' ')
    bare.pop_back();
  return bare.ends_with("/json") || bare.ends_with("+json");
}

// What was answered, parsed by its media type. A body that says it is JSON and
// is not stays text; what is no text is given as `raw` gives it.
json::value content_of(const http_outcome& outcome) {
  if (outcome.body.empty())
    return nullptr;
  const auto type = header_of(outcome, "content-type");
  if (type.empty() || is_json_type(type))
    if (auto parsed = parse_json(outcome.body))
      return std::move(*parsed);
  if (expression::repair_utf8(outcome.body) != outcome.body)
    return json::value(to_base64(outcome.body));
  return json::string{outcome.body};
}

raised communication_fault(const http_outcome& outcome,
                           std::string_view pointer) {
  if (!outcome.failure.empty())
    return {std::in_place,
            make_problem(error_kind::communication, outcome.failure, pointer)};
  auto detail
    = "the call was answered with status " + std::to_string(outcome.status);
  constexpr std::size_t shown_max = 200;
  if (!outcome.body.empty())
    detail += ": " + expression::repair_utf8(outcome.body.substr(0, shown_max));
  auto problem
    = make_problem(error_kind::communication, std::move(detail), pointer);
  problem["status"] = outcome.status;
  if (const auto wait = retry_after_of(outcome))
    problem["retryAfter"]
      = std::chrono::ceil<std::chrono::seconds>(*wait).count();
  return {std::in_place, std::move(problem)};
}

} // namespace

or_raised<json::value> read_outcome(const http_outcome& outcome,
                                    output_kind output, bool redirect,
                                    std::string_view pointer) {
  const std::uint32_t fine_below = redirect ? 400 : 300;
  if (!outcome.failure.empty() || outcome.status < 200
      || outcome.status >= fine_below)
    return communication_fault(outcome, pointer);
  if (output == output_kind::raw)
    return json::value(to_base64(outcome.body));
  if (output == output_kind::content)
    return content_of(outcome);
  json::object headers;
  for (const auto& [key, bytes] : outcome.headers) {
    const auto value = expression::repair_utf8(bytes);
    auto& known = headers[key];
    known = known.is_null()
              ? json::value(value)
              : json::value(std::string{known.as_string()} + ", " + value);
  }
  return json::value{{"request", outcome.request},
                     {"statusCode", outcome.status},
                     {"headers", std::move(headers)},
                     {"content", content_of(outcome)}};
}

namespace {

/// What a program wrote, without the line break at its end: as a shell's $(...)
/// has it, so that a word that was written is that word.
std::string written(std::string text) {
  if (text.ends_with('\n'))
    text.pop_back();
  if (text.ends_with('\r'))
    text.pop_back();
  return text;
}

/// What a message shows of a long text: some programs say first what is wrong,
/// others last.
std::string excerpt(const std::string& text) {
  constexpr std::size_t half = 250;
  if (text.size() <= 2 * half)
    return expression::repair_utf8(text);
  return expression::repair_utf8(text.substr(0, half)) + " ... "
         + expression::repair_utf8(text.substr(text.size() - half));
}

} // namespace

or_raised<json::value> read_outcome(const program_outcome& outcome,
                                    const tasks::run_program& what,
                                    const datum& given,
                                    std::string_view pointer) {
  using kind = tasks::run_program::return_kind;
  if (!what.await)
    return json::value(*given);
  if (what.returns == kind::code)
    return json::value(outcome.code);
  if (what.returns == kind::all)
    return json::value{{"code", outcome.code},
                       {"stdout", written(outcome.out)},
                       {"stderr", written(outcome.err)}};
  if (outcome.code != 0) {
    auto detail = "the program ended with code " + std::to_string(outcome.code);
    if (!outcome.err.empty())
      detail += ": " + excerpt(outcome.err);
    return raised{std::in_place, make_problem(error_kind::runtime,
                                              std::move(detail), pointer)};
  }
  if (what.returns == kind::none)
    return json::value{};
  return json::value(
    written(what.returns == kind::stderr_ ? outcome.err : outcome.out));
}

or_raised<json::value> read_outcome(const child_outcome& outcome,
                                    const datum& given,
                                    std::string_view pointer) {
  if (outcome.begun_only)
    return json::value(*given);
  if (outcome.output)
    return json::value(*outcome.output);
  const auto* error = outcome.error ? outcome.error->if_object() : nullptr;
  if (error == nullptr)
    return raised{std::in_place, make_problem(error_kind::runtime,
                                              "the child workflow " + outcome.id
                                                + " was cancelled",
                                              pointer)};
  auto problem = *error;
  problem["instance"] = pointer;
  problem["child"] = outcome.id;
  return raised{std::in_place, std::move(problem)};
}

or_raised<json::value> read_outcome(const worker_outcome& outcome,
                                    std::string_view pointer) {
  if (outcome.error.empty())
    return outcome.output;
  auto problem = make_problem(error_kind::runtime,
                              "the worker has failed the "
                              "task",
                              pointer);
  for (const auto& member : outcome.error)
    problem[member.key()] = member.value();
  problem["instance"] = pointer;
  return raised{std::in_place, std::move(problem)};
}

} // namespace pawl
