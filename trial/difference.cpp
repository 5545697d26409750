#include "trial/difference.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace pawl::trial {

namespace {

class comparison {
public:
  comparison(bool partly, std::vector<difference>& out)
      : partly_{partly}, out_{out}, full_at_{out.size() + differences_max} {}

  void compare(const std::string& path, const json::value& expected,
               const json::value& got) {
    if (out_.size() >= full_at_)
      return;
    const auto* wanted = expected.if_object();
    const auto* found = got.if_object();
    if (wanted != nullptr && found != nullptr)
      return members(path, *wanted, *found);
    if (expected.is_array() && got.is_array()
        && expected.get_array().size() == got.get_array().size())
      return elements(path, expected.get_array(), got.get_array());
    if (to_canonical_text(expected) != to_canonical_text(got))
      out_.push_back({path, brief(expected), brief(got)});
  }

private:
  void members(const std::string& path, const json::object& expected,
               const json::object& got) {
    for (const auto& [name, value] : expected) {
      const auto* found = got.if_contains(name);
      const auto below = path + "/" + std::string{name};
      if (found != nullptr)
        compare(below, value, *found);
      else if (!partly_ || !value.is_null())
        out_.push_back({below, brief(value), "nothing"});
    }
    if (partly_)
      return;
    for (const auto& [name, value] : got)
      if (!expected.contains(name) && out_.size() < full_at_)
        out_.push_back(
          {path + "/" + std::string{name}, "nothing", brief(value)});
  }

  void elements(const std::string& path, const json::array& expected,
                const json::array& got) {
    for (std::size_t i = 0; i < expected.size(); ++i)
      compare(path + "/" + std::to_string(i), expected[i], got[i]);
  }

  bool partly_;
  std::vector<difference>& out_;
  std::size_t full_at_;
};

} // namespace

void differ(const std::string& path, const json::value& expected,
            const json::value& got, std::vector<difference>& out) {
  comparison{false, out}.compare(path, expected, got);
}

void differ_partly(const std::string& path, const json::value& expected,
                   const json::value& got, std::vector<difference>& out) {
  comparison{true, out}.compare(path, expected, got);
}

std::string brief(const json::value& value) {
  constexpr std::size_t bytes_max = 300;
  auto text = to_text(value);
  if (text.size() <= bytes_max)
    return text;
  auto end = bytes_max; // Not within a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80)
    --end;
  return text.substr(0, end) + "...";
}

} // namespace pawl::trial
