#include "actors/steps/program_order.hpp"

#include "base/bytes.hpp"
#include "workflow/duration.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace pawl::actors {

namespace {

using names = std::vector<std::pair<std::string, std::string>>;

/// The members of a task's arguments. The first fault is kept.
class arguments_reader {
public:
  explicit arguments_reader(const json::object& of) : of_{of} {}

  [[nodiscard]] const json::value* member(std::string_view name) const {
    const auto* const v = of_.if_contains(name);
    return v == nullptr || v->is_null() ? nullptr : v;
  }
  /// A text as it is, any other value as JSON.
  [[nodiscard]] std::string text(std::string_view name) {
    const auto* const v = member(name);
    return v == nullptr ? std::string{} : word(*v, name);
  }
  [[nodiscard]] std::vector<std::string> list(std::string_view name) {
    const auto* const v = member(name);
    std::vector<std::string> all;
    if (v == nullptr)
      return all;
    if (!v->is_array()) {
      fail("'" + std::string{name} + "' is no list.");
      return all;
    }
    for (const auto& each : v->get_array())
      all.push_back(word(each, name));
    return all;
  }
  [[nodiscard]] names map(std::string_view name) {
    const auto* const v = member(name);
    names all;
    if (v == nullptr)
      return all;
    if (!v->is_object()) {
      fail("'" + std::string{name} + "' is no object.");
      return all;
    }
    for (const auto& each : v->get_object())
      all.emplace_back(each.key(), word(each.value(), name));
    return all;
  }
  void fail(std::string why) {
    if (fault_.empty())
      fault_ = std::move(why);
  }
  [[nodiscard]] const std::string& fault() const { return fault_; }

  /// What a program cannot be given.
  std::string checked(std::string text, std::string_view name) {
    if (text.find('\0') != std::string::npos)
      fail("'" + std::string{name} + "' holds a NUL byte.");
    return text;
  }

private:
  std::string word(const json::value& v, std::string_view name) {
    auto text = v.is_string() ? std::string{v.get_string()} : pawl::to_text(v);
    return name == "stdin" || name == "code" ? text
                                             : checked(std::move(text), name);
  }

