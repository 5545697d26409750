#include "trial/reading.hpp"
#include "workflow/cloudevent.hpp"

#include <algorithm>

/// What happens around an instance at a moment of its own: the flags, and the
/// events that are sent.
namespace pawl::trial::reading {

namespace {

// As the daemon takes them.
constexpr std::size_t name_max = 128;
constexpr std::size_t value_bytes_max = 4096;

bool is_flag_name(std::string_view name) {
  return !name.empty() && name.size() <= name_max
         && std::ranges::all_of(name, [](char ch) {
              return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
                     || (ch >= '0' && ch <= '9') || ch == '.' || ch == '_'
                     || ch == '-';
            });
}

json::value whole_event(const cursor& where, std::size_t number) {
  json::object made{{"specversion", "1.0"},
                    {"id", "test-" + std::to_string(number)},
                    {"source", "/pawl-test"}};
  if (const auto* members = where.value->if_object())
    for (const auto& [name, value] : *members)
      made[name] = value;
  return made;
}

requests::deliver read_event(context& c, const cursor& written,
                             std::size_t number) {
  auto made = whole_event(written, number);
  for (const auto& f : check_event(made, written.pointer))
    c.faults.invalid(
      parsing::descend(written, f.pointer.substr(written.pointer.size())),
      f.pointer.substr(f.pointer.rfind('/') + 1) + ": " + f.detail);
  return {make_datum(without_nulls(std::move(made)))};
}

} // namespace

std::optional<json::object> read_flags(context& c, const cursor& where) {
  if (where.value == nullptr)
    return std::nullopt;
  json::object out;
  for_members(c, where, "flags",
              [&](const std::string& name, const cursor& at) {
                if (!is_flag_name(name))
                  c.faults.invalid_key(
                    at, "the name of a flag is 1 to 128 of A-Z a-z 0-9 . _ -");
                if (to_text(*at.value).size() > value_bytes_max)
                  c.faults.invalid(at, "it is longer than 4,096 bytes");
                out[name] = *at.value;
              });
  return out;
}

void read_events(context& c, const cursor& where, test& out) {
  if (where.value == nullptr)
    return;
  for_one_or_all(where, [&](const cursor& at) {
    const auto number = out.by.acts.size();
    object_reader reader{c.faults, at, "an event of a test"};
    const auto after = duration_at(c, reader.take("after"));
    const bool is_change = reader.has("flags");
    const auto flags = read_flags(c, reader.take("flags"));
    const auto event = is_change ? reader.take("event") : reader.need("event");
    const auto no = text_at(c, reader.take("refused"));
    reader.close();
    if (is_change && (event.value != nullptr || !no.empty()))
      c.faults.invalid(at, "it is either an `event` or a change of `flags`");
    act made{.flags = flags,
             .after = after.value_or(duration{}),
             .label = "events/" + std::to_string(number),
             .refused = no};
    if (event.value != nullptr)
      made.what = read_event(c, event, number);
    if (flags || event.value != nullptr)
      out.by.acts.push_back(std::move(made));
  });
}

} // namespace pawl::trial::reading
