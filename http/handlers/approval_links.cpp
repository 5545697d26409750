#include "base/json.hpp"
#include "base/json_member.hpp"
#include "http/handlers/asking.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"
#include "http/problem.hpp"

#include <algorithm>

/// What somebody sees in his browser who follows a signed link. The page alone
/// decides nothing, since mail scanners follow links too; its button does.
namespace pawl::http::handlers {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out.push_back(c);
    }
  }
  return out;
}

std::string text_in(const json::value& of, std::string_view name) {
  const auto* members = of.if_object();
  return members == nullptr ? std::string{} : pawl::text_in(*members, name);
}

response page(std::string_view title, const std::string& content) {
  response out;
  out.type = "text/html; charset=utf-8";
  out.body = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width\"><title>"
             + escaped(title)
             + "</title><style>body{font:16px/1.5 sans-serif;max-width:40em;"
               "margin:3em auto;padding:0 1em}textarea{width:100%}pre{"
               "background:#eee;padding:1em;overflow:auto}</style><h1>"
             + escaped(title) + "</h1>" + content + "</html>\n";
  out.fields
    = {{"Cache-Control", "no-store"},
       {"Referrer-Policy", "no-referrer"},
       {"X-Content-Type-Options", "nosniff"},
       {"Content-Security-Policy", "default-src 'none'; style-src "
                                   "'unsafe-inline'; form-action 'self'; "
                                   "frame-ancestors 'none'"}};
  return out;
}

response question(const json::value& said, const std::string& token) {
  const auto& approval = said.at("approval");
  const auto title = text_in(approval, "title");
  const auto status = text_in(approval, "status");
  if (status != "open")
    return page(title, "<p>It is over: " + escaped(status) + ".</p>");
  const bool approves = text_in(said, "outcome") == "approved";
  std::string form = "<pre>" + escaped(to_text(approval.at("data")))
                     + "</pre><p>You decide as <b>"
                     + escaped(text_in(said, "by"))
                     + "</b>.</p><form method=\"post\" "
                       "action=\"/v1/approvals/act\"><input type=\"hidden\" "
                       "name=\"token\" value=\""
                     + escaped(token)
                     + "\"><p><label>Comment<br><textarea name=\"comment\" "
                       "rows=\"3\"></textarea></label></p><button>"
                     + (approves ? "Approve" : "Reject") + "</button></form>";
  return page(title, form);
}

/// The members of a form, as a browser sends them.
std::string member_of(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const auto end = std::min(form.find('&'), form.size());
    const auto pair = form.substr(0, end);
    const auto mark = pair.find('=');
    if (pair.substr(0, mark) == name && mark != std::string_view::npos)
      if (auto text = percent_decoded(pair.substr(mark + 1), true))
        return std::move(*text);
    form.remove_prefix(std::min(end + 1, form.size()));
  }
  return {};
}

} // namespace

outcome show_link(const call& from) {
  actors::follow_link wish{.token = text_of(from, "token").value_or("")};
  auto out = ask(from, &actors::gateway::follow_link_of, wish);
  out.tell = [token = wish.token](const actors::answer& said) {
    constexpr std::size_t depth_max = 80; // As deep as an instance is shown.
    const auto body = parse_json(said.body, depth_max);
    return body ? question(*body, token)
                : problem(body.error(), "/v1/approvals/act");
  };
  return out;
}

outcome act_on_link(const call& from) {
  actors::follow_link wish{.token = member_of(from.message.body, "token"),
                           .decides = true,
                           .comment = member_of(from.message.body, "comment")};
  auto out = ask(from, &actors::gateway::follow_link_of, wish);
  out.tell = [](const actors::answer&) {
    return page("Recorded", "<p>Your decision is recorded.</p>");
  };
  return out;
}

} // namespace pawl::http::handlers
