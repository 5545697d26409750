#include "http/members.hpp"

#include <algorithm>

namespace pawl::http {

namespace {

// Nobody reads more, and a body of a hundred thousand unknown members must not
// be answered by as many faults.
constexpr std::size_t faults_max = 64;

int gravity(errc code) {
  return code == errc::malformed ? 2 : code == errc::invalid_request ? 1 : 0;
}

} // namespace

void fault_list::add(errc code, std::string pointer, std::string detail) {
  if (gravity(code) > gravity(code_))
    code_ = code;
  if (faults_.size() < faults_max)
    faults_.push_back({std::move(pointer), 0, 0, std::move(detail)});
}

error fault_list::to_error() && {
  auto detail = faults_.size() == 1
                  ? faults_.front().detail
                  : std::to_string(faults_.size())
                      + " faults in the request; `errors` has each.";
  return {code_, std::move(detail), std::move(faults_)};
}

member_reader::member_reader(const json::value& value, std::string pointer,
                             fault_list& faults)
    : object_{value.if_object()}, pointer_{std::move(pointer)}, faults_{
                                                                  faults} {
  if (object_ == nullptr)
    faults_.add(errc::invalid_request, pointer_, "Must be an object.");
}

const json::value* member_reader::take(std::string_view name) {
  taken_.push_back(name);
  return object_ == nullptr ? nullptr : object_->if_contains(name);
}

std::optional<std::string> member_reader::text(std::string_view name,
                                               std::size_t bytes_max) {
  const auto* value = take(name);
  if (value == nullptr || value->is_null())
    return std::nullopt;
  const auto* text = value->if_string();
  if (text == nullptr)
    blame(errc::invalid_request, name, "Must be a text.");
  else if (text->size() > bytes_max)
    blame(errc::invalid_request, name,
          "Must be at most " + std::to_string(bytes_max) + " bytes.");
  else
    return std::string{text->data(), text->size()};
  return std::nullopt;
}

std::string member_reader::needed_text(std::string_view name,
                                       std::size_t bytes_max) {
  const auto* value = take(name);
  const bool absent = value == nullptr || value->is_null();
  auto found = text(name, bytes_max);
  if (object_ == nullptr)
    return {}; // Blamed already, as a whole.
  if (absent)
    blame(errc::invalid_request, name, "Is missing.");
  else if (found && found->empty())
    blame(errc::invalid_request, name, "Must not be empty.");
  return found.value_or("");
}

std::optional<timestamp> member_reader::time(std::string_view name) {
  const auto found = text(name);
  if (!found)
    return std::nullopt;
  if (auto time = parse_timestamp(*found))
    return *time;
  blame(errc::invalid_request, name,
        "Must be a time as in RFC 3339, such as 2030-01-31T08:00:00Z.");
  return std::nullopt;
}

std::optional<bool> member_reader::flag(std::string_view name) {
  const auto* value = take(name);
  if (value == nullptr || value->is_null())
    return std::nullopt;
  if (value->is_bool())
    return value->get_bool();
  blame(errc::invalid_request, name, "Must be true or false.");
  return std::nullopt;
}

std::optional<std::uint32_t> member_reader::count(std::string_view name) {
  const auto* value = take(name);
  if (value == nullptr || value->is_null())
    return std::nullopt;
  boost::system::error_code bad;
  const auto number = value->is_number() ? value->to_number<std::uint32_t>(bad)
                                         : std::uint32_t{0};
  if (!bad && number > 0)
    return number;
  blame(errc::invalid_request, name, "Must be a whole number from 1 up.");
  return std::nullopt;
}

void member_reader::blame(errc code, std::string_view name,
                          std::string detail) {
  faults_.add(code, pointer_join(pointer_, name), std::move(detail));
}

void member_reader::finish() {
  if (object_ == nullptr)
    return;
  for (const auto& member : *object_)
    if (std::find(taken_.begin(), taken_.end(), member.key()) == taken_.end())
      blame(errc::invalid_request, member.key(),
            "`" + std::string{member.key()} + "` is not known here.");
}

} // namespace pawl::http
