#include "workflow/expression/functions.hpp"
#include "workflow/expression/text.hpp"

#include <cmath>
#include <ctime>
#include <string>

namespace pawl::expression {

namespace {

// jq's "broken down time": year, month from 0, day, hour, minute, second,
// weekday, day of the year.
val broken_down(workspace& w, const std::tm& t, double seconds) {
  val made = w.new_array(8);
  for (const int n :
       {t.tm_year + 1900, t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min})
    made = w.append(made, val::of(std::int64_t{n}));
  made = w.append(made, val::of(seconds));
  made = w.append(made, val::of(std::int64_t{t.tm_wday}));
  return w.append(made, val::of(std::int64_t{t.tm_yday}));
}

bool to_tm(const val& v, std::tm& t) {
  int* const fields[]{&t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
                      &t.tm_min,  &t.tm_sec, &t.tm_wday, &t.tm_yday};
  for (std::uint32_t i = 0; i < std::size(fields); ++i) {
    if (i >= count(v) || !item(v, i).is_number())
      return false;
    *fields[i] = to_int(item(v, i).number());
  }
  t.tm_year = static_cast<int>(static_cast<std::int64_t>(t.tm_year) - 1900);
  return true;
}

bool f_now(context& c, const val*, val& out) {
  out = val::of(static_cast<double>(unix_ms(c.now)) / 1000.0);
  return true;
}

bool f_gmtime(context& c, const val* in, val& out) {
  if (!in[0].is_number())
    return c.raise("gmtime() requires numeric inputs");
  const double seconds = in[0].number();
  const std::time_t whole = to_int64(seconds);
  std::tm t{};
  if (::gmtime_r(&whole, &t) == nullptr)
    return c.raise(
      "errror converting number of seconds since epoch to datetime");
  out = broken_down(c.w, t, t.tm_sec + (seconds - std::floor(seconds)));
  return true;
}

bool f_mktime(context& c, const val* in, val& out) {
  if (!in[0].is_array())
    return c.raise("mktime requires array inputs");
  std::tm t{};
  if (count(in[0]) < 6 || !to_tm(in[0], t))
    return c.raise("mktime requires parsed datetime inputs");
  const std::time_t got = ::timegm(&t);
  if (got == -1)
    return c.raise("invalid gmtime representation");
  out = val::of(std::int64_t{got});
  return true;
}

bool f_strftime(context& c, const val* in, val& out) {
  val when = in[0];
  if (when.is_number()) {
    const val number = when;
    if (!f_gmtime(c, &number, when))
      return false;
  } else if (!when.is_array()) {
    return c.raise("strftime/1 requires parsed datetime inputs");
  }
  if (!in[1].is_text())
    return c.raise("strftime/1 requires a string format");
  std::tm t{};
  if (!to_tm(when, t))
    return c.raise("strftime/1 requires parsed datetime inputs");
  const std::string how{in[1].view()};
  c.w.charge(how.size() + 100);
  std::string made(how.size() + 100, '\0');
  const auto n = std::strftime(made.data(), made.size(), how.c_str(), &t);
  if (n == 0)
    return c.raise("strftime/1: unknown system failure");
  out = c.w.text(std::string_view{made}.substr(0, n));
  return true;
}

bool f_strptime(context& c, const val* in, val& out) {
  if (!in[0].is_text() || !in[1].is_text())
    return c.raise("strptime/1 requires string inputs and arguments");
  const std::string text{in[0].view()};
  const std::string how{in[1].view()};
  c.w.step(text.size() + how.size());
  std::tm t{};
  t.tm_wday = 8;
  t.tm_yday = 367;
  const char* const end = ::strptime(text.c_str(), how.c_str(), &t);
  if (end == nullptr
      || (*end != '\0'
          && std::string_view{" \t\n\v\f\r"}.find(*end)
               == std::string_view::npos))
    return c.raise("date \"" + text + "\" does not match format \"" + how
                   + "\"");
  out = broken_down(c.w, t, t.tm_sec);
  if (*end != '\0')
    out = c.w.append(out, c.w.text(end));
  return true;
}

bool f_todate(context& c, const val* in, val& out) {
  const val both[]{in[0], val::of("%Y-%m-%dT%H:%M:%SZ")};
  return f_strftime(c, both, out);
}
bool f_fromdate(context& c, const val* in, val& out) {
  const val both[]{in[0], val::of("%Y-%m-%dT%H:%M:%SZ")};
  val parsed;
  return f_strptime(c, both, parsed) && f_mktime(c, &parsed, out);
}

constexpr native_entry table[]{
  {"now", 0, f_now},
  {"gmtime", 0, f_gmtime},
  {"mktime", 0, f_mktime},
  {"strftime", 1, f_strftime},
  {"strptime", 1, f_strptime},
  {"todate", 0, f_todate},
  {"todateiso8601", 0, f_todate},
  {"fromdate", 0, f_fromdate},
  {"fromdateiso8601", 0, f_fromdate},
};

} // namespace

std::span<const native_entry> time_functions() {
  return table;
}

} // namespace pawl::expression
