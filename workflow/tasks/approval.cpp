#include "workflow/approval.hpp"

#include "workflow/planner.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

/// People decide. The votes are facts; the last one that is needed completes
/// the task, whether the instance is paused or not.
namespace pawl {

namespace {

constexpr std::size_t title_max = 4096; // Bytes; lists show it.

/// What is asked, evaluated.
struct question {
  json::object arguments;
  bool granted = false; ///< `autoApprove` holds.
  std::optional<timestamp> due;
  std::optional<timestamp> remind;
};

raised wrong(const entry& e, error_kind kind, std::string detail) {
  return {std::in_place,
          make_problem(kind, std::move(detail), e.node->pointer)};
}

or_raised<bool> flag_of(const entry& e, const json::object& with,
                        std::string_view member, bool otherwise) {
  const auto* given = with.if_contains(member);
  if (given == nullptr || given->is_null())
    return otherwise;
  if (const auto* flag = given->if_bool())
    return *flag;
  return wrong(e, error_kind::expression,
               "'" + std::string{member} + "' must yield true or false");
}

// `with` as it holds from now on. Whoever may not decide matters only if
// somebody is `asked`.
or_raised<json::object> arguments_of(planner& p, const entry& e,
                                     const tasks::approval& what, bool asked) {
  auto made = p.values().evaluate(what.with, *e.input, p.seen_from(e));
  if (!made)
    return made.error();
  auto with = (*made)->as_object();
  const auto* title = with.if_contains("title");
  if (title == nullptr || !title->is_string() || title->get_string().empty()
      || title->get_string().size() > title_max)
    return wrong(e, error_kind::expression,
                 "'title' must yield a text of 1 to 4096 bytes");
  auto four_eyes = flag_of(e, with, "fourEyes", true);
  auto comment = flag_of(e, with, "commentRequired", false);
  if (!four_eyes || !comment)
    return four_eyes ? comment.error() : four_eyes.error();
  const bool known = !p.state().started_by.empty();
  with["fourEyes"] = *four_eyes && known;
  with["commentRequired"] = *comment;
  with.emplace("data", nullptr);
  const auto excluded
    = asked && *four_eyes ? p.state().started_by : std::string{};
  for (const auto* member : {"approvers", "escalateTo"}) {
    const auto* written = with.if_contains(member);
    if (written == nullptr && member == std::string_view{"escalateTo"})
      continue;
    auto by
      = normal_panel(written != nullptr ? *written : json::value{}, excluded);
    if (!by)
      return wrong(e, error_kind::configuration, by.error().detail);
    with[member] = std::move(*by);
  }
  if (auto why = p.values().unfit(with, p.seen_from(e)))
    return *why;
  return with;
}

or_raised<question> question_of(planner& p, const entry& e,
                                const tasks::approval& what) {
  question asked;
  if (what.auto_approve) {
    auto holds = p.values().holds(*what.auto_approve, *e.input, p.seen_from(e));
    if (!holds)
      return holds.error();
    asked.granted = *holds;
  }
  auto with = arguments_of(p, e, what, !asked.granted);
  if (!with)
    return with.error();
  asked.arguments = std::move(*with);
  if (asked.granted || !what.due)
    return asked;
  auto length = p.values().evaluate(*what.due, *e.input, p.seen_from(e));
  if (!length)
    return length.error();
  asked.due = add(p.now(), *length);
  if (!what.remind)
    return asked;
  auto before = p.values().evaluate(*what.remind, *e.input, p.seen_from(e));
  if (!before)
    return before.error();
  const auto ahead = add(p.now(), *before) - p.now();
  if (*asked.due - ahead > p.now()) // Else it is asked for only now.
    asked.remind = *asked.due - ahead;
  return asked;
}

events::approval_voted automatic(frame_id frame, const task& node,
                                 std::string by, std::string outcome) {
  return {.frame = frame,
          .task = node.pointer,
          .by = std::move(by),
          .outcome = std::move(outcome),
          .comment = {},
          .data = nullptr,
          .automatic = true};
}

vote cast_by(const events::approval_voted& fact, timestamp at) {
  return {.by = fact.by,
          .outcome = fact.outcome,
          .comment = fact.comment,
          .data = fact.data ? fact.data : null_datum(),
          .at = at,
          .automatic = fact.automatic,
          .group = fact.group};
}

// The last vote is the one that has decided.
datum output_of(const std::vector<vote>& votes) {
  auto out = show(votes.back());
  out.erase("at");
  out.erase("group");
  json::array all;
  for (const auto& cast : votes)
    all.emplace_back(show(cast));
  out["votes"] = std::move(all);
  return make_datum(std::move(out));
}

refused no_vote(const frame& f, const voter& who, admission::kind why,
                const refused& otherwise) {
  auto no = otherwise;
  const auto& by = f.arguments->as_object().at("approvers").as_object();
  no.members["approvers"] = by;
  if (why == admission::kind::not_turn) {
    no.what.detail = "it is not yet the turn of '" + who.by + "'";
    if (const auto turn = turn_of(panels_of(f).front(), f.votes))
      no.members["turn"] = {{turn->is_group ? "group" : "user", turn->name}};
  } else if (why == admission::kind::seat_taken) {
    no.what.detail
      = "the groups of '" + who.by + "' have voted already, by somebody else";
  } else {
    no.forbidden = true;
    no.what.detail = "'" + who.by + "' is not among those who may decide";
  }
  return no;
}

admission admit_to(const std::vector<panel>& all, const frame& f,
                   const voter& who) {
  admission best;
  for (const auto& one : all) {
    auto at = admit(one, f.votes, who);
    if (at.how == admission::kind::welcome)
      return at;
    if (best.how == admission::kind::stranger)
      best = at;
  }
  return best;
}

std::string_view verdict_of(const std::vector<panel>& all,
                            const std::vector<vote>& votes) {
  for (const auto& one : all)
    if (const auto said = verdict_of(one, votes); !said.empty())
      return said;
  return {};
}

} // namespace

void begin_task(planner& p, const entry& e, const tasks::approval& what) {
  auto asked = question_of(p, e, what);
  if (!asked) {
    (void)p.start(e, false);
    return p.fail(e, asked.error());
  }
  const auto arguments = make_datum(std::move(asked->arguments));
  if (!p.start(e, !asked->granted, arguments))
    return;
  if (asked->granted) {
    const auto fact = automatic(e.id, *e.node, "autoApprove", "approved");
    p.plan.emplace_back(fact);
    return p.finish(e, output_of({cast_by(fact, p.now())}));
  }
  if (asked->due)
    p.arm(e.id, timer_purpose::due, *asked->due);
  if (asked->remind)
    p.arm(e.id, timer_purpose::remind, *asked->remind);
}

// Why the vote cannot be, whoever casts it; or that it was cast already.
boost::system::result<bool, refused>
planner::check_vote(const requests::vote& wish, const frame& f) const {
  const auto verb = wish.outcome == "approved" ? "approve" : "reject";
  if (!takes_votes(state_))
    return not_now(verb);
  const auto before = std::ranges::find(f.votes, wish.by, &vote::by);
  if (before != f.votes.end()) {
    const auto& data = wish.data ? **wish.data : *null_datum();
    if (before->outcome == wish.outcome && before->comment == wish.comment
        && *before->data == data)
      return false;
    auto no = not_now(verb);
    no.what.detail = "'" + wish.by + "' has voted already: " + before->outcome;
    no.members["vote"] = show(*before);
    return no;
  }
  const auto& with = f.arguments->as_object();
  if (with.at("fourEyes").as_bool() && wish.by == state_.started_by) {
    auto no = not_now(verb);
    no.forbidden = true;
    no.what.detail = "'" + wish.by
                     + "' has started the instance: somebody else decides, "
                       "as four eyes are needed";
    return no;
  }
  return true;
}

// What comes with the vote: its comment and its data.
planner::answer planner::check_ballot(const requests::vote& wish,
                                      const frame& f) const {
  const auto& node = of_.tasks[*f.node];
  const auto* rule = std::get_if<tasks::approval>(&node.kind);
  if (rule == nullptr)
    return {}; // A compensation that has failed asks for no data.
  const bool approves = wish.outcome == "approved";
  if (!approves && wish.comment.empty()
      && f.arguments->as_object().at("commentRequired").as_bool())
    return refused{{errc::invalid_request,
                    "a rejection needs a comment that says why",
                    {{.pointer = "/comment", .detail = "Is missing."}}},
                   {}};
  raised why;
  const bool is_checked = wish.data || approves;
  if (is_checked
      && !check_schema(rule->data_schema,
                       wish.data ? **wish.data : *null_datum(),
                       "data of the vote", node.pointer, why))
    return refused{
      {errc::invalid_input, std::string{why.problem.at("detail").as_string()}},
      {{"error", why.problem}}};
  if (wish.data)
    if (auto unfit = values_.unfit(**wish.data, seen_from(f)))
      return refused{{errc::invalid_input,
                      std::string{unfit->problem.at("detail").as_string()}},
                     {{"error", unfit->problem}}};
  return {};
}

planner::answer planner::vote(const requests::vote& wish) {
  const auto found = state_.frames.find(wish.frame);
  if (found == state_.frames.end() || !is_open_approval(found->second)
      || found->second.dispatch != wish.round)
    return refused{{errc::not_found, "There is no open approval with this id."},
                   {}};
  const auto& f = found->second;
  const auto is_new = check_vote(wish, f);
  if (!is_new)
    return is_new.error();
  if (!*is_new)
    return {};
  const voter who{wish.by, wish.groups, wish.operates};
  const auto panels = panels_of(f);
  const auto at = admit_to(panels, f, who);
  if (at.how != admission::kind::welcome)
    return no_vote(f, who, at.how, not_now("approve"));
  if (auto fine = check_ballot(wish, f); !fine)
    return fine;
  const auto& node = of_.tasks[*f.node];
  const events::approval_voted fact{.frame = f.id,
                                    .task = node.pointer,
                                    .by = wish.by,
                                    .outcome = wish.outcome,
                                    .comment = wish.comment,
                                    .data = wish.data ? *wish.data : nullptr,
                                    .group = at.group};
  plan.emplace_back(fact);
  auto votes = f.votes;
  votes.push_back(cast_by(fact, now_));
  const auto said = verdict_of(panels, votes);
  if (said.empty())
    return {};
  if (f.at == phase::faulted)
    decide_on_compensation(f, said == "approved", wish.comment);
  else
    finish(f, output_of(votes));
  return {};
}

// Approved: the flow goes on as if it had not been there. Rejected: it is tried
// again, as every resume does.
void planner::decide_on_compensation(const frame& f, bool approved,
                                     const std::string& comment) {
  const auto& node = of_.tasks[*f.node];
  if (approved) {
    cancel_below(f.id);
    plan.emplace_back(events::task_skipped{.parent = f.parent,
                                           .task = node.pointer,
                                           .frame = f.id,
                                           .output = f.input,
                                           .reason = comment});
  }
  plan.emplace_back(events::instance_resumed{
    approved ? "the compensation was left out by a decision"
             : "the compensation is tried again by a decision"});
}

void planner::approval_timer(const frame& f, timer_purpose purpose) {
  if (purpose == timer_purpose::remind)
    return; // That it has fired is what reminds.
  using enum tasks::approval::due_kind;
  const auto& node = of_.tasks[*f.node];
  const auto& rule = std::get<tasks::approval>(node.kind);
  const auto& with = f.arguments->as_object();
  auto how = rule.on_due;
  if (how == escalate && with.contains("escalated"))
    how = tasks::approval::due_kind::fault;
  if (how == escalate) {
    auto approvers = with.at("approvers").as_object();
    approvers["escalatedTo"] = with.at("escalateTo");
    plan.emplace_back(events::approval_escalated{
      f.id, node.pointer, make_datum(std::move(approvers))});
    for (const auto& [id, t] : state_.timers)
      if (t.frame == f.id && t.purpose == timer_purpose::due)
        arm(f.id, timer_purpose::due, now_ + (t.due - t.armed));
    return;
  }
  if (how == tasks::approval::due_kind::fault)
    return fail(f,
                raised{std::in_place, make_problem(error_kind::timeout,
                                                   "nobody has decided in time",
                                                   node.pointer)});
  const auto fact = automatic(
    f.id, node, "due",
    how == tasks::approval::due_kind::approve ? "approved" : "rejected");
  plan.emplace_back(fact);
  auto votes = f.votes;
  votes.push_back(cast_by(fact, now_));
  finish(f, output_of(votes));
}

} // namespace pawl
