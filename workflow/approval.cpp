#include "workflow/approval.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>

namespace pawl {

namespace {

constexpr std::size_t seats_max = 256;
constexpr std::size_t name_max = 256; // Bytes.
constexpr std::string_view modes[] = {"any", "all", "quorum", "sequence"};

error wrong(std::string detail) {
  return {errc::invalid_definition, std::move(detail)};
}

// One name or a list of names.
result<json::array> names_in(std::string_view member,
                             const json::value& written) {
  const auto what = "'" + std::string{member} + "' of the approvers ";
  json::array given;
  if (written.is_string())
    given.push_back(written);
  else if (const auto* list = written.if_array())
    given = *list;
  else
    return wrong(what + "must be a list of names");
  json::array names;
  for (const auto& one : given) {
    if (!one.is_string() || one.get_string().empty()
        || one.get_string().size() > name_max)
      return wrong(what + "must be names of 1 to 256 bytes");
    if (std::ranges::find(names, one) == names.end())
      names.push_back(one);
  }
  if (names.empty() || names.size() > seats_max)
    return wrong(what + "must be 1 to 256 names");
  return names;
}

result<std::uint32_t> quorum_in(const json::value& written) {
  const auto* n = written.if_int64();
  if (n == nullptr || *n < 1 || *n > 1'000'000)
    return wrong("'quorum' of the approvers must be a whole number from 1 up");
  return static_cast<std::uint32_t>(*n);
}

// What must hold of modes, quorums and names together.
std::string fault_of(std::string_view mode, std::uint32_t quorum,
                     std::size_t groups, std::size_t users) {
  if ((mode == "all" || mode == "sequence") && groups + users == 0)
    return "the mode '" + std::string{mode}
           + "' of the approvers needs users or groups by name";
  if (mode == "quorum" && groups == 0 && users > 0 && quorum > users)
    return "a quorum of " + std::to_string(quorum) + " can never be reached by "
           + std::to_string(users) + (users == 1 ? " user" : " users");
  return {};
}

std::size_t size_of(const json::object& in, std::string_view member) {
  return in.at(member).as_array().size();
}

bool sits(const panel::seat& seat, const vote& cast) {
  return seat.is_group ? cast.group == seat.name
                       : cast.group.empty() && cast.by == seat.name;
}

bool fits(const panel::seat& seat, const voter& who) {
  return seat.is_group ? std::ranges::count(who.groups, seat.name) > 0
                       : who.by == seat.name;
}

bool is_of(const panel& p, const vote& cast) {
  return p.seats.empty() || std::ranges::any_of(p.seats, [&](const auto& seat) {
           return sits(seat, cast);
         });
}

struct tally {
  std::size_t approved = 0;
  std::size_t rejected = 0;
  const vote* first = nullptr;
};

tally count(const panel& p, const std::vector<vote>& votes) {
  tally sum;
  for (const auto& cast : votes) {
    if (!is_of(p, cast))
      continue;
    ++(cast.outcome == "approved" ? sum.approved : sum.rejected);
    if (sum.first == nullptr)
      sum.first = &cast;
  }
  return sum;
}

// Of users alone it is known how many can still approve; else as many must
// reject as would have to approve.
bool is_lost(const panel& p, const tally& sum) {
  const bool known
    = !p.seats.empty() && std::ranges::none_of(p.seats, [](const auto& s) {
        return s.is_group;
      });
  return known
           ? p.seats.size() - std::min(sum.rejected, p.seats.size()) < p.quorum
           : sum.rejected >= p.quorum;
}

admission welcome(const panel::seat& at) {
  return {admission::kind::welcome, at.is_group ? at.name : std::string{}};
}

} // namespace

result<json::object> normal_panel(const json::value& written,
                                  std::string_view starter) {
  json::object made;
  std::string mode;
  std::optional<std::uint32_t> quorum;
  const auto* members = written.if_object();
  if (members == nullptr && !written.is_null())
    return wrong("the approvers must be an object of 'groups', 'users', 'mode' "
                 "and 'quorum'");
  for (const auto& [key, value] :
       members != nullptr ? *members : json::object{}) {
    if (value.is_null())
      continue;
    if (key == "groups" || key == "users") {
      auto names = names_in(key, value);
      if (!names)
        return names.error();
      made[key] = std::move(*names);
    } else if (key == "quorum") {
      auto n = quorum_in(value);
      if (!n)
        return n.error();
      quorum = *n;
    } else if (key == "mode") {
      if (value.is_string())
        mode = value.get_string();
      if (std::ranges::find(modes, mode) == std::end(modes))
        return wrong("'mode' of the approvers must be 'any', 'all', 'quorum' "
                     "or 'sequence'");
    } else {
      return wrong("the approvers have no member '" + std::string{key} + "'");
    }
  }
  if (auto* users = made.if_contains("users");
      users != nullptr && !starter.empty()) {
    auto& names = users->as_array();
    if (const auto own = std::ranges::find(names, json::value(starter));
        own != names.end())
      names.erase(own);
    if (names.empty() && !made.contains("groups"))
      return wrong("nobody is left to decide: '" + std::string{starter}
                   + "' has started the instance, and four eyes are needed");
  }
  made.emplace("groups", json::array{});
  made.emplace("users", json::array{});
  if (mode.empty())
    mode = quorum ? "quorum" : "any";
  if (mode == "quorum" && !quorum)
    return wrong("the mode 'quorum' of the approvers needs 'quorum'");
  if (mode != "quorum" && quorum)
    return wrong("'quorum' of the approvers belongs to the mode 'quorum'");
  if (auto why = fault_of(mode, quorum.value_or(1), size_of(made, "groups"),
                          size_of(made, "users"));
      !why.empty())
    return wrong(std::move(why));
  made["mode"] = mode;
  if (quorum)
    made["quorum"] = *quorum;
  return made;
}

panel panel_of(const json::object& approvers) {
  panel out;
  for (const auto& [key, value] : approvers) {
    if (key == "groups" || key == "users")
      for (const auto& name : value.as_array())
        out.seats.push_back({std::string{name.as_string()}, key == "groups"});
    else if (key == "quorum")
      out.quorum = value.to_number<std::uint32_t>();
    else if (key == "mode")
      out.mode = static_cast<panel::mode_kind>(
        std::ranges::find(modes, std::string_view{value.as_string()})
        - std::begin(modes));
  }
  return out;
}

std::optional<panel::seat> turn_of(const panel& in,
                                   const std::vector<vote>& votes) {
  if (in.mode != panel::mode_kind::in_turn)
    return std::nullopt;
  const auto through = count(in, votes).approved;
  if (through >= in.seats.size())
    return std::nullopt;
  return in.seats[through];
}

admission admit(const panel& to, const std::vector<vote>& votes,
                const voter& who) {
  using enum admission::kind;
  if (to.seats.empty())
    return {who.operates ? welcome : stranger};
  std::vector<panel::seat> own;
  std::ranges::copy_if(to.seats, std::back_inserter(own),
                       [&](const auto& seat) { return fits(seat, who); });
  if (own.empty())
    return {stranger};
  // Who is named himself votes for himself.
  std::ranges::stable_sort(own, {}, &panel::seat::is_group);
  if (const auto turn = turn_of(to, votes)) {
    if (std::ranges::find(own, *turn) == own.end())
      return {not_turn};
    return pawl::welcome(*turn);
  }
  if (to.mode != panel::mode_kind::all)
    return pawl::welcome(own.front());
  for (const auto& seat : own)
    if (std::ranges::none_of(
          votes, [&](const vote& cast) { return sits(seat, cast); }))
      return pawl::welcome(seat);
  return {seat_taken};
}

std::string_view verdict_of(const panel& by, const std::vector<vote>& votes) {
  using enum panel::mode_kind;
  const auto sum = count(by, votes);
  switch (by.mode) {
  case any:
    return sum.first != nullptr ? std::string_view{sum.first->outcome}
                                : std::string_view{};
  case quorum:
    return sum.approved >= by.quorum ? "approved"
           : is_lost(by, sum)        ? "rejected"
                                     : "";
  case all:
  case in_turn:
    break;
  }
  return sum.rejected > 0                  ? "rejected"
         : sum.approved >= by.seats.size() ? "approved"
                                           : "";
}

std::vector<panel> panels_of(const frame& f) {
  const auto& approvers = f.arguments->as_object().at("approvers").as_object();
  std::vector<panel> all{panel_of(approvers)};
  if (const auto* more = approvers.if_contains("escalatedTo"))
    all.push_back(panel_of(more->as_object()));
  return all;
}

// Of the tasks that wait, only approvals have arguments.
bool is_open_approval(const frame& f) {
  const auto* asked = f.arguments->if_object();
  if (asked == nullptr || !asked->contains("approvers"))
    return false;
  return f.at == phase::waiting
         || (f.at == phase::faulted && asked->contains("compensation"));
}

bool takes_votes(const instance_state& s) {
  return s.status == instance_status::running
         || s.status == instance_status::suspending
         || s.status == instance_status::suspended || moves(s);
}

std::string to_text(const approval_name& name) {
  auto text = name.instance + "~" + std::to_string(name.frame);
  if (name.round != 1)
    text += "." + std::to_string(name.round);
  return text;
}

std::optional<approval_name> parse_approval_name(std::string_view text) {
  const auto at = text.find('~');
  if (at == std::string_view::npos)
    return std::nullopt;
  approval_name name{std::string{text.substr(0, at)}};
  const auto* end = text.data() + text.size();
  const auto frame = std::from_chars(text.data() + at + 1, end, name.frame);
  if (frame.ec != std::errc{})
    return std::nullopt;
  if (frame.ptr != end) {
    const auto round
      = *frame.ptr == '.'
          ? std::from_chars(frame.ptr + 1, end, name.round)
          : std::from_chars_result{end, std::errc::invalid_argument};
    if (round.ec != std::errc{} || round.ptr != end)
      return std::nullopt;
  }
  // One id only for each.
  if (!valid_instance_id(name.instance) || to_text(name) != text)
    return std::nullopt;
  return name;
}

} // namespace pawl
