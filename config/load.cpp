#include "config/load.hpp"

#include "base/json.hpp"
#include "base/similar.hpp"
#include "config/retention.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <unistd.h>

namespace pawl::config {

namespace {

/// ", did you mean 'x'?" with the most similar of `names`, or "".
std::string suggestion(std::string_view wrong,
                       const std::vector<std::string>& names) {
  const auto best = most_similar(wrong, names);
  return best.empty() ? "" : fmt::format("; did you mean '{}'?", best);
}

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const auto& each : catalogue())
    keys.emplace_back(each.key);
  return keys;
}

std::string unknown_option(std::string_view key) {
  return fmt::format("there is no option '{}'{}", key.substr(0, 128),
                     suggestion(key, all_keys()));
}

/// Walks a YAML document and collects every fault.
class yaml_reader {
public:
  explicit yaml_reader(options& in) : in_{in} {}

  std::vector<fault> run(std::string_view text) {
    try {
      const auto root = YAML::Load(std::string{text});
      if (root.IsMap())
        read_map(root, "", "");
      else if (!root.IsNull())
        report(root, "", "the file must be a mapping of options");
    } catch (const YAML::Exception& e) {
      report_at(e.mark, "", "this is not YAML: " + e.msg);
    }
    return std::move(faults_);
  }

private:
  static constexpr std::size_t faults_max = 100;

  void report_at(const YAML::Mark& at, const std::string& pointer,
                 std::string detail) {
    if (faults_.size() >= faults_max)
      return;
    // yaml-cpp counts from 0, and from -1 where it does not know.
    faults_.push_back({pointer, static_cast<std::uint32_t>(at.line + 1),
                       static_cast<std::uint32_t>(at.column + 1),
                       std::move(detail)});
  }
  void report(const YAML::Node& node, const std::string& pointer,
              std::string detail) {
    report_at(node.Mark(), pointer, std::move(detail));
  }

  /// Reads the top level (`group` is "") or one group.
  void read_map(const YAML::Node& map, const std::string& group,
                const std::string& pointer) {
    std::set<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        report(entry.first, pointer, "the name of an option must be text");
        continue;
      }
      auto name = entry.first.Scalar();
      const auto here = pointer + "/" + name;
      std::replace(name.begin(), name.end(), '-', '_');
      if (!seen.insert(name).second)
        report(entry.first, here,
               fmt::format("'{}' stands here a second time", name));
      else
        read_entry(entry.first, entry.second,
                   group.empty() ? name : group + "." + name, here);
    }
  }

  void read_entry(const YAML::Node& name, const YAML::Node& value,
                  const std::string& key, const std::string& pointer) {
    if (const auto* which = find_option(key))
      // What is left empty has no place of its own.
      return value.IsNull() ? report(name, pointer, needs_value(*which))
                            : read_value(*which, value, pointer);
    const auto is_group
      = [&](const option& each) { return each.key.starts_with(key + "."); };
    const auto all = catalogue();
    if (std::none_of(all.begin(), all.end(), is_group))
      report(name, pointer, unknown_option(key));
    else if (value.IsMap())
      read_map(value, key, pointer);
    else if (!value.IsNull())
      report(value, pointer,
             fmt::format("'{}' must be a mapping of options", key));
  }

  static std::string needs_value(const option& which) {
    return fmt::format("'{}' needs one plain value", which.key);
  }

  void read_value(const option& which, const YAML::Node& value,
                  const std::string& pointer) {
    std::string text;
    if (value.IsScalar()) {
      text = value.Scalar();
    } else if ((which.is == unit::listener || which.is == unit::list)
               && value.IsSequence()) {
      json::array items;
      for (const auto& item : value) {
        if (!item.IsScalar())
          return report(item, pointer, "an item of a list must be text");
        items.emplace_back(item.Scalar());
      }
      text = to_text(json::value(std::move(items)));
    } else {
      return report(value, pointer, needs_value(which));
    }
    if (const auto done = set_value(which, in_, text); !done)
      report(value, pointer, done.error().detail);
  }

  options& in_;
  std::vector<fault> faults_;
};

/// Variables with the prefix that are for the client, or say where the programs
/// are, rather than options of the daemon.
bool not_for_the_daemon(std::string_view name) {
  return name == "PAWL_URL" || name == "PAWL_CONFIG" || name == "PAWL_TOKEN"
         || name == "PAWL_BIN_DIR" || name.starts_with("PAWL_TEST_");
}

