#include "trial/world.hpp"

#include "base/overload.hpp"
#include "workflow/approval.hpp"
#include "workflow/shown.hpp"

#include <algorithm>
#include <exception>

namespace pawl::trial {

namespace {

sandbox::question question_of(const evaluation& what) {
  sandbox::question asked{.program = what.program->text(),
                          .variables = {},
                          .data = to_text(what.data),
                          .now = what.now};
  for (const auto& [name, value] : what.variables)
    asked.variables.emplace_back(name, to_text(value));
  return asked;
}

// Of one task, as the daemon keeps it; "" if nothing is to be kept.
std::string cache_key(const commands::perform& what) {
  const auto* terms = what.arguments->as_object().if_contains("cache");
  return terms == nullptr
           ? std::string{}
           : what.task + '/' + std::string{terms->at("key").as_string()};
}

bool waits_for_event(const frame& f, const definition& of) {
  return f.node && f.at == phase::waiting
         && std::holds_alternative<tasks::listen>(of.tasks[*f.node].kind);
}

json::object what_is_awaited(const instance_state& s, const frame& f,
                             const definition& of) {
  if (is_open_approval(f))
    return description_of_approval(*f.arguments);
  const auto waits = waiting_for(s, f, of.tasks[*f.node]);
  json::object out{{"kind", "event"}};
  for (const auto* member : {"with", "any", "all"})
    if (const auto* found = waits.get_object().if_contains(member))
      out["event"] = *found;
  return out;
}

// As the API has it: 403 has a slug of its own.
std::string slug_of(const refused& no) {
  return no.forbidden ? "forbidden" : std::string{slug(no.what.code)};
}

} // namespace

json::object changed(json::object flags, const json::object& changes) {
  for (const auto& [name, value] : changes)
    if (value.is_null())
      flags.erase(name);
    else
      flags[name] = value;
  return flags;
}

world::world(definition_ptr of, terms by, surroundings& around, helper help)
    : of_{std::move(of)}, terms_{std::move(by)}, around_{around},
      help_{std::move(help)}, machine_{of_}, now_{terms_.start}, path_{of_},
      flags_{terms_.flags} {}

ending world::run() {
  try {
    create();
    go();
  } catch (const std::exception& e) {
    halt(ending::kind::stuck,
         std::string{"the machine has failed: "} + e.what());
  }
  return finish();
}

void world::create() {
  end_.start = now_;
  for (auto& one : terms_.acts) {
    const auto after = one.after;
    schedule(after, rank::deed, {.whose = {}, .report = {}, .deed = one});
  }
  requests::create wish{.ns = of_->id.ns,
                        .id = "trial",
                        .input = make_datum(terms_.input),
                        .labels = {}};
  wish.by = terms_.by;
  const auto no = step(std::move(wish));
  if (!no)
    return;
  end_.status = "refused";
  if (const auto* why = no->members.if_contains("error"))
    end_.error = *why;
  halt(ending::kind::over, no->what.detail);
}

void world::go() {
  while (!halted_) {
    if (unfinished_ || machine_.has_work()) {
      step(reports::go_on{});
      continue;
    }
    if (ended(machine_.state().status))
      return;
    if (order() || attend())
      continue;
    if (!halted_ && !advance())
      return halt(ending::kind::rests, "");
  }
}

std::optional<refused> world::step(input what) {
  if (++turns_ > terms_.turns_max) {
    halt(ending::kind::bounded, "it was not through after "
                                  + std::to_string(terms_.turns_max)
                                  + " turns");
    return std::nullopt;
  }
  return decide(std::move(what));
}

std::optional<refused> world::decide(input what) {
  const turn_context in{.now = now_,
                        .seed = turns_,
                        .flags = flags_.empty() ? datum{} : make_datum(flags_)};
  auto made = machine_.decide(std::move(what), in);
  while (made) {
    keep(*made);
    if (!made->needs || halted_)
      return std::nullopt;
    auto values = help_(question_of(*made->needs));
    if (!values && values.error().code == errc::internal) {
      halt(ending::kind::stuck, values.error().detail);
      return std::nullopt;
    }
    made = machine_.decide(reports::evaluated{std::move(values)}, in);
  }
  return made.error();
}

void world::keep(const turn& made) {
  unfinished_ = made.unfinished;
  for (const auto& fact : made.events)
    path_.see(fact, now_);
  end_.emitted.insert(end_.emitted.end(), made.emitted.begin(),
                      made.emitted.end());
  facts_ += made.events.size();
  if (facts_ > terms_.facts_max)
    halt(ending::kind::bounded, "it was not through after "
                                  + std::to_string(terms_.facts_max)
                                  + " facts of its history");
}

// Whether the machine was told something, so that all has to be looked at anew.
bool world::order() {
  std::set<place> alive;
  for (const auto& what : machine_.outstanding()) {
    if (const auto* stop = std::get_if<commands::stop_effect>(&what)) {
      step(reports::effect_stopped{stop->frame, stop->dispatch});
      return true;
    }
    if (const auto* kept = std::get_if<commands::keep_effect>(&what))
      alive.emplace(kept->frame, kept->dispatch);
    const auto* wanted = std::get_if<commands::perform>(&what);
    if (wanted == nullptr)
      continue;
    alive.emplace(wanted->frame, wanted->dispatch);
    if (!halted_ && ordered_.emplace(wanted->frame, wanted->dispatch).second)
      begin(*wanted);
  }
  forget_what_is_gone(alive);
  return false;
}

void world::begin(const commands::perform& what) {
  const place whose{what.frame, what.dispatch};
  auto described = description_of(what);
  if (auto known = spared(what)) {
    described["fromCache"] = true;
    path_.act(what.frame, std::move(described), false);
    return schedule({}, rank::effect,
                    {.whose = whose, .report = std::move(*known), .deed = {}});
  }
  end_.calls.push_back({what.task, what.attempt, now_, described});
  auto comes = around_.effect(what);
  path_.act(what.frame, std::move(described), comes && comes->assumed);
  if (!comes)
    return halt(ending::kind::stuck, comes.error().detail);
  coming told{.whose = whose,
              .report = outcome_of(*comes, what),
              .deed = {},
              .cache = cache_key(what)};
  if (!told.cache.empty())
    told.ttl = duration{
      what.arguments->at("cache").at("ttl").to_number<std::int64_t>()};
  schedule(comes->latency, rank::effect, std::move(told));
}

// The answer that was given lately, in place of a call.
std::optional<report> world::spared(const commands::perform& what) const {
  const auto found = cache_.find(cache_key(what));
  if (found == cache_.end() || found->second.until <= now_)
    return std::nullopt;
  return reports::effect_done{what.frame, what.dispatch, found->second.what};
}

void world::keep_answer(const coming& what) {
  const auto* told = std::get_if<report>(&*what.report);
  const auto* done
    = told != nullptr ? std::get_if<reports::effect_done>(told) : nullptr;
  const auto* said
    = done != nullptr ? std::get_if<http_outcome>(&done->outcome) : nullptr;
  constexpr std::uint32_t good_below = 300;
  if (said != nullptr && said->failure.empty() && said->status >= 200
      && said->status < good_below)
    cache_.insert_or_assign(what.cache, kept_answer{*said, now_ + what.ttl});
}

void world::forget_what_is_gone(const std::set<place>& alive) {
  std::erase_if(ordered_, [&](const place& p) { return !alive.contains(p); });
  std::erase_if(agenda_, [&](const auto& one) {
    return one.second.report && !alive.contains(*one.second.whose);
  });
}

bool world::attend() {
  if (!takes_votes(machine_.state()))
    return false;
  for (const auto& [id, f] : machine_.state().frames)
    if (is_open_approval(f) || waits_for_event(f, *of_))
      if (attend_to(f))
        return true;
  return false;
}

bool world::attend_to(const frame& f) {
  const place whose{f.id, f.dispatch};
  if (attended_.contains(whose) || left_alone_.contains(whose) || halted_)
    return false;
  auto& nth = asked_[whose];
  if (nth == 0 && is_open_approval(f))
    end_.calls.push_back({of_->tasks[*f.node].pointer, f.attempt, now_,
                          description_of_approval(*f.arguments)});
  auto next = around_.attend(machine_.state(), f, nth);
  if (nth == 0)
    path_.act(f.id, what_is_awaited(machine_.state(), f, *of_),
              next && *next && (*next)->assumed);
  if (!next) {
    halt(ending::kind::stuck, next.error().detail);
    return true;
  }
  ++nth;
  if (!*next) {
    left_alone_.insert(whose);
    return false;
  }
  attended_.insert(whose);
  const auto after = (*next)->after;
  schedule(after, rank::deed,
           {.whose = whose, .report = {}, .deed = std::move(**next)});
  return false;
}

void world::schedule(duration after, rank first, coming what) {
  agenda_.emplace(due{now_ + after, first, ++number_}, std::move(what));
}

// The next thing that is due; false if there is none.
bool world::advance() {
  const auto timer = machine_.next_timer();
  const auto next = agenda_.begin();
  if (!timer && next == agenda_.end())
    return false;
  const bool by_timer
    = timer && (next == agenda_.end() || *timer < next->first.at);
  now_ = std::max(now_, by_timer ? *timer : next->first.at);
  if (now_ - terms_.start > terms_.span_max) {
    halt(ending::kind::bounded,
         "it was not through after "
           + to_text(calendar_duration{.months = 0, .rest = terms_.span_max})
           + " of its time");
    return true;
  }
  if (by_timer) {
    step(reports::time_passed{});
    return true;
  }
  auto what = std::move(next->second);
  agenda_.erase(next);
  carry_out(std::move(what));
  return true;
}

void world::carry_out(coming what) {
  if (what.deed && what.deed->flags) {
    flags_ = changed(std::move(flags_), *what.deed->flags);
    return;
  }
  if (what.report) {
    if (!what.cache.empty())
      keep_answer(what);
    step(std::move(*what.report));
    return;
  }
  if (what.whose)
    attended_.erase(*what.whose);
  // What waited is gone: its time was up, or something else has ended it.
  if (what.whose) {
    const auto found = machine_.state().frames.find(what.whose->first);
    if (found == machine_.state().frames.end()
        || found->second.dispatch != what.whose->second)
      return;
  }
  const auto& deed = *what.deed;
  const auto no = step(deed.what);
  if (halted_)
    return;
  const auto got = no ? slug_of(*no) : std::string{};
  if (no)
    path_.remark(now_, "", "refused", deed.label + ": " + no->what.detail);
  if (got != deed.refused)
    end_.surprises.push_back(
      {deed.label,
       deed.refused.empty() ? "granted" : "refused: " + deed.refused,
       no ? "refused: " + got + ": " + no->what.detail : "granted"});
}

void world::halt(ending::kind how, std::string why) {
  if (std::exchange(halted_, true))
    return;
  end_.how = how;
  end_.why = std::move(why);
}

ending world::finish() {
  end_.path = path_.steps();
  end_.span = now_ - terms_.start;
  if (end_.status == "refused")
    return std::move(end_);
  end_.shown = view(machine_.state(), *of_);
  end_.status = to_text(shown_status(machine_.state(), *of_));
  end_.error = end_.shown["error"];
  return std::move(end_);
}

} // namespace pawl::trial
