#include "actors/broker.hpp"

#include "actors/errand.hpp"
#include "base/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>

namespace pawl::actors {

namespace {

constexpr std::size_t page = 64;
constexpr std::chrono::seconds prune_every{10};

std::string type_in(const json::value& event) {
  const auto* members = event.if_object();
  const auto* type
    = members == nullptr ? nullptr : members->if_contains("type");
  const auto* text = type == nullptr ? nullptr : type->if_string();
  return text == nullptr ? std::string{} : std::string{*text};
}

bool concerns(const storage::subscription& s, const storage::arrived_event& e) {
  return e.ns.empty() || e.ns == s.ns;
}

struct state {
  static inline const char* name = "broker";

  struct buffered {
    std::uint64_t number = 0;
    timestamp arrived;
  };
  /// An instance with a new `listen`, and which of the buffered events it has
  /// yet to see.
  struct newcomer {
    std::vector<storage::subscription> what;
    std::deque<std::uint64_t> unseen;
  };

  explicit state(broker_actor::pointer me) : self{me} {}

  [[nodiscard]] bool may_show() const {
    return out < ctx->options.instances.rehydrations_max;
  }

  void show(const storage::subscription& to, std::uint64_t number,
            const datum& event) {
    ++out;
    showing.insert(number);
    self->send(
      ctx->registry.get(),
      wish{.key = to.key,
           .what = requests::deliver{.event = event,
                                     .otherwise
                                     = requests::deliver::if_unawaited::ignore,
                                     .arrival = number},
           .errand
           = make_errand([me = caf::actor_cast<broker_actor>(self), number] {
               caf::anon_send(me, shown{number});
             })});
  }

  void has_shown(std::uint64_t number) {
    --out;
    if (const auto one = showing.find(number); one != showing.end())
      showing.erase(one);
    pump();
  }

  /// Events that have been shown to all who waited may go once they expire.
  void release() {
    const auto begun = current ? seen - 1 : seen;
    const auto first
      = showing.empty() ? begun : std::min(*showing.begin() - 1, begun);
    ctx->store.release_events(storage::event_reader::broker, first);
  }

  /// Shows as much as may be out at once: first what newcomers have missed, so
  /// that they see it before what arrives now.
  void pump() {
    while (may_show() && (welcome_next() || show_next()))
      ;
  }

  bool welcome_next() {
    while (!newcomers.empty() && newcomers.front().unseen.empty())
      newcomers.pop_front();
    if (newcomers.empty())
      return false;
    auto& n = newcomers.front();
    const auto number = n.unseen.front();
    n.unseen.pop_front();
    const auto read = ctx->store.read_events(number - 1, 1);
    if (read && !read->empty() && read->front().number == number
        && concerns(n.what.front(), read->front()))
      show(n.what.front(), number, read->front().event);
    return true;
  }

  bool show_next() {
    if (audience.empty() && !next_page() && !next_event())
      return false;
    if (audience.empty())
      return true;
    show(audience.front(), current->number, current->event);
    audience.pop_front();
    return true;
  }

  /// More listeners of the current event, if there are any.
  bool next_page() {
    if (!current)
      return false;
    auto subs = ctx->store.subscriptions(type_in(*current->event), current->ns,
                                         after, page);
    if (!subs || subs->empty()) {
      if (!subs)
        log::error("broker.unreadable", {{"detail", subs.error().detail}});
      current.reset();
      return false;
    }
    after = subs->back();
    audience.assign(subs->begin(), subs->end());
    return true;
  }

  bool next_event() {
    auto read = ctx->store.read_events(seen, 1);
    if (!read || read->empty())
      return false;
    current = std::move(read->front());
    after.reset();
    seen = current->number;
    by_type[type_in(*current->event)].push_back({seen, current->arrived});
    return true;
  }

  /// An instance in a loop listens again and again: what it has received is
  /// left out, and what it was to be shown before is shown anew.
  void welcome(const listens& l) {
    const auto& key = l.what.front().key;
    std::erase_if(newcomers,
                  [&](const newcomer& n) { return n.what.front().key == key; });
    newcomer n{.what = l.what, .unseen = missed_by(l)};
    if (!n.unseen.empty())
      newcomers.push_back(std::move(n));
    pump();
  }

  /// Of all its types, in the order of arrival.
  [[nodiscard]] std::deque<std::uint64_t> missed_by(const listens& l) const {
    std::set<std::string> types;
    for (const auto& s : l.what)
      types.insert(s.type);
    const bool all = types.contains("");
    const auto oldest = clock::now() - ctx->options.events.buffer_for;
    std::deque<std::uint64_t> missed;
    for (const auto& [type, events] : by_type)
      if (all || types.contains(type))
        for (const auto& b : events)
          if (b.arrived >= oldest && !l.seen.contains(b.number))
            missed.push_back(b.number);
    std::sort(missed.begin(), missed.end());
    return missed;
  }

  void prune() {
    const auto oldest = clock::now() - ctx->options.events.buffer_for;
    for (auto& [type, events] : by_type)
      while (!events.empty() && events.front().arrived < oldest)
        events.pop_front();
    std::erase_if(by_type,
                  [](const auto& pair) { return pair.second.empty(); });
    release();
    self->delayed_send(self, prune_every, tick{});
  }

  broker_actor::pointer self;
  context* ctx = nullptr;
  std::uint64_t seen = 0; ///< The last event whose showing has begun.
  std::optional<storage::arrived_event> current;
  std::optional<storage::subscription> after; ///< Of the listeners of current.
  std::deque<storage::subscription> audience;
  std::deque<newcomer> newcomers;
  std::unordered_map<std::string, std::deque<buffered>> by_type;
  std::size_t out = 0;
  std::multiset<std::uint64_t> showing; ///< The numbers of those that are out.
};

broker_actor::behavior_type broker(broker_actor::stateful_pointer<state> self,
                                   context* ctx) {
  self->state.ctx = ctx;
  self->send(self, events_arrived{});
  self->delayed_send(self, prune_every, tick{});
  return {
    [self](events_arrived) { self->state.pump(); },
    [self](const listens& l) { self->state.welcome(l); },
    [self](const shown& s) { self->state.has_shown(s.number); },
    [self](tick) { self->state.prune(); },
  };
}

} // namespace

broker_actor spawn_broker(caf::actor_system& sys, context& ctx) {
  return sys.spawn(broker, &ctx);
}

} // namespace pawl::actors
