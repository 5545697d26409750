#pragma once

#include "workflow/state.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What decides an approval: who may vote, and what the votes come to. Pure;
/// what is done about it stands in workflow/tasks/approval.cpp.
namespace pawl {

/// Those who may decide, and the rule by which they do.
struct panel {
  enum class mode_kind : std::uint8_t { any, all, quorum, in_turn };
  struct seat {
    std::string name;
    bool is_group = false;
    bool operator==(const seat&) const = default;
  };
  mode_kind mode = mode_kind::any;
  std::uint32_t quorum = 1;
  std::vector<seat> seats; ///< As written; none: whoever may operate decides.
};

/// Who wishes to vote.
struct voter {
  std::string by;
  std::vector<std::string> groups;
  bool operates = false;
};

/// `approvers` as it is written or as an expression has yielded it, in the form
/// that panel_of reads: {groups, users, mode, quorum?}, both lists in the order
/// in which they were written. Null: nobody is named. `starter` is left out,
/// unless it is "".
/// Fails with errc::invalid_definition and a sentence that names the member.
[[nodiscard]] result<json::object> normal_panel(const json::value& written,
                                                std::string_view starter);

/// The panel of what normal_panel has made. Throws std::exception if it is
/// something else.
[[nodiscard]] panel panel_of(const json::object& approvers);

/// What comes of a voter's wish to vote.
struct admission {
  enum class kind : std::uint8_t {
    welcome,
    stranger,   ///< He is not among them.
    not_turn,   ///< He is, but it is not his turn.
    seat_taken, ///< Somebody else has voted for each of his groups.
  };
  kind how = kind::stranger;
  std::string group = {}; ///< Welcome: for which he votes; "" for himself.
};
[[nodiscard]] admission admit(const panel& to, const std::vector<vote>& votes,
                              const voter& who);

/// "approved" or "rejected"; "" as long as the votes decide nothing.
[[nodiscard]] std::string_view verdict_of(const panel& by,
                                          const std::vector<vote>& votes);

/// Whose turn it is in a sequence; none in other modes.
[[nodiscard]] std::optional<panel::seat>
turn_of(const panel& in, const std::vector<vote>& votes);

/// The panels that decide on the approval of `f`: the first that comes to a
/// verdict does. A second one is there once it was escalated.
[[nodiscard]] std::vector<panel> panels_of(const frame& f);

/// Whether `f` is an approval that waits for people.
[[nodiscard]] bool is_open_approval(const frame& f);
/// Whether the instance takes votes: it is under way, or paused.
[[nodiscard]] bool takes_votes(const instance_state& s);

/// The id of an approval: that of its instance, which it tells, and the frame;
/// the round behind that if the task asks once more.
struct approval_name {
  std::string instance;
  frame_id frame = 0;
  std::uint32_t round = 1;
};
/// "INSTANCE~FRAME", "INSTANCE~FRAME.ROUND".
[[nodiscard]] std::string to_text(const approval_name& name);
[[nodiscard]] std::optional<approval_name>
parse_approval_name(std::string_view text);

/// A vote as users read it.
[[nodiscard]] json::object show(const vote& cast);

/// What `waitingFor` tells of an open approval.
[[nodiscard]] json::object waiting_for_people(const instance_state& s,
                                              const frame& f);

/// An open approval as the API shows it.
[[nodiscard]] json::object show_approval(const instance_state& s,
                                         const definition& of, const frame& f);

/// The entries of `allowedActions` for an approval.
[[nodiscard]] json::array approval_actions(const approval_name& which,
                                           std::string_view title);
[[nodiscard]] json::array approval_actions(const instance_state& s,
                                           const frame& f);

} // namespace pawl
