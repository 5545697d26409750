#include "base/bytes.hpp"
#include "workflow/late.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace pawl {

namespace {

constexpr std::size_t shortest = 4;
constexpr std::string_view mark = "***";

std::string percent_encoded(std::string_view text, const char* digits,
                            bool form) {
  constexpr std::string_view plain = "-._~";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80
        && (std::isalnum(byte) != 0 || plain.find(c) != plain.npos)) {
      out.push_back(c);
    } else if (form && c == ' ') {
      out.push_back('+');
    } else {
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

/// Replaces what it was given to hide. Made once for many texts.
class redactor {
public:
  explicit redactor(const json::value& secrets) {
    collect(secrets);
    std::ranges::sort(hidden_);
    hidden_.erase(std::unique(hidden_.begin(), hidden_.end()), hidden_.end());
  }

  [[nodiscard]] bool idle() const { return hidden_.empty(); }

  [[nodiscard]] std::string operator()(std::string text) const {
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

  [[nodiscard]] json::value operator()(json::value value) const {
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
    }
    return value;
  }

private:
  using range = std::pair<std::size_t, std::size_t>;

  [[nodiscard]] std::vector<range> find_in(std::string_view text) const {
    std::vector<range> hits;
    for (const auto& each : hidden_)
      for (auto at = text.find(each); at != std::string_view::npos;
           at = text.find(each, at + each.size()))
        hits.emplace_back(at, at + each.size());
    return hits;
  }

  void collect(const json::value& secrets) {
    if (const auto* text = secrets.if_string()) {
      add(*text);
    } else if (const auto* list = secrets.if_array()) {
      for (const auto& item : *list)
        collect(item);
    } else if (const auto* object = secrets.if_object()) {
      for (const auto& member : *object)
        collect(member.value());
    }
  }

  void add(std::string_view text) {
    if (text.size() < shortest)
      return;
    hidden_.emplace_back(text);
    const auto quoted = to_text(json::value(text));
    hidden_.push_back(quoted.substr(1, quoted.size() - 2));
    for (const auto* digits : {"0123456789ABCDEF", "0123456789abcdef"})
      for (const bool form : {false, true})
        hidden_.push_back(percent_encoded(text, digits, form));
    auto base64 = to_base64(text);
    base64.erase(base64.find_last_not_of('=') + 1);
    hidden_.push_back(base64);
    std::ranges::replace(base64, '+', '-');
    std::ranges::replace(base64, '/', '_');
    hidden_.push_back(std::move(base64));
  }

  std::vector<std::string> hidden_;
};

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
