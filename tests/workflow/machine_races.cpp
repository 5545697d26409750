// Every verb and every report against every other, in both orders, from every
// state, with a crash between them or none.
#define BOOST_TEST_MODULE workflow.machine_races
#include "tests/support/flow.hpp"
#include "workflow/approval.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>
#include <memory>

using namespace pawl;
using test::trial;

namespace {

using world = std::unique_ptr<trial>;

// What was under way when the race began: reports of it may come late.
struct under_way {
  std::optional<commands::perform> call;
  std::optional<std::pair<frame_id, std::uint32_t>> asked; // Frame, round.
};

under_way look(const trial& f) {
  under_way out;
  for (const auto& order : f.orders())
    if (!out.call)
      out.call = order;
  for (const auto& [id, frame] : f.state().frames)
    if (is_open_approval(frame))
      out.asked = std::pair{id, frame.dispatch};
  return out;
}

using maker = std::function<world()>;
const std::vector<std::pair<std::string, maker>>& beginnings() {
  constexpr auto call
    = "do:\n- ask: {call: http, with: {method: get, endpoint: "
      "'http://x.test/'}, timeout: {after: PT1H}}\n- after: {set: {n: 1}}\n";
  const auto of = [](std::string_view text) {
    return [text = std::string{text}] { return std::make_unique<trial>(text); };
  };
  const auto then = [](maker make, std::function<void(trial&)> more) {
    return [make = std::move(make), more = std::move(more)] {
      auto f = make();
      more(*f);
      return f;
    };
  };
  const auto fails = [](trial& f) { f.reply(test::status_of(500)); };
  const auto grants
    = [](auto wish) { return [wish](trial& f) { f.grant(wish); }; };
  static const std::vector<std::pair<std::string, maker>> all{
    {"call", of(call)},
    {"wait", of("do:\n- nap: {wait: PT1H}\n")},
    {"listen", of("do:\n- hear: {listen: {to: {one: {with: {type: a}}}}}\n")},
    {"worker", of("do:\n- work: {call: worker, with: {queue: q}}\n")},
    {"approval", of("do:\n- ask: {call: approval, with: {title: t}}\n")},
    {"backoff", then(of("do:\n- guard: {try: [{ask: {call: http, with: "
                        "{method: get, endpoint: 'http://x.test/'}}}], catch: "
                        "{retry: {delay: PT1H}}}\n"),
                     fails)},
    {"lanes", of("do:\n- both: {fork: {branches: [{a: {wait: PT1H}}, {b: "
                 "{call: http, with: {method: get, endpoint: "
                 "'http://x.test/'}}}]}}\n")},
    {"saga", then(of("document: {dsl: '1.0.3', namespace: t, name: s, version: "
                     "'1.0.0', metadata: {saga: true}}\ndo:\n- book: {set: {n: "
                     "1}, metadata: {compensate: [{undo: {call: http, with: "
                     "{method: get, endpoint: 'http://x.test/'}}}]}}\n- hear: "
                     "{listen: {to: {one: {with: {type: a}}}}}\n"),
                  [](trial&) {})},
    {"suspending", then(of(call), grants(requests::pause{}))},
    {"interrupting",
     then(of(call), grants(requests::pause{pause_mode::interrupt, "x"}))},
    {"suspended",
     then(of("do:\n- nap: {wait: PT1H}\n"), grants(requests::pause{}))},
    {"cancelling", then(of(call), grants(requests::cancel{"x"}))},
    {"faulted", then(of(call), fails)},
    {"completed", of("do:\n- say: {set: {n: 1}}\n")},
    {"cancelled",
     then(of("do:\n- nap: {wait: PT1H}\n"), grants(requests::cancel{"x"}))},
  };
  return all;
}

using move = std::function<trial::answer(trial&, const under_way&)>;
trial::answer nothing(trial& f) {
  return f.decide(reports::go_on{});
}

const std::map<std::string, move>& moves_of_all() {
  using way = requests::settle::way;
  const auto wish = [](auto what) -> move {
    return [what](trial& f, const under_way&) { return f.decide(what); };
  };
  const auto done = [](http_outcome with) -> move {
    return [with](trial& f, const under_way& w) {
      if (!w.call)
        return nothing(f);
      effect_outcome how = with;
      if (std::holds_alternative<tasks::worker_job>(w.call->node->kind))
        how = worker_outcome{.output = 1};
      return f.decide(
        reports::effect_done{w.call->frame, w.call->dispatch, std::move(how)});
    };
  };
  static const std::map<std::string, move> all{
    {"pause", wish(requests::pause{})},
    {"interrupt", wish(requests::pause{pause_mode::interrupt, "x", true})},
    {"resume", wish(requests::resume{})},
    {"cancel", wish(requests::cancel{"x"})},
    {"retry", wish(requests::retry{})},
    {"skip", wish(requests::settle{})},
    {"complete", wish(requests::settle{.how = way::complete,
                                       .output = make_datum(json::array{1})})},
    {"fail", wish(requests::settle{.how = way::fail})},
    {"rollback", wish(requests::rollback{
                   .to = "/do/0/book", .since = 0, .input = make_datum(1)})},
    {"event",
     [](trial& f, const under_way&) { return f.deliver("a", 1, "the-same"); }},
    {"vote",
     [](trial& f, const under_way& w) {
       if (!w.asked)
         return nothing(f);
       return f.decide(requests::vote{.frame = w.asked->first,
                                      .round = w.asked->second,
                                      .by = "ann",
                                      .operates = true,
                                      .outcome = "approved"});
     }},
    {"done", done(test::ok())},
    {"failed", done(test::status_of(503))},
    {"died",
     [](trial& f, const under_way& w) {
       return w.call ? f.decide(reports::effect_failed{
                w.call->frame, w.call->dispatch, "it died"})
                     : nothing(f);
     }},
    {"stopped",
     [](trial& f, const under_way& w) {
       return w.call ? f.decide(
                reports::effect_stopped{w.call->frame, w.call->dispatch})
                     : nothing(f);
     }},
    {"time",
     [](trial& f, const under_way&) {
       f.now += std::chrono::hours{2};
       return f.decide(reports::time_passed{});
     }},
  };
  return all;
}

enum class said : char { ok, no_op, refused, either };

// API.md, "Status of an instance": what becomes of a verb.
said expected(std::string_view verb, instance_status from) {
  using enum instance_status;
  const bool active = from == pending || from == running || from == waiting;
  const bool pausing = from == suspending || from == suspended;
  const bool over = from == completed || from == cancelled;
  if (verb == "pause" || verb == "interrupt")
    return active ? said::ok : pausing ? said::either : said::refused;
  if (verb == "resume")
    return active ? said::no_op : pausing ? said::ok : said::refused;
  if (verb == "cancel") // What a saga could not undo is given up by another.
    return over ? said::no_op : from == cancelling ? said::either : said::ok;
  if (verb == "retry")
    return from == faulted ? said::ok
           : active        ? said::either // A backoff is ended.
                           : said::refused;
  if (verb == "event")
    return active || pausing ? said::ok : said::refused;
  if (verb == "skip")
    return from == faulted     ? said::ok
           : active || pausing ? said::either
                               : said::refused;
  if (verb == "complete" || verb == "fail")
    return active || pausing ? said::either : said::refused;
  return said::either; // Reports are never refused; the others have their own.
}

bool is_report(std::string_view name) {
  return name == "done" || name == "failed" || name == "died"
         || name == "stopped" || name == "time";
}

// One move, held against the table. A refusal writes nothing; a report is
// taken in any state.
void play(trial& f, const under_way& w, const std::string& name) {
  const auto from = f.state().status;
  const auto before = f.run.snapshot();
  const auto answer = moves_of_all().at(name)(f, w);
  if (!answer)
    BOOST_TEST(f.run.snapshot() == before, name << " was refused and wrote");
  if (is_report(name))
    BOOST_TEST(answer.has_value(), name << " was refused");
  if (!answer && answer.error().what.code == errc::invalid_state)
    BOOST_TEST(!answer.error().members.at("from").as_string().empty());
  switch (expected(name, from)) {
  case said::ok:
    BOOST_TEST(answer.has_value(), name << " from " << to_text(from));
    break;
  case said::no_op:
    BOOST_TEST(answer.has_value(), name << " from " << to_text(from));
    BOOST_TEST((!answer || answer->events.empty()), name << " wrote");
    break;
  case said::refused:
    BOOST_TEST(!answer.has_value(), name << " from " << to_text(from));
    break;
  case said::either:
    break;
  }
}

// With a fair world an instance comes to its end or to its rest.
void come_to_rest(trial& f) {
  for (int i = 0; i < 40 && !ended(f.state().status); ++i) {
    if (f.state().status == instance_status::suspended)
      (void)f.decide(requests::resume{});
    const auto orders = f.run.outstanding();
    const auto before = f.history.size();
    for (const auto& order : orders) {
      if (const auto* stop = std::get_if<commands::stop_effect>(&order))
        (void)f.decide(reports::effect_stopped{stop->frame, stop->dispatch});
      else if (const auto* keep = std::get_if<commands::keep_effect>(&order))
        (void)f.decide(reports::effect_stopped{keep->frame, keep->dispatch});
      else if (const auto& call = std::get<commands::perform>(order);
               std::holds_alternative<tasks::worker_job>(call.node->kind))
        (void)f.decide(reports::effect_done{call.frame, call.dispatch,
                                            worker_outcome{.output = 1}});
      else
        (void)f.decide(
          reports::effect_done{call.frame, call.dispatch, test::ok()});
    }
    f.now += std::chrono::hours{2};
    (void)f.decide(reports::time_passed{});
    if (f.history.size() == before)
      break;
  }
  const auto status = f.state().status;
  const bool awaits
    = !f.run.awaited().empty()
      || std::ranges::any_of(f.state().frames, [](const auto& one) {
           return is_open_approval(one.second);
         });
  BOOST_TEST((ended(status) || awaits), "it is stuck: " << to_text(status));
}

} // namespace

BOOST_AUTO_TEST_CASE(no_race_breaks_the_table) {
  for (const auto& [start, make] : beginnings())
    for (const auto& [first, one] : moves_of_all())
      for (const auto& [second, two] : moves_of_all())
        BOOST_TEST_CONTEXT(start << ": " << first << ", " << second) {
          std::string ends[2];
          for (const bool crashes : {false, true}) {
            const auto f = make();
            const auto w = look(*f);
            if (crashes)
              f->crash();
            play(*f, w, first);
            if (crashes)
              f->crash();
            play(*f, w, second);
            ends[crashes ? 1 : 0] = f->run.snapshot();
            if (crashes)
              f->crash();
            come_to_rest(*f);
          }
          BOOST_TEST(ends[0] == ends[1], "a crash between made a difference");
        }
}
