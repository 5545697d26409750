#include "trial/reading.hpp"

#include <algorithm>
#include <array>

namespace pawl::trial::reading {

namespace {

/// The members that say what comes of an effect: those of one group at a time.
struct ways {
  bool output = false, answer = false, program = false, failure = false,
       error = false, limited = false;
  [[nodiscard]] int count() const {
    return static_cast<int>(output) + static_cast<int>(answer)
           + static_cast<int>(program) + static_cast<int>(failure)
           + static_cast<int>(error) + static_cast<int>(limited);
  }
};

std::string plain(const json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : to_text(value);
}

void read_headers(context& c, const cursor& where, reply::answered& out) {
  for_members(c, where, "headers",
              [&](const std::string& name, const cursor& at) {
                for_one_or_all(at, [&](const cursor& one) {
                  out.headers.emplace_back(name, plain(*one.value));
                });
              });
}

bool has_type(const reply::answered& what) {
  return std::ranges::any_of(what.headers, [](const auto& header) {
    std::string name = header.first;
    std::ranges::transform(name, name.begin(), [](unsigned char ch) {
      return static_cast<char>(std::tolower(ch));
    });
    return name == "content-type";
  });
}

void read_answer(context& c, object_reader& reader, reply& out) {
  reply::answered made;
  if (const auto status = number_at(c, reader.take("status"), 100))
    made.status
      = static_cast<std::uint32_t>(std::min<std::int64_t>(*status, 999));
  read_headers(c, reader.take("headers"), made);
  if (const auto body = reader.take("body"); body.value != nullptr) {
    made.body = plain(*body.value);
    if (!has_type(made))
      made.headers.emplace_back("Content-Type", body.value->is_string()
                                                  ? "text/plain; charset=utf-8"
                                                  : "application/json");
  }
  out.how = std::move(made);
}

void read_exit(context& c, object_reader& reader, reply& out) {
  reply::exited made;
  const auto text = [&](std::string_view name) {
    const auto where = reader.take(name);
    return where.value == nullptr ? std::string{} : plain(*where.value);
  };
  if (const auto code = number_at(c, reader.take("code"), 0))
    made.code = static_cast<std::int32_t>(std::min<std::int64_t>(*code, 255));
  made.out = text("stdout");
  made.err = text("stderr");
  out.how = std::move(made);
}

void read_error(context& c, const cursor& where, reply& out) {
  object_reader reader{c.faults, where, "the error of a mock"};
  for (const auto* name : {"type", "title", "detail"})
    (void)text_at(c, reader.take(name));
  (void)number_at(c, reader.take("status"), 100);
  const auto retryable = reader.take("retryable");
  if (retryable.value != nullptr && !retryable.value->is_bool())
    c.faults.invalid(retryable, "true or false is needed");
  reader.close();
  if (reader.is_object())
    out.how = reply::failed{where.value->get_object()};
}

ways ways_of(const object_reader& reader) {
  return {.output = reader.has("output"),
          .answer
          = reader.has("status") || reader.has("headers") || reader.has("body"),
          .program
          = reader.has("code") || reader.has("stdout") || reader.has("stderr"),
          .failure = reader.has("failure"),
          .error = reader.has("error"),
          .limited = reader.has("limited")};
}

void read_usage(context& c, const cursor& where, reply& out) {
  for_members(c, where, "usage",
              [&](const std::string& name, const cursor& at) {
                if (at.value->is_number() && at.value->to_number<double>() >= 0)
                  out.usage[name] = *at.value;
                else
                  c.faults.invalid(at, "a number, not below 0, is needed");
              });
}

reply read_reply(context& c, const cursor& where, const task& node) {
  reply out;
  object_reader reader{c.faults, where, "a mock"};
  const auto given = ways_of(reader);
  if (given.count() > 1)
    c.faults.invalid(where, "a mock has one of `output`, `status` with "
                            "`headers` and `body`, `code` with `stdout` and "
                            "`stderr`, `failure`, `error`, and `limited`");
  if (const auto output = reader.take("output"); output.value != nullptr)
    out.how = reply::given{make_datum(*output.value)};
  for (const auto* name :
       {"status", "headers", "body", "code", "stdout", "stderr"})
    (void)reader.take(name); // They are known, whichever are read below.
  if (given.answer)
    read_answer(c, reader, out);
  if (given.program)
    read_exit(c, reader, out);
  if (const auto failure = reader.take("failure"); failure.value != nullptr)
    out.how = reply::lost{text_at(c, failure)};
  if (const auto error = reader.take("error"); error.value != nullptr)
    read_error(c, error, out);
  if (const auto limited = reader.take("limited"); limited.value != nullptr)
    out.how = reply::limited{duration_at(c, limited).value_or(duration{})};
  read_usage(c, reader.take("usage"), out);
  out.latency = duration_at(c, reader.take("latency")).value_or(duration{});
  reader.close();
  if (const auto why = unfit(out, node); !why.empty())
    c.faults.invalid(where, why);
  return out;
}

mock read_mock(context& c, const cursor& where, const task& node) {
  mock out;
  auto results = where;
  const auto* members = where.value->if_object();
  if (members != nullptr && members->contains("results")) {
    object_reader reader{c.faults, where, "a mock"};
    results = reader.take("results");
    const auto end = reader.take("exhausted");
    out.repeats = end.value == nullptr || end.text() != "error";
    if (end.value != nullptr && end.text() != "error" && end.text() != "repeat")
      c.faults.invalid(end, "'error' or 'repeat' is needed");
    reader.close();
  }
  for_one_or_all(results, [&](const cursor& at) {
    out.replies.push_back(read_reply(c, at, node));
  });
  if (out.replies.empty())
    c.faults.invalid(results, "a mock needs one result at least");
  return out;
}

ballot read_ballot(context& c, const cursor& where) {
  ballot out;
  object_reader reader{c.faults, where, "a vote"};
  if (const auto outcome = reader.take("outcome"); outcome.value != nullptr) {
    out.outcome = outcome.text();
    if (out.outcome != "approved" && out.outcome != "rejected")
      c.faults.invalid(outcome, "'approved' or 'rejected' is needed");
  }
  out.by = text_at(c, reader.take("by"));
  if (const auto groups = reader.take("groups"); groups.value != nullptr) {
    out.groups.emplace();
    for_one_or_all(
      groups, [&](const cursor& at) { out.groups->push_back(text_at(c, at)); });
  }
  if (const auto comment = reader.take("comment"); comment.value != nullptr)
    out.comment = comment.text();
  if (const auto data = reader.take("data"); data.value != nullptr)
    out.data = make_datum(*data.value);
  out.latency = duration_at(c, reader.take("latency")).value_or(duration{});
  out.refused = text_at(c, reader.take("refused"));
  reader.close();
  return out;
}

} // namespace

void read_mocks(context& c, const cursor& where, test& out) {
  for_members(
    c, where, "mocks", [&](const std::string& name, const cursor& at) {
      const auto* node = task_at(c, at, name);
      if (node == nullptr)
        return;
      const auto effect = effect_of(*node);
      if (effect == effect_kind::approval)
        return c.faults.invalid_key(
          at, "the votes on an approval stand in `approvals`");
      if (effect == effect_kind::none)
        return c.faults.invalid_key(at, quoted(node->pointer) + " is a '"
                                          + title_of(*node)
                                          + "' task: it has no effect that "
                                            "could be mocked");
      if (effect == effect_kind::unknown)
        return c.faults.invalid_key(at, "a '" + title_of(*node)
                                          + "' task cannot be mocked yet");
      if (!out.mocks.emplace(node->pointer, read_mock(c, at, *node)).second)
        c.faults.invalid_key(at, "this task has another mock");
    });
}

void read_approvals(context& c, const cursor& where, test& out) {
  for_members(c, where, "approvals",
              [&](const std::string& name, const cursor& at) {
                const auto* node = task_at(c, at, name);
                if (node == nullptr)
                  return;
                if (effect_of(*node) != effect_kind::approval)
                  return c.faults.invalid_key(at, quoted(node->pointer)
                                                    + " is no approval");
                auto& votes = out.approvals[node->pointer];
                for_one_or_all(at, [&](const cursor& one) {
                  votes.push_back(read_ballot(c, one));
                });
              });
}

} // namespace pawl::trial::reading
