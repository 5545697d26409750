#include "workflow/document.hpp"

#include <charconv>
#include <limits>

namespace pawl {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty()
         && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Takes the digits off the front of `rest` and says whether there were any.
bool take_digits(std::string_view& rest) {
  const auto end = rest.find_first_not_of("0123456789");
  const auto count = end == std::string_view::npos ? rest.size() : end;
  rest.remove_prefix(count);
  return count != 0;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_float(std::string_view rest) {
  if (rest.starts_with('-') || rest.starts_with('+'))
    rest.remove_prefix(1);
  const bool whole = take_digits(rest);
  bool fraction = false;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
  }
  if (!whole && !fraction)
    return false;
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    if (rest.starts_with('-') || rest.starts_with('+'))
      rest.remove_prefix(1);
    return all_digits(rest);
  }
  return rest.empty();
}

result<json::value> to_double(std::string_view text) {
  const auto shown = std::string{text.substr(0, 64)};
  if (text.starts_with('+'))
    text.remove_prefix(1);
  double n = 0;
  const auto [end, ec]
    = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec == std::errc::result_out_of_range) {
    // Too small to be told from zero is harmless, too large is not.
    if (text.find("e-") != std::string_view::npos
        || text.find("E-") != std::string_view::npos)
      return json::value(0.0);
    return error{errc::malformed,
                 "the number " + shown + " is outside a double's range"};
  }
  if (ec != std::errc{} || end != text.data() + text.size())
    return error{errc::malformed, shown + " is not a number"};
  return json::value(n);
}

/// A whole number without sign in `base`; as JSON reads it: exact while it fits
/// 64 bits, else a double.
result<json::value> to_integer(std::string_view digits, int base,
                               bool negative) {
  std::uint64_t n = 0;
  const auto [end, ec]
    = std::from_chars(digits.data(), digits.data() + digits.size(), n, base);
  constexpr auto int_max
    = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (ec == std::errc{} && n <= int_max)
    return json::value(negative ? -static_cast<std::int64_t>(n)
                                : static_cast<std::int64_t>(n));
  if (ec == std::errc{} && negative && n == int_max + 1)
    return json::value(std::numeric_limits<std::int64_t>::min());
  if (ec == std::errc{} && !negative)
    return json::value(n);
  if (base == 10)
    return to_double((negative ? "-" : "") + std::string{digits});
  return error{errc::malformed, "the number "
                                  + std::string{digits.substr(0, 64)}
                                  + " does not fit into 64 bits"};
}

} // namespace

result<json::value> detail::resolve_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null"
      || text == "NULL")
    return json::value(nullptr);
  if (text == "true" || text == "True" || text == "TRUE")
    return json::value(true);
  if (text == "false" || text == "False" || text == "FALSE")
    return json::value(false);
  const bool negative = text.front() == '-';
  const auto unsigned_part
    = negative || text.front() == '+' ? text.substr(1) : text;
  if (all_digits(unsigned_part))
    return to_integer(unsigned_part, 10, negative);
  if (text.starts_with("0o") && text.size() > 2
      && text.find_first_not_of("01234567", 2) == std::string_view::npos)
    return to_integer(text.substr(2), 8, false);
  if (text.starts_with("0x") && text.size() > 2
      && text.find_first_not_of("0123456789abcdefABCDEF", 2)
           == std::string_view::npos)
    return to_integer(text.substr(2), 16, false);
  if (unsigned_part == ".inf" || unsigned_part == ".Inf"
      || unsigned_part == ".INF" || text == ".nan" || text == ".NaN"
      || text == ".NAN")
    return error{errc::malformed, std::string{text}
                                    + " is not a finite number; JSON data "
                                      "cannot hold it"};
  if (looks_like_float(text))
    return to_double(text);
  return json::value(text);
}

} // namespace pawl
