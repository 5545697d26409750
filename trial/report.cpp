#include "trial/verdict.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

/// Verdicts as JSON and as XML.
namespace pawl::trial {

namespace {

std::string span_text(duration d) {
  return to_text(calendar_duration{.months = 0, .rest = d});
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    switch (c) {
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '&':
      out += "&amp;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\n':
      out += "&#10;";
      break;
    default: // XML has no other control characters.
      out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
    }
  return out;
}

std::string complaint_of(const verdict& what) {
  auto text = what.trouble;
  for (const auto& one : what.differences)
    text += (text.empty() ? "" : "\n") + one.path + ": expected " + one.expected
            + ", got " + one.got;
  return text;
}

std::string path_text(const ending& came) {
  std::string out;
  for (const auto& step : came.path)
    out += "\n" + span_text(step.at - came.start) + " "
           + (step.task.empty() ? "-" : step.task) + " "
           + std::to_string(step.attempt) + " " + step.outcome + " "
           + step.detail;
  return out;
}

std::string to_junit(const verdict& what, const std::string& file) {
  auto out = "    <testcase classname=\"" + escaped(file) + "\" name=\""
             + escaped(what.name) + "\"";
  if (what.passed)
    return out + "/>\n";
  const auto* kind = what.trouble.empty() ? "failure" : "error";
  const auto why = complaint_of(what);
  return out + ">\n      <" + kind + " message=\""
         + escaped(why.substr(0, why.find('\n'))) + "\">"
         + escaped(why + "\n\nThe path:" + path_text(what.came)) + "</" + kind
         + ">\n    </testcase>\n";
}

} // namespace

json::array to_json(const ending& came) {
  json::array out;
  for (const auto& step : came.path) {
    json::object one{
      {"at", to_text(step.at)},
      {"after", span_text(step.at - came.start)},
      {"task", step.task.empty() ? json::value{} : json::value(step.task)},
      {"name", step.name}};
    if (step.is_task) {
      one["kind"] = step.title;
      one["attempt"] = step.attempt;
      one["visit"] = step.visit;
    }
    one["outcome"] = step.outcome.empty() ? "unfinished" : step.outcome;
    if (!step.detail.empty())
      one["detail"] = step.detail;
    if (!step.action.empty())
      one["action"] = step.action;
    if (step.assumed)
      one["outputAssumed"] = true;
    if (step.uncertain)
      one["dependsOnAssumed"] = true;
    out.push_back(std::move(one));
  }
  return out;
}

json::object to_json(const called& what, timestamp start) {
  auto out = what.what;
  out["attempt"] = what.attempt;
  out["after"] = span_text(what.at - start);
  return out;
}

json::object to_json(const verdict& what) {
  json::array differences;
  for (const auto& one : what.differences)
    differences.push_back(json::object{
      {"path", one.path}, {"expected", one.expected}, {"got", one.got}});
  json::object out{{"name", what.name},
                   {"passed", what.passed},
                   {"status", what.came.status},
                   {"duration", span_text(what.came.span)}};
  if (!what.trouble.empty())
    out["trouble"] = what.trouble;
  out["differences"] = std::move(differences);
  out["path"] = to_json(what.came);
  return out;
}

std::string to_junit(const std::vector<suite_result>& all) {
  std::string out
    = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& suite : all) {
    const auto count = [&](auto&& which) {
      return std::to_string(std::ranges::count_if(suite.verdicts, which));
    };
    out += "  <testsuite name=\"" + escaped(suite.file) + "\" tests=\""
           + std::to_string(suite.verdicts.size()) + "\" failures=\""
           + count(
             [](const verdict& v) { return !v.passed && v.trouble.empty(); })
           + "\" errors=\""
           + count([](const verdict& v) { return !v.trouble.empty(); })
           + "\">\n";
    for (const auto& one : suite.verdicts)
      out += to_junit(one, suite.file);
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

} // namespace pawl::trial
