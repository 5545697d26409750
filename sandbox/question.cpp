#include "sandbox/question.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <iterator>

namespace pawl::sandbox {

std::string encode(const question& what) {
  std::string out = "{\"program\":" + to_text(json::value(what.program));
  std::string names;
  std::string values;
  for (const auto& [name, value] : what.variables) {
    names += (names.empty() ? "\"" : ",\"") + name + "\"";
    values += (values.empty() ? "" : ",") + value;
  }
  const double now = static_cast<double>(unix_ms(what.now)) / 1000.0;
  out += ",\"names\":[" + names + "],\"values\":[" + values + "],\"data\":"
         + what.data + ",\"now\":" + to_text(json::value(now)) + "}";
  return out;
}

result<std::vector<json::value>> decode(const std::string& answer) {
  constexpr std::size_t depth_max = 260; // libjq prints 256.
  auto parsed = parse_json(answer, depth_max);
  if (!parsed || !parsed->is_object())
    return error{errc::too_large,
                 "The expression gives a value that nests too deeply."};
  auto& fields = parsed->get_object();
  if (const auto* const failed = fields.if_contains("error"))
    return error{errc::invalid_input, failed->is_string()
                                        ? std::string{failed->get_string()}
                                        : "The expression failed."};
  auto& all = fields["results"].get_array();
  return std::vector<json::value>(std::make_move_iterator(all.begin()),
                                  std::make_move_iterator(all.end()));
}

} // namespace pawl::sandbox
