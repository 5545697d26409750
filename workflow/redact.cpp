#include "base/bytes.hpp"
#include "workflow/late.hpp"
#include "workflow/redactor.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pawl {

namespace {

constexpr std::size_t shortest = 4;
/// One line of a secret, or a part of something in base64, that is no shorter
/// is no chance.
constexpr std::size_t shortest_part = 8;
/// A number that is shorter may be a port or a count.
constexpr std::size_t shortest_number = 6;
constexpr std::string_view mark = "***";
/// How often JSON inside JSON is looked into.
constexpr int depth_max = 6;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(space) + 1));
  return text;
}

} // namespace

redactor::redactor(const json::value& secrets) {
  collect(secrets);
  std::ranges::sort(hidden_);
  hidden_.erase(std::unique(hidden_.begin(), hidden_.end()), hidden_.end());
}

std::string redactor::operator()(std::string text) const {
  auto hits = find_in(text);
  if (hits.empty())
    return text;
  // Secrets may overlap in the text; what any of them covers is hidden.
  std::ranges::sort(hits);
  std::string out;
  std::size_t shown = 0;
  for (const auto& [from, to] : hits) {
    if (from >= shown) {
      out.append(text, shown, from - shown);
      out.append(mark);
    }
    shown = std::max(shown, to);
  }
  out.append(text, shown);
  return out;
}

json::value redactor::operator()(json::value value) const {
  if (auto* text = value.if_string()) {
    *text = (*this)(std::string{std::string_view{*text}});
  } else if (auto* list = value.if_array()) {
    for (auto& item : *list)
      item = (*this)(std::move(item));
  } else if (auto* object = value.if_object()) {
    json::object out;
    out.reserve(object->size());
    for (auto& member : *object)
      out.insert_or_assign((*this)(std::string{member.key()}),
                           (*this)(std::move(member.value())));
    *object = std::move(out);
  } else if (value.is_number()) {
    auto shown = (*this)(to_text(value));
    if (shown.find(mark) != std::string::npos)
      value = json::value(shown);
  }
  return value;
}

std::vector<byte_range> redactor::find_in(std::string_view text,
                                          int depth) const {
  std::vector<byte_range> hits;
  for (const auto& each : hidden_)
    for (std::size_t from = 0; from < text.size();) {
      // Several times as fast as find() where the first letter is common.
      const auto* found = static_cast<const char*>(memmem(
        text.data() + from, text.size() - from, each.data(), each.size()));
      if (found == nullptr)
        break;
      const auto at = static_cast<std::size_t>(found - text.data());
      from = at + each.size();
      hits.emplace_back(at, from);
    }
  for (const auto& how : writings()) {
    // Other writings than JSON stand near the surface, or there would be
    // no end of combinations.
    if (depth >= (how.nests ? depth_max : 2))
      continue;
    const auto inner = undone(text, how);
    if (!inner)
      continue;
    const int deeper
      = how.nests ? depth + 1 : std::max(depth + 1, depth_max - 1);
    const auto more = as_written(text, how, find_in(*inner, deeper));
    hits.insert(hits.end(), more.begin(), more.end());
  }
  return hits;
}

void redactor::collect(const json::value& secrets) {
  if (const auto* text = secrets.if_string()) {
    add(*text);
  } else if (const auto* list = secrets.if_array()) {
    for (const auto& item : *list)
      collect(item);
  } else if (const auto* object = secrets.if_object()) {
    for (const auto& member : *object)
      collect(member.value());
  } else if (secrets.is_number()) {
    if (auto digits = to_text(secrets); digits.size() >= shortest_number)
      hidden_.push_back(std::move(digits));
  }
}

void redactor::add(std::string_view text) {
  add_whole(text);
  // Shells, headers and the like take the space around it away, and tools
  // show single lines, of keys for instance.
  add_whole(trimmed(text));
  add_parts_of_uri(trimmed(text));
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (const auto line = trimmed(text.substr(0, end));
        line.size() >= shortest_part)
      hidden_.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// What may be shown of a URI alone: servers tell of a path that they do not
/// know, messages of a host that is not reached.
void redactor::add_parts_of_uri(std::string_view uri) {
  const auto scheme = uri.find("://");
  if (scheme == std::string_view::npos)
    return;
  uri.remove_prefix(scheme + 3);
  const auto end = std::min(uri.find_first_of("/?#"), uri.size());
  auto host = uri.substr(0, end);
  if (const auto target = uri.substr(end); target.size() >= shortest_part)
    add_whole(target);
  if (const auto user = host.rfind('@'); user != std::string_view::npos) {
    const auto word = host.substr(0, user);
    add_whole(word.substr(std::min(word.find(':') + 1, word.size())));
    host.remove_prefix(user + 1);
  }
  add_whole(host);
  add_whole(host.substr(0, host.rfind(':')));
}

void redactor::add_whole(std::string_view text) {
  if (text.size() < shortest)
    return;
  hidden_.emplace_back(text);
  auto whole = to_base64(text);
  whole.erase(whole.find_last_not_of('=') + 1);
  add_base64(std::move(whole));
  // As a part of something longer: what three bytes make of it together
  // depends on where it begins.
  for (std::size_t before = 0; before < 3; ++before) {
    const auto all = to_base64(std::string(before, ' ') + std::string{text});
    const auto from = before == 0 ? 0 : before + 1;
    const auto to = (before + text.size()) * 8 / 6;
    if (to >= from + shortest_part)
      add_base64(all.substr(from, to - from));
  }
}

void redactor::add_base64(std::string text) {
  hidden_.push_back(text);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  hidden_.push_back(std::move(text));
}

namespace {

void clean(http_outcome& what, const redactor& hide) {
  what.failure = hide(std::move(what.failure));
  for (auto& [name, value] : what.headers) {
    name = hide(std::move(name));
    value = hide(std::move(value));
  }
  what.body = hide(std::move(what.body));
  what.request
    = std::move(hide(json::value(std::move(what.request))).get_object());
}

void clean(program_outcome& what, const redactor& hide) {
  what.out = hide(std::move(what.out));
  what.err = hide(std::move(what.err));
}

void clean(child_outcome& what, const redactor& hide) {
  for (auto* value : {&what.output, &what.error})
    if (*value)
      *value = make_datum(hide(json::value(**value)));
}

void clean(worker_outcome& what, const redactor& hide) {
  what.output = hide(std::move(what.output));
  what.error = hide(json::value(std::move(what.error))).get_object();
}

} // namespace

std::string redact_text(std::string text, const json::value& secrets) {
  return redactor{secrets}(std::move(text));
}

json::value redact(json::value value, const json::value& secrets) {
  return redactor{secrets}(std::move(value));
}

effect_outcome redact_outcome(effect_outcome what, const json::value& secrets) {
  const redactor hide{secrets};
  if (!hide.idle())
    std::visit([&](auto& each) { clean(each, hide); }, what);
  return what;
}

} // namespace pawl