  const json::object& of_;
  std::string fault_;
};

json::array array_of(const std::vector<std::string>& all) {
  return json::array(all.begin(), all.end());
}

/// Variables in the order of precedence: the later one wins.
json::object environment_of(const program_order& order,
                            const program_limits& limits, const names& own,
                            arguments_reader& in) {
  json::object all;
  for (const auto& each : limits.environment) {
    const auto equal = each.find('=');
    if (equal != std::string::npos && equal != 0)
      all[each.substr(0, equal)] = each.substr(equal + 1);
  }
  for (const auto& [name, value] : own) {
    if (name.empty() || name.find('=') != std::string::npos
        || name.find('\0') != std::string::npos)
      in.fail("'" + name + "' cannot name an environment variable.");
    all[name] = value;
  }
  all["PAWL_EFFECT_KEY"] = in.checked(order.effect_key, "effect key");
  all["PAWL_ATTEMPT"] = std::to_string(order.attempt);
  return all;
}

/// The order without what the kinds differ in.
json::object common_order(const program_limits& limits) {
  return {{"find", json::array{}},
          {"arguments", json::array{}},
          {"path", limits.path},
          {"environment", json::object{}},
          {"input", ""},
          {"files", json::object{}},
          {"prepare", json::array{}},
          {"cleanup", json::array{}},
          {"cleanup_file", ""},
          {"network", limits.network},
          {"time", limits.timeout_max.count()},
          {"grace", limits.grace.count()},
          {"memory", static_cast<std::int64_t>(limits.memory_max)},
          {"output", static_cast<std::int64_t>(limits.output_max)},
          {"processes", limits.processes_max}};
}

void shell_order(arguments_reader& in, json::object& out) {
  std::vector<std::string> words{"-c", in.text("command"), "sh"};
  for (auto& each : in.list("arguments"))
    words.push_back(std::move(each));
  out["find"] = json::array{"sh"};
  out["arguments"] = array_of(words);
}

void script_order(const std::string& language, arguments_reader& in,
                  json::object& out) {
  const bool js = language == "js" || language == "javascript";
  if (!js && language != "python")
    in.fail("Scripts in '" + language + "' are not supported.");
  // As a file, so that its size is no matter and other users do not see it.
  const char* const name = js ? "script.js" : "script.py";
  std::vector<std::string> words{name};
  for (auto& each : in.list("arguments"))
    words.push_back(std::move(each));
  out["find"] = js ? json::array{"node", "nodejs"} : json::array{"python3"};
  out["arguments"] = array_of(words);
  out["files"] = json::object{{name, in.text("code")}};
}

/// What a container may be called: the rest becomes '_'.
std::string name_part(std::string_view text) {
  constexpr std::size_t length_max = 60;
  std::string out{text.substr(0, length_max)};
  for (auto& c : out)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9') || c == '.' || c == '-'))
      c = '_';
  return out;
}

/// {workflow}-{uuid}.{namespace}-{task}. The uuid is made of the effect's key:
/// what runs it again finds what a crash left of it.
std::string container_name(const program_order& order) {
  auto id = to_hex(sha256(order.effect_key)).substr(0, 32);
  for (const std::size_t at : {20U, 16U, 12U, 8U})
    id.insert(at, 1, '-');
  auto name = name_part(order.workflow_name) + "-" + id + "."
              + name_part(order.workflow_namespace) + "-"
              + name_part(order.task);
  if (name[0] == '.' || name[0] == '-' || name[0] == '_')
    name.insert(0, 1, 'p');
  return name;
}

/// The task's variables for the container, in a file: on the command line every
/// user of the machine would see them.
std::string environment_file(const json::object& all, arguments_reader& in) {
  std::string text;
  for (const auto& each : all) {
    const std::string_view value = each.value().get_string();
    const std::string_view name = each.key();
    if (value.find('\n') != value.npos || name.find('\n') != name.npos
        || name.starts_with('#'))
      in.fail("The variable '" + std::string{name}
              + "' cannot be passed to a container: it has a line break, or "
                "begins with '#'.");
    text.append(name).append("=").append(value).append("\n");
  }
  return text;
}

/// A word that the engine's command line must not take for an option.
std::string no_option(std::string text, const char* name,
                      arguments_reader& in) {
  if (text.empty() || text[0] == '-')
    in.fail("'" + text + "' cannot be the " + name + " of a container.");
  return text;
}

std::string pull_of(const std::string& policy, arguments_reader& in) {
  if (policy.empty() || policy == "ifNotPresent")
    return "--pull=missing";
  if (policy != "always" && policy != "never")
    in.fail("'" + policy + "' is no pull policy.");
  return "--pull=" + policy;
}

void lifetime_of(const std::string& name, arguments_reader& in,
                 std::vector<std::string>& words, runner_order& out) {
  const auto* const given = in.member("lifetime");
  if (given == nullptr)
    return;
  const auto* const lifetime = given->if_object();
  const auto* const cleanup
    = lifetime != nullptr ? lifetime->if_contains("cleanup") : nullptr;
  if (cleanup == nullptr || !cleanup->is_string()) {
    in.fail("'lifetime' has no 'cleanup'.");
    return;
  }
  if (cleanup->get_string() == "always") {
    words.emplace_back("--rm");
  } else if (cleanup->get_string() == "eventually") {
    const auto* const after = lifetime->if_contains("after");
    const auto length = after != nullptr ? parse_duration(*after)
                                         : result<calendar_duration>{error{}};
    if (!length) {
      in.fail("'lifetime.after' is no duration.");
      return;
    }
    const auto now = clock::now();
    out.remove_after
      = std::chrono::duration_cast<duration>(add(now, *length) - now);
    out.remove = json::object{{"arguments", json::array{"rm", "-f", name}}};
  } else if (cleanup->get_string() != "never") {
    in.fail("'" + std::string{cleanup->get_string()} + "' is no cleanup.");
  }
}

void container_order(const program_order& order, arguments_reader& in,
                     runner_order& out) {
  std::vector<std::string> words{"run", "-i", "--cidfile=cid",
                                 "--env-file=environment"};
  const bool named = in.member("name") != nullptr;
  const auto name
    = named ? no_option(in.text("name"), "name", in) : container_name(order);
  words.push_back("--name=" + name);
  words.push_back(pull_of(in.text("pullPolicy"), in));
  lifetime_of(name, in, words, out);
  for (const auto& [host, inside] : in.map("ports"))
    words.push_back("--publish=" + host + ":" + inside);
  for (const auto& [host, inside] : in.map("volumes"))
    words.push_back("--volume=" + host + ":" + inside);
  words.push_back(no_option(in.text("image"), "image", in));
  if (in.member("command") != nullptr)
    for (auto each : {std::string{"sh"}, std::string{"-c"}, in.text("command"),
                      std::string{"sh"}})
      words.push_back(std::move(each));
  for (auto& each : in.list("arguments"))
    words.push_back(std::move(each));
  auto& start = out.start;
  start["find"] = json::array{"docker", "podman"};
  start["arguments"] = array_of(words);
  if (!named) // A name of the author's may be that of another container.
    start["prepare"] = json::array{"rm", "-f", name};
  start["cleanup"] = json::array{"rm", "-f"};
  start["cleanup_file"] = "cid";
}

} // namespace

std::variant<runner_order, program_failure>
to_runner_order(const program_order& order, const program_limits& limits) {
  arguments_reader in{order.arguments};
  runner_order out{
    .start = common_order(limits), .remove_after = {}, .remove = {}};
  const auto all = environment_of(order, limits, in.map("environment"), in);
  out.start["input"] = in.text("stdin");
  switch (order.what) {
  case program_kind::shell:
    shell_order(in, out.start);
    break;
  case program_kind::script:
    script_order(in.member("language") != nullptr ? in.text("language")
                                                  : order.language,
                 in, out.start);
    break;
  case program_kind::container: {
    // The engine's client gets the operator's variables, the container the
    // task's.
    container_order(order, in, out);
    json::object own = all;
    const auto operators = environment_of(order, limits, {}, in);
    out.start["environment"] = operators;
    for (const auto& each : limits.environment)
      own.stable_erase(each.substr(0, each.find('=')));
    for (const auto& [name, value] : in.map("environment"))
      own[name] = value;
    out.start["files"]
      = json::object{{"environment", environment_file(own, in)}};
    break;
  }
  }
  if (order.what != program_kind::container)
    out.start["environment"] = all;
  if (!in.fault().empty())
    return program_failure{error_kind::validation, in.fault(), false};
  if (out.remove_after) {
    auto remove = common_order(limits);
    remove["find"] = out.start["find"];
    remove["environment"] = out.start["environment"];
    remove["arguments"] = out.remove["arguments"];
    out.remove = std::move(remove);
  }
  return out;
}

} // namespace pawl::actors
