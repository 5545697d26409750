#include "trial/reply.hpp"

#include "base/overload.hpp"

#include <algorithm>
#include <array>

namespace pawl::trial {

namespace {

using return_kind = tasks::run_program::return_kind;

constexpr std::array kinds = {
  error_kind::configuration,  error_kind::validation,    error_kind::expression,
  error_kind::authentication, error_kind::authorization, error_kind::timeout,
  error_kind::communication,  error_kind::runtime};

/// The standard error that a problem's type names, by its URI or its last word.
std::optional<error_kind> standard_kind(const json::object& problem) {
  const auto* type = problem.if_contains("type");
  if (type == nullptr)
    return error_kind::runtime;
  const auto* text = type->if_string();
  if (text == nullptr)
    return std::nullopt;
  for (const auto kind : kinds) {
    const auto uri = error_type(kind);
    if (same_error_type(*text, uri) || uri.ends_with("/" + std::string{*text}))
      return kind;
  }
  return std::nullopt;
}

std::string detail_of(const json::object& problem) {
  for (const auto* member : {"detail", "title"})
    if (const auto* found = problem.if_contains(member);
        found != nullptr && found->is_string())
      return std::string{found->get_string()};
  return "it was made to fail";
}

// Of a problem that is made up: standard types by their last word, too.
json::object spelled_out(json::object problem) {
  if (problem.contains("type"))
    if (const auto kind = standard_kind(problem)) {
      problem["type"] = error_type(*kind);
      if (!problem.contains("status"))
        problem["status"] = error_status(*kind);
      if (!problem.contains("title"))
        problem["title"] = error_title(*kind);
    }
  return problem;
}

std::optional<output_kind> output_of(const task& node) {
  if (const auto* call = std::get_if<tasks::call_http>(&node.kind))
    return call->output;
  if (const auto* call = std::get_if<tasks::call_openapi>(&node.kind))
    return call->output;
  return std::nullopt;
}

/// Whether what comes of it is an answer with a status.
bool is_answered(const task& node) {
  const auto effect = effect_of(node);
  return effect == effect_kind::http || effect == effect_kind::notify;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : to_text(value);
}

// --- What does not fit -------------------------------------------------------

std::string unfit_program_output(const json::value& output,
                                 return_kind wanted) {
  switch (wanted) {
  case return_kind::stdout_:
  case return_kind::stderr_:
    return output.is_string() || output.is_null()
             ? ""
             : "what a program writes is text";
  case return_kind::code:
    return output.is_int64() ? "" : "the task puts out the program's code";
  case return_kind::all: {
    const auto* all = output.if_object();
    return all != nullptr && all->contains("code")
             ? ""
             : "the task puts out {code, stdout, stderr}";
  }
  case return_kind::none:
    return output.is_null() ? "" : "the task puts out null (`return: none`)";
  }
  return "";
}

std::string unfit_output(const json::value& output, const task& node) {
  if (const auto how = output_of(node)) {
    if (*how == output_kind::raw)
      return "the task puts out raw bytes: write its `status` and `body`";
    const auto* all = output.if_object();
    if (*how == output_kind::response
        && (all == nullptr || !all->contains("statusCode")))
      return "the task puts out {statusCode, headers, content}";
  }
  if (effect_of(node) == effect_kind::notify) {
    const auto* told = output.if_object();
    const auto* status
      = told != nullptr ? told->if_contains("status") : nullptr;
    if (status == nullptr || !status->is_int64())
      return "the task puts out {channel, status}: write the `status`";
  }
  const auto* program = std::get_if<tasks::run_program>(&node.kind);
  if (program != nullptr && program->await)
    return unfit_program_output(output, program->returns);
  return "";
}

std::string unfit_error(const json::object& problem, const task& node) {
  const auto effect = effect_of(node);
  if (effect == effect_kind::worker || effect == effect_kind::child)
    return "";
  const auto kind = standard_kind(problem);
  if (!kind)
    return "such a task fails with one of the standard errors, such as "
           "'timeout' or 'communication'";
  if (problem.contains("title"))
    return "the `title` of a standard error is its own: leave it out";
  if (problem.contains("status") && *kind != error_kind::communication)
    return "the `status` of this error is its own: leave it out";
  if (problem.contains("status") && !is_answered(node))
    return "no `status` comes of a program";
  return "";
}

std::string unfit_limit(const task& node) {
  if (!node.limited)
    return "the task names no limit: `metadata.limit`";
  return node.limited->faults
           ? ""
           : "the task waits for its limit: write a `latency`";
}

// --- What is reported --------------------------------------------------------

http_outcome http_of(const reply::answered& what) {
  http_outcome out;
  out.status = what.status;
  out.headers = what.headers;
  out.body = what.body;
  return out;
}

// An answer that is read as `output`.
http_outcome http_of(const json::value& output, output_kind how) {
  http_outcome out;
  out.status = 200;
  const json::value* content = &output;
  if (how == output_kind::response) {
    const auto& all = output.get_object();
    out.status = all.at("statusCode").to_number<std::uint32_t>();
    if (const auto* headers = all.if_contains("headers");
        headers != nullptr && headers->is_object())
      for (const auto& [name, value] : headers->get_object())
        out.headers.emplace_back(name, text_of(value));
    if (const auto* sent = all.if_contains("request");
        sent != nullptr && sent->is_object())
      out.request = sent->get_object();
    content = all.if_contains("content");
  }
  if (content == nullptr || content->is_null())
    return out;
  if (how == output_kind::content)
    out.headers.emplace_back("Content-Type", "application/json");
  out.body = how == output_kind::response && content->is_string()
               ? std::string{content->get_string()}
               : to_text(*content);
  return out;
}

program_outcome program_of(const json::value& output, return_kind wanted) {
  // A line break at the end of what a program writes is not put out.
  const auto written = [](const json::value& text) {
    return text.is_null() ? std::string{} : text_of(text) + "\n";
  };
  program_outcome out;
  if (wanted == return_kind::stdout_)
    out.out = written(output);
  if (wanted == return_kind::stderr_)
    out.err = written(output);
  if (wanted == return_kind::code)
    out.code = static_cast<std::int32_t>(output.get_int64());
  if (wanted == return_kind::all) {
    const auto& all = output.get_object();
    const auto part = [&](const char* name) {
      const auto* found = all.if_contains(name);
      return found == nullptr ? std::string{} : written(*found);
    };
    out.code = all.at("code").to_number<std::int32_t>();
    out.out = part("stdout");
    out.err = part("stderr");
  }
  return out;
}

http_outcome outcome_of_message(const datum& given, const tasks::notify& what) {
  using enum tasks::notify::channel_kind;
  http_outcome out;
  out.status = what.channel == email ? 250 : 200;
  if (given)
    out.status = given->at("status").to_number<std::uint32_t>();
  return out;
}

effect_outcome outcome_of_output(const reply::given& what,
                                 const json::object& usage,
                                 const commands::perform& order) {
  const auto& given = what.output;
  const auto& output = given ? given : null_datum();
  const auto& node = *order.node;
  if (const auto* message = std::get_if<tasks::notify>(&node.kind))
    return outcome_of_message(given, *message);
  if (const auto how = output_of(node)) {
    if (!given)
      return http_outcome{
        .failure = {}, .status = 200, .headers = {}, .body = {}};
    return http_of(*output, *how);
  }
  if (const auto* program = std::get_if<tasks::run_program>(&node.kind)) {
    if (!given || !program->await)
      return program_outcome{};
    return program_of(*output, program->returns);
  }
  if (const auto* child = std::get_if<tasks::run_workflow>(&node.kind))
    return child_outcome{.id
                         = std::string{order.arguments->at("id").as_string()},
                         .output = output,
                         .begun_only = !child->await};
  return worker_outcome{.output = *output, .error = {}, .usage = usage};
}

// As the daemon tells it.
worker_outcome refused_by_limit(const task& node, const reply::limited& what) {
  constexpr std::int64_t too_many = 429;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(what.next).count();
  return {.output = nullptr,
          .error = {
            {"type", error_type(error_kind::communication)},
            {"title", "Limit reached"},
            {"status", too_many},
            {"retryAfter", std::max<std::int64_t>(1, wait)},
            {"detail", "the limit '" + node.limited->name + "' has no token"}}};
}

report failure_of(const json::object& problem, const json::object& usage,
                  const commands::perform& order) {
  const auto effect = effect_of(*order.node);
  if (effect == effect_kind::worker)
    return reports::effect_done{order.frame, order.dispatch,
                                worker_outcome{.output = nullptr,
                                               .error = spelled_out(problem),
                                               .usage = usage}};
  if (effect == effect_kind::child)
    return reports::effect_done{
      order.frame, order.dispatch,
      child_outcome{.id = std::string{order.arguments->at("id").as_string()},
                    .error = make_datum(spelled_out(problem))}};
  if (const auto* status = problem.if_contains("status")) {
    http_outcome answer;
    answer.status = status->to_number<std::uint32_t>();
    answer.body = detail_of(problem);
    return reports::effect_done{order.frame, order.dispatch, answer};
  }
  return reports::effect_failed{
    order.frame, order.dispatch, detail_of(problem),
    standard_kind(problem).value_or(error_kind::runtime)};
}

} // namespace

std::string unfit(const reply& what, const task& node) {
  const auto effect = effect_of(node);
  if (!what.usage.empty() && effect != effect_kind::worker)
    return "only workers say what they have used; what the `metadata.usage` of "
           "a task reads stands in its output";
  return std::visit(
    overload{
      [&](const reply::given& x) {
        return x.output ? unfit_output(*x.output, node) : std::string{};
      },
      [&](const reply::answered&) {
        return is_answered(node)
                 ? std::string{}
                 : "only calls over HTTP are answered with a status: write an "
                   "`output` or an `error`";
      },
      [&](const reply::exited&) {
        return effect == effect_kind::program
                 ? std::string{}
                 : "only programs end with a code: write an `output` or an "
                   "`error`";
      },
      [](const reply::lost&) { return std::string{}; },
      [&](const reply::failed& x) { return unfit_error(x.error, node); },
      [&](const reply::limited&) { return unfit_limit(node); }},
    what.how);
}

report outcome_of(const reply& what, const commands::perform& order) {
  const auto done = [&](effect_outcome outcome) -> report {
    return reports::effect_done{order.frame, order.dispatch,
                                std::move(outcome)};
  };
  if (effect_of(*order.node) == effect_kind::notify)
    if (auto why = unsendable(order.arguments->as_object()); !why.empty())
      return reports::effect_failed{order.frame, order.dispatch, std::move(why),
                                    error_kind::expression};
  return std::visit(
    overload{
      [&](const reply::given& x) {
        return done(outcome_of_output(x, what.usage, order));
      },
      [&](const reply::answered& x) { return done(http_of(x)); },
      [&](const reply::exited& x) {
        return done(program_outcome{x.code, x.out, x.err});
      },
      [&](const reply::lost& x) -> report {
        if (!is_answered(*order.node))
          return reports::effect_failed{order.frame, order.dispatch, x.why};
        http_outcome none;
        none.failure = x.why;
        return done(std::move(none));
      },
      [&](const reply::failed& x) {
        return failure_of(x.error, what.usage, order);
      },
      [&](const reply::limited& x) {
        return done(refused_by_limit(*order.node, x));
      }},
    what.how);
}

} // namespace pawl::trial
