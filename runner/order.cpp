#include "runner/order.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace pawl::runner {

namespace {

error malformed() {
  return {errc::malformed, "The runner does not understand the request."};
}

/// The members of one message. A member that is missing or of another type
/// leaves its default and makes the message bad.
class reader {
public:
  explicit reader(const json::object& of) : of_{of} {}

  std::string text(std::string_view name) {
    const auto* const v = of_.if_contains(name);
    if (v == nullptr || !v->is_string())
      return fail<std::string>();
    return std::string{v->get_string()};
  }
  std::uint64_t number(std::string_view name) {
    const auto* const v = of_.if_contains(name);
    if (v == nullptr || !v->is_int64() || v->get_int64() < 0)
      return fail<std::uint64_t>();
    return static_cast<std::uint64_t>(v->get_int64());
  }
  bool flag(std::string_view name) {
    const auto* const v = of_.if_contains(name);
    if (v == nullptr || !v->is_bool())
      return fail<bool>();
    return v->get_bool();
  }
  std::vector<std::string> texts(std::string_view name) {
    const auto* const v = of_.if_contains(name);
    if (v == nullptr || !v->is_array())
      return fail<std::vector<std::string>>();
    std::vector<std::string> all;
    for (const auto& each : v->get_array()) {
      if (!each.is_string())
        return fail<std::vector<std::string>>();
      all.emplace_back(each.get_string());
    }
    return all;
  }
  order::pairs pairs(std::string_view name) {
    const auto* const v = of_.if_contains(name);
    if (v == nullptr || !v->is_object())
      return fail<order::pairs>();
    order::pairs all;
    for (const auto& each : v->get_object()) {
      if (!each.value().is_string())
        return fail<order::pairs>();
      all.emplace_back(each.key(), each.value().get_string());
    }
    return all;
  }
  [[nodiscard]] bool good() const { return good_; }

private:
  template <class T>
  T fail() {
    good_ = false;
    return {};
  }

  const json::object& of_;
  bool good_ = true;
};

duration milliseconds(std::uint64_t n) {
  constexpr std::uint64_t year = 365ULL * 24 * 3600 * 1000;
  return duration{static_cast<std::int64_t>(std::min(n, year))};
}

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

/// What execve and open cannot take, and names that lead out of the directory.
bool sound(const order& o) {
  const auto clean = [](const std::vector<std::string>& all) {
    return std::none_of(all.begin(), all.end(), has_nul);
  };
  const auto variable = [](const auto& e) {
    return !e.first.empty() && e.first.find('=') == std::string::npos
           && !has_nul(e.first) && !has_nul(e.second);
  };
  const auto plain = [](const std::string& name) {
    return name.find('/') == std::string::npos && !has_nul(name)
           && !name.starts_with('.');
  };
  const auto name_of_file
    = [&](const auto& f) { return !f.first.empty() && plain(f.first); };
  return !o.find.empty() && std::all_of(o.find.begin(), o.find.end(), plain)
         && clean(o.arguments) && clean(o.prepare) && clean(o.cleanup)
         && plain(o.cleanup_file) && !has_nul(o.path)
         && std::all_of(o.environment.begin(), o.environment.end(), variable)
         && std::all_of(o.files.begin(), o.files.end(), name_of_file);
}

std::string_view name_of(fault_kind kind) {
  switch (kind) {
  case fault_kind::configuration:
    return "configuration";
  case fault_kind::timeout:
    return "timeout";
  case fault_kind::runtime:
    break;
  }
  return "runtime";
}

} // namespace

result<request> parse_request(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object())
    return malformed();
  reader in{parsed->get_object()};
  if (parsed->get_object().contains("stop")) {
    const stop s{in.number("stop")};
    return in.good() ? result<request>{s} : malformed();
  }
  order o;
  o.id = in.number("start");
  o.find = in.texts("find");
  o.arguments = in.texts("arguments");
  o.path = in.text("path");
  o.environment = in.pairs("environment");
  o.input = in.text("input");
  o.files = in.pairs("files");
  o.prepare = in.texts("prepare");
  o.cleanup = in.texts("cleanup");
  o.cleanup_file = in.text("cleanup_file");
  o.network = in.flag("network");
  o.limits = {.time = milliseconds(in.number("time")),
              .grace = milliseconds(in.number("grace")),
              .memory = in.number("memory"),
              .output = in.number("output"),
              .processes = static_cast<std::uint32_t>(
                std::min<std::uint64_t>(in.number("processes"), 1U << 20))};
  if (!in.good() || !sound(o))
    return malformed();
  return request{std::move(o)};
}

std::optional<std::uint64_t> id_of_order(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object())
    return std::nullopt;
  reader in{parsed->get_object()};
  const auto id = in.number("start");
  return in.good() ? std::optional{id} : std::nullopt;
}

std::string hello_text(separation how) {
  const char* name = how == separation::namespaces ? "namespaces"
                     : how == separation::user     ? "user"
                                                   : "none";
  return to_text(json::object{{"hello", name}});
}

std::string ended_text(std::uint64_t id, int code, std::string_view out,
                       std::string_view err) {
  return to_text(json::object{{"ended", id},
                              {"code", code},
                              {"out", repaired_utf8(out)},
                              {"err", repaired_utf8(err)}});
}

std::string failed_text(std::uint64_t id, const failure& why) {
  return to_text(json::object{{"failed", id},
                              {"kind", name_of(why.kind)},
                              {"detail", repaired_utf8(why.detail)},
                              {"stopped", why.stopped}});
}

} // namespace pawl::runner
