#pragma once

#include "cli/client.hpp"
#include "cli/output.hpp"

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace pawl::cli {

/// What a command works with: the daemon, the streams, the common options.
struct session {
  client& http;
  std::istream& in;
  std::ostream& out; ///< Data only.
  std::ostream& err; ///< All else.
  format output = format::table;
  std::string ns = {};     ///< -n, "" for all.
  bool yes = false;        ///< -y: do not ask whether it is meant.
  bool asks = false;       ///< Somebody is there to be asked.
  bool live = false;       ///< stderr is a terminal that can be redrawn.
  bool colour_out = false; ///< stdout may be coloured.
  bool colour_err = false; ///< stderr may be coloured.
  bool in_taken = false;   ///< stdin was read to its end.
};

/// A command as the parser chose it; main runs it.
using action = std::function<outcome<exit_code>(session&)>;

/// Sends and returns the JSON of a 2xx answer, null when it has no body; any
/// other answer is a failure in words (`file` and `id` as in to_failure).
[[nodiscard]] outcome<json::value> call(session& s, request what,
                                        const std::string& file = {},
                                        const std::string& id = {});

/// As call(), of an answer that is there already.
[[nodiscard]] outcome<json::value> body_of(const response& answer,
                                           const std::string& file = {},
                                           const std::string& id = {});

/// The items of all pages of the list at `target`, which has its filters and
/// how many a page has.
[[nodiscard]] outcome<std::vector<json::value>>
all_items(session& s, const std::string& target);

/// {"items": [...], "nextCursor": null}: a list that is complete.
[[nodiscard]] json::value as_list(const std::vector<json::value>& items);

/// "/v1/instances/ID" + `rest`, narrowed to the session's namespace.
[[nodiscard]] std::string instance_target(const session& s,
                                          const std::string& id,
                                          const std::string& rest = {});

/// Appends "?key=value" or "&key=value", encoded; nothing for an empty value.
void add_query(std::string& target, const std::string& key,
               const std::string& value);

/// Writes data in the chosen format. `rows` gives the table and `names` the
/// lines of `-o name`. With jsonl a list (an object with `items`) is one line
/// an item.
void print(session& s, const json::value& data, const table& rows,
           const std::vector<std::string>& names);

/// The text of `argument`: itself, the content of a file after '@', or stdin
/// for "-". Fails with usage if it cannot be read.
[[nodiscard]] outcome<std::string> read_argument(session& s,
                                                 const std::string& argument);

/// As read_argument, parsed; `what` names the option in the message.
[[nodiscard]] outcome<json::value>
read_json_argument(session& s, const std::string& argument, const char* what);

/// The content of a file, or of stdin for "-", which can be read once. Fails
/// with usage.
[[nodiscard]] outcome<std::string> read_file(session& s,
                                             const std::string& path);

/// Whether the one at the terminal agrees to `question`; with -y, and where
/// nobody can answer, it is not asked.
[[nodiscard]] bool agreed(session& s, const std::string& question);

} // namespace pawl::cli
