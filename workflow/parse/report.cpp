#include "workflow/parse/report.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace pawl::parsing {

namespace {

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

void sort_by_place(std::vector<fault>& faults) {
  std::stable_sort(
    faults.begin(), faults.end(), [](const fault& a, const fault& b) {
      return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
}

} // namespace

cursor cursor::item(std::size_t i) const {
  const auto* at = places != nullptr && i < places->children.size()
                     ? &places->children[i]
                     : nullptr;
  return {&value->get_array()[i], at, pointer + '/' + std::to_string(i)};
}

cursor cursor::member(std::size_t i) const {
  const auto& found = *(value->get_object().begin() + i);
  const auto* at = places != nullptr && i < places->children.size()
                     ? &places->children[i]
                     : nullptr;
  return {&found.value(), at, pointer_join(pointer, view(found.key()))};
}

cursor cursor::member(std::string_view name) const {
  const auto* object = value != nullptr ? value->if_object() : nullptr;
  if (object == nullptr)
    return {};
  const auto found = object->find(name);
  if (found == object->end())
    return {};
  return member(static_cast<std::size_t>(found - object->begin()));
}

place cursor::key_at() const {
  if (places == nullptr)
    return {};
  return places->key.line != 0 ? places->key : places->at;
}

std::string_view cursor::text() const {
  const auto* found = value != nullptr ? value->if_string() : nullptr;
  return found != nullptr ? std::string_view{found->data(), found->size()}
                          : std::string_view{};
}

cursor descend(cursor from, std::string_view pointer) {
  while (pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    const auto end = pointer.find('/');
    std::string token{pointer.substr(0, end)};
    for (std::size_t at = 0; (at = token.find('~', at)) != std::string::npos;
         ++at)
      token.replace(at, 2, token.substr(at, 2) == "~1" ? "/" : "~");
    cursor next = from.member(token);
    if (const auto* list = from.value->if_array()) {
      std::size_t i = 0;
      std::from_chars(token.data(), token.data() + token.size(), i);
      if (i < list->size())
        next = from.item(i);
    }
    if (next.value == nullptr)
      return from;
    from = std::move(next);
    pointer.remove_prefix(std::min(end, pointer.size()));
  }
  return from;
}

fault report::make(const cursor& where, place at, std::string detail) const {
  if (part_ == nullptr) {
    const auto shown = in_characters(source_.text, at);
    return {where.pointer, shown.line, shown.column, std::move(detail)};
  }
  const auto inner = in_characters(part_->source.text, at);
  const auto shown = in_characters(source_.text, part_->reference.at());
  auto said = "in " + part_->uri;
  if (inner.line != 0)
    said += ", line " + std::to_string(inner.line) + ", column "
            + std::to_string(inner.column);
  return {part_->reference.pointer, shown.line, shown.column,
          said + ": " + detail};
}

void report::add(std::vector<fault>& to, const cursor& where, place at,
                 std::string detail) {
  if (to.size() >= faults_max)
    return;
  auto made = make(where, at, std::move(detail));
  if (seen_.emplace(made.pointer, made.detail).second)
    to.push_back(std::move(made));
}

void report::invalid(const cursor& where, std::string detail) {
  breaks_rules_ = true;
  add(faults_, where, where.at(), std::move(detail));
}

void report::invalid_key(const cursor& where, std::string detail) {
  breaks_rules_ = true;
  add(faults_, where, where.key_at(), std::move(detail));
}

void report::invalid_within(const cursor& where, std::string_view part,
                            place offset, std::string detail) {
  breaks_rules_ = true;
  auto at = where.at();
  // If the text stands in the document as it is (no escapes, on one line), its
  // own place can be told; else that of the scalar must do.
  if (at.line != 0 && offset.line == 1 && offset.column != 0) {
    const std::string_view all
      = part_ != nullptr ? part_->source.text : source_.text;
    std::size_t start = 0;
    for (std::uint32_t line = 1; line < at.line; ++line)
      start = all.find('\n', start) + 1;
    const auto line = all.substr(start, all.find('\n', start) - start);
    const auto found = line.find(part, at.column - 1);
    if (found != std::string_view::npos)
      at.column = static_cast<std::uint32_t>(found) + offset.column;
  }
  add(faults_, where, at, std::move(detail));
}

void report::unsupported(const cursor& where, std::string_view construct,
                         std::string_view hint) {
  auto detail = std::string{construct} + " is not supported yet";
  if (!hint.empty())
    detail.append(".").append(hint);
  outside(where, std::move(detail));
}

void report::outside(const cursor& where, std::string detail) {
  add(faults_, where, where.key_at(), std::move(detail));
}

void report::warn(const cursor& where, std::string detail) {
  add(warnings_, where, where.key_at(), std::move(detail));
}

error report::take_error() {
  sort_by_place(faults_);
  error out;
  out.code = breaks_rules_ ? errc::invalid_definition : errc::unsupported;
  const auto& first = faults_.front();
  out.detail = first.detail;
  if (faults_.size() > 1)
    out.detail += " (and " + std::to_string(faults_.size() - 1)
                  + (full() ? " or more" : "") + " other faults)";
  out.faults = std::move(faults_);
  return out;
}

std::vector<fault> report::take_warnings() {
  sort_by_place(warnings_);
  return std::move(warnings_);
}

object_reader::object_reader(report& to, cursor where, std::string_view what)
    : to_{to}, where_{std::move(where)}, what_{what} {
  if (where_.value == nullptr)
    return;
  object_ = where_.value->if_object();
  if (object_ == nullptr)
    to_.invalid(where_, what_ + " must be an object");
}

bool object_reader::has(std::string_view name) const {
  return object_ != nullptr && object_->contains(name);
}

cursor object_reader::take(std::string_view name) {
  known_.push_back(name);
  return object_ != nullptr ? where_.member(name) : cursor{};
}

cursor object_reader::need(std::string_view name) {
  auto found = take(name);
  if (found.value == nullptr && object_ != nullptr)
    to_.invalid(where_, what_ + " needs " + quoted(name));
  return found;
}

void object_reader::refuse(std::string_view name, std::string_view construct) {
  refused_.push_back(name);
  if (has(name))
    to_.unsupported(where_.member(name), construct);
}

void object_reader::close() {
  close_with(false);
}

void object_reader::close_leniently() {
  close_with(true);
}

void object_reader::close_with(bool lenient) {
  if (object_ == nullptr)
    return;
  for (std::size_t i = 0; i < object_->size(); ++i) {
    if (lenient ? to_.warned_enough() : to_.full())
      return;
    const auto name = view((object_->begin() + i)->key());
    const auto is_in = [name](const auto& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (is_in(known_) || is_in(refused_))
      continue;
    auto detail = what_ + " has no member " + quoted(name) + "."
                  + did_you_mean(name, known_);
    if (detail.back() == '.')
      detail += " It may have " + listed(known_) + ".";
    if (lenient)
      to_.warn(where_.member(i), detail + " It is ignored.");
    else
      to_.invalid_key(where_.member(i), std::move(detail));
  }
}

} // namespace pawl::parsing
