#include "actors/notify/subscription.hpp"

#include "actors/kept/body_checker.hpp"
#include "base/json_member.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cctype>

namespace pawl::actors {

namespace {

constexpr std::string_view secret_mark = "$secret:";
/// What is shown in place of a header's value.
constexpr std::string_view hidden = "***";

constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t headers_max = 32;
constexpr std::size_t types_max = 64;
constexpr std::size_t labels_max = 64;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_secret_name(std::string_view name) {
  constexpr std::size_t bytes_max = 128;
  return !name.empty() && name.size() <= bytes_max && name.front() != '.'
         && std::ranges::all_of(name, is_name_char);
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return out;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(
    text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

/// Headers that the delivery itself sets.
bool is_own_header(std::string_view name) {
  const auto known = lower(name);
  return known == "content-type" || known == "content-length" || known == "host"
         || known == "transfer-encoding" || known.starts_with("webhook-")
         || known.starts_with("ce-");
}

/// Reads what a client sent, and blames all that does not fit.
class subscription_reader : body_checker {
public:
  subscription_reader(std::string ns, bool rules)
      : body_checker{"The subscription cannot be kept so."}, ns_{std::move(ns)},
        rules_{rules} {}

  result<json::object> read(const json::value& sent) {
    if (!std::ranges::all_of(ns_, is_name_char))
      blame("", "There is no namespace of this name.");
    const auto* members = sent.if_object();
    if (members == nullptr) {
      blame("", "Must be an object with a `url`.");
      return std::move(*this).fault();
    }
    for (const auto& [key, value] : *members)
      take(key, value);
    if (!members->contains("url"))
      blame("/url", "Is missing.");
    if (!out_.contains("mode"))
      out_["mode"] = "structured";
    if (!fine())
      return std::move(*this).fault();
    return std::move(out_);
  }

private:
  void take(std::string_view key, const json::value& value) {
    if (key == "url")
      take_url(value);
    else if (key == "filter")
      take_filter(value);
    else if (key == "headers")
      take_headers(value);
    else if (key == "secret")
      take_secret(value);
    else if (key == "mode")
      take_mode(value);
    else if (key == "description")
      take_text("/description", value, out_["description"]);
    else if (key != "paused")
      blame(pointer_join("", key), "Is not known here.");
    else if (!value.is_bool())
      blame("/paused", "Must be true or false.");
    else
      out_["paused"] = value;
  }

  void take_text(const std::string& at, const json::value& value,
                 json::value& into) {
    if (!value.is_string() || value.get_string().size() > text_bytes_max
        || !is_printable(value.get_string()))
      return blame(at, "Must be a text of at most 1,024 bytes.");
    into = value;
  }

  void take_url(const json::value& value) {
    const std::string text{value.is_string() ? value.get_string().c_str() : ""};
    const auto scheme = lower(text.substr(0, text.find("://")));
    const auto rest = text.find("://") == text.npos
                        ? std::string{}
                        : text.substr(text.find("://") + 3);
    const auto host = rest.substr(0, rest.find_first_of("/?#"));
    if ((scheme != "http" && scheme != "https") || host.empty()
        || text.size() > url_bytes_max || !is_printable(text)
        || text.find_first_of(" {}<>\"\\^`") != text.npos)
      return blame("/url", "Must be an http or https URL.");
    if (host.find('@') != host.npos)
      return blame("/url", "A URL is shown to whoever may look; what proves "
                           "who calls belongs into `headers`.");
    out_["url"] = text;
  }

  void take_mode(const json::value& value) {
    if (value != "structured" && value != "binary")
      return blame("/mode", "Must be \"structured\" or \"binary\".");
    out_["mode"] = value;
  }

  void take_secret(const json::value& value) {
    if (!value.is_string() || !is_secret_name(value.get_string()))
      return blame("/secret", "Must be the name of a secret.");
    out_["secret"] = value;
  }

  void take_headers(const json::value& value) {
    const auto* all = value.if_object();
    if (all == nullptr || all->size() > headers_max)
      return blame("/headers", "Must be an object of at most 32 texts.");
    json::object kept;
    for (const auto& [key, text] : *all)
      if (const std::string_view name{key}; fits_header(name, text))
        kept[name] = text;
    out_["headers"] = std::move(kept);
  }

  bool fits_header(std::string_view name, const json::value& value) {
    const auto at = pointer_join("/headers", name);
    constexpr std::string_view token
      = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "!#$%&'*+-.^_`|~";
    std::string_view wrong;
    if (name.empty() || name.find_first_not_of(token) != name.npos)
      wrong = "This cannot name a header.";
    else if (is_own_header(name))
      wrong = "This header is set by the delivery itself.";
    else if (!value.is_string() || value.get_string().size() > text_bytes_max
             || !is_printable(value.get_string()))
      wrong = "Must be a text of at most 1,024 bytes.";
    else if (value.get_string() == hidden)
      wrong = "\"***\" stands where a value is not shown; send the value.";
    else if (!rules_ && !mentions_in(value.get_string()).empty())
      wrong = "Only an admin may send secrets in headers: whoever chooses the "
              "URL learns them.";
    if (!wrong.empty())
      blame(at, std::string{wrong});
    return wrong.empty();
  }

  void take_filter(const json::value& value) {
    const auto* all = value.if_object();
    if (all == nullptr)
      return blame("/filter", "Must be an object.");
    json::object kept;
    for (const auto& [key, one] : *all) {
      const std::string_view name{key};
      const auto at = pointer_join("/filter", name);
      if (name == "type")
        take_types(one, kept);
      else if (name == "label")
        take_labels(one, kept);
      else if (name == "status")
        take_status(one, kept);
      else if (name == "workflow" || name == "version" || name == "state")
        take_text(at, one, kept[name]);
      else
        blame(at, "Is not known here.");
    }
    check_workflow(text_in(kept, "workflow"));
    out_["filter"] = std::move(kept);
  }

  void check_workflow(const std::string& text) {
    const auto stroke = text.find('/');
    if (stroke == text.npos)
      return;
    if (stroke == 0 || stroke + 1 == text.size()
        || text.find('/', stroke + 1) != text.npos)
      return blame("/filter/workflow",
                   "Is a name, or a namespace and a name: `a/b`.");
    if (!ns_.empty() && text.substr(0, stroke) != ns_)
      blame("/filter/workflow",
            "Is in another namespace than the subscription.");
  }

  void take_status(const json::value& value, json::object& kept) {
    if (!value.is_string() || !parse_status(value.get_string()))
      return blame("/filter/status", "Must be the status of an instance.");
    kept["status"] = value;
  }

  void take_types(const json::value& value, json::object& kept) {
    json::array all;
    if (value.is_string())
      all.push_back(value);
    else if (value.is_array())
      all = value.get_array();
    const auto fits = [](const json::value& one) {
      return one.is_string() && !one.get_string().empty()
             && one.get_string().size() <= text_bytes_max;
    };
    if (all.empty() || all.size() > types_max
        || !std::ranges::all_of(all, fits))
      return blame("/filter/type", "Must be what a type begins with, or a list "
                                   "of at most 64 of them.");
    kept["type"] = value;
  }

  void take_labels(const json::value& value, json::object& kept) {
    const auto* all = value.if_object();
    if (all == nullptr || all->size() > labels_max
        || !std::ranges::all_of(
          *all, [](const auto& one) { return one.value().is_string(); }))
      return blame("/filter/label", "Must be an object of texts.");
    kept["label"] = value;
  }

  const std::string ns_;
  const bool rules_;
  json::object out_;
};

event_filter_of_subscription filter_of(const json::object& body) {
  event_filter_of_subscription out;
  const auto* written = body.if_contains("filter");
  if (written == nullptr || !written->is_object())
    return out;
  const auto& from = written->get_object();
  out.workflow = text_in(from, "workflow");
  if (const auto stroke = out.workflow.find('/'); stroke != std::string::npos) {
    out.workflow_ns = out.workflow.substr(0, stroke);
    out.workflow.erase(0, stroke + 1);
  }
  out.version = text_in(from, "version");
  out.state = text_in(from, "state");
  out.status = parse_status(text_in(from, "status"));
  if (const auto* types = from.if_contains("type"); types != nullptr) {
    if (types->is_string())
      out.types.emplace_back(types->get_string());
    else
      for (const auto& one : types->as_array())
        out.types.emplace_back(one.as_string());
  }
  if (const auto* labels = from.if_contains("label"); labels != nullptr)
    for (const auto& [key, value] : labels->as_object())
      out.labels.emplace(key, value.as_string());
  return out;
}

} // namespace

result<json::object> read_subscription(const std::string& ns, bool rules,
                                       const json::value& sent) {
  return subscription_reader{ns, rules}.read(sent);
}

subscription subscription_of(const std::string& ns, const std::string& name,
                             const json::object& body) {
  subscription out{.ns = ns,
                   .name = name,
                   .url = text_in(body, "url"),
                   .filter = filter_of(body),
                   .secret = text_in(body, "secret"),
                   .headers = {},
                   .mode = text_in(body, "mode") == "binary"
                             ? event_mode::binary
                             : event_mode::structured};
  if (const auto* headers = body.if_contains("headers"); headers != nullptr)
    for (const auto& [key, value] : headers->as_object())
      out.headers.emplace_back(key, value.as_string());
  if (const auto* paused = body.if_contains("paused"); paused != nullptr)
    out.paused = paused->as_bool();
  return out;
}

json::object shown_subscription(json::object body) {
  if (auto* headers = body.if_contains("headers"); headers != nullptr)
    for (auto& one : headers->as_object())
      one.value() = hidden;
  if (!body.contains("paused"))
    body["paused"] = false;
  return body;
}

bool wants(const subscription& who, const event_origin& from,
           std::string_view type) {
  const auto& f = who.filter;
  const auto& s = from.of;
  const auto fits = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  if (!fits(who.ns, s.ns) || !fits(f.workflow_ns, s.workflow.ns)
      || !fits(f.workflow, s.workflow.name)
      || !fits(f.version, s.workflow.version)
      || !fits(f.state, s.business_state)
      || (f.status && *f.status != from.shown))
    return false;
  if (!f.types.empty() && std::ranges::none_of(f.types, [&](const auto& one) {
        return type.starts_with(one);
      }))
    return false;
  return std::ranges::all_of(f.labels, [&](const auto& one) {
    const auto found = s.labels.find(one.first);
    return found != s.labels.end() && found->second == one.second;
  });
}

std::vector<secret_mention> mentions_in(std::string_view text) {
  std::vector<secret_mention> out;
  for (auto at = text.find(secret_mark); at != text.npos;
       at = text.find(secret_mark, at + 1)) {
    const auto rest = text.substr(at + secret_mark.size());
    const auto* end = std::ranges::find_if_not(rest, is_name_char);
    const std::string name{rest.begin(), end};
    if (!name.empty())
      out.push_back({at, secret_mark.size() + name.size(), name});
  }
  return out;
}

} // namespace pawl::actors