void apply_environment(const std::vector<assignment>& environment, options& in,
                       std::vector<fault>& faults,
                       std::vector<std::string>& warnings) {
  std::vector<std::string> names;
  for (const auto& each : catalogue())
    names.push_back(environment_name(each));
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("PAWL_") || not_for_the_daemon(name))
      continue;
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
      warnings.push_back(fmt::format("the variable {} is no option{}", name,
                                     suggestion(name, names)));
      continue;
    }
    const auto& which
      = catalogue()[static_cast<std::size_t>(at - names.begin())];
    if (const auto done = set_value(which, in, value); !done)
      faults.push_back(
        {"", 0, 0, fmt::format("variable {}: {}", name, done.error().detail)});
  }
}

/// What no single option can be wrong about.
void check_together(const options& in, std::vector<fault>& faults) {
  const auto check = [&](bool good, std::string_view detail) {
    if (!good)
      faults.push_back({"", 0, 0, std::string{detail}});
  };
  check(in.http.streams_max <= in.http.connections_max,
        "http.streams_max must not exceed http.connections_max");
  check(in.storage.disk_critical <= in.storage.disk_low,
        "storage.disk_critical must not exceed storage.disk_low");
  check(in.journal.batch_bytes_max <= in.journal.queue_bytes_max,
        "journal.batch_bytes_max must not exceed journal.queue_bytes_max");
  check(in.backup.every == duration{} || !in.backup.directory.empty(),
        "backup.every needs a backup.directory");
  for (const auto& entry : in.retention.namespaces)
    if (const auto read = parse_namespace_retention(entry); !read)
      check(false, read.error().detail);
}

result<std::string> read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return error{errc::io,
                 fmt::format("cannot read the configuration '{}'", path)};
  return std::move(text).str();
}

std::string default_data_dir(const std::vector<assignment>& environment) {
  std::string home = "/var/lib";
  for (const auto& [name, value] : environment) {
    if (name == "STATE_DIRECTORY" && !value.empty())
      return value.substr(0, value.find(':')); // systemd may give several.
    if (name == "HOME" && !value.empty())
      home = value + "/.local/share";
  }
  return home + "/pawl";
}

/// Where systemd puts the credentials of the unit; "" if it does not.
std::string credentials_dir(const std::vector<assignment>& environment) {
  for (const auto& [name, value] : environment)
    if (name == "CREDENTIALS_DIRECTORY")
      return value;
  return {};
}

std::string summary(const std::vector<fault>& faults, const std::string& file) {
  std::string text;
  for (const auto& each : faults) {
    if (!text.empty())
      text += '\n';
    if (each.line != 0)
      text += fmt::format("{}:{}:{}: ", file, each.line, each.column);
    text += each.detail;
  }
  return text;
}

} // namespace

std::vector<fault> apply_yaml(std::string_view text, options& in) {
  return yaml_reader{in}.run(text);
}

std::vector<fault> apply_flags(const std::vector<assignment>& flags,
                               options& in) {
  std::vector<fault> faults;
  for (const auto& [key, value] : flags) {
    const auto* which = find_option(key);
    if (which == nullptr)
      faults.push_back({"", 0, 0, "flag: " + unknown_option(key)});
    else if (const auto done = set_value(*which, in, value); !done)
      faults.push_back({"", 0, 0, "flag: " + done.error().detail});
  }
  return faults;
}

result<loaded> load(const sources& from) {
  loaded out;
  std::vector<fault> faults;
  if (!from.file.empty()) {
    const auto text = read_file(from.file);
    if (!text)
      return text.error();
    faults = apply_yaml(*text, out.chosen);
  }
  apply_environment(from.environment, out.chosen, faults, out.warnings);
  for (auto& each : apply_flags(from.flags, out.chosen))
    faults.push_back(std::move(each));
  if (faults.empty())
    check_together(out.chosen, faults);
  if (!faults.empty()) {
    auto detail = summary(faults, from.file);
    return error{errc::malformed, std::move(detail), std::move(faults)};
  }
  if (out.chosen.data_dir.empty())
    out.chosen.data_dir = default_data_dir(from.environment);
  if (out.chosen.secrets.credentials.empty())
    out.chosen.secrets.credentials = credentials_dir(from.environment);
  return out;
}

std::vector<assignment> process_environment() {
  std::vector<assignment> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (const auto at = text.find('='); at != std::string_view::npos)
      all.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  return all;
}

} // namespace pawl::config
