#include "actors/evaluator.hpp"

#include <caf/actor_system.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <unordered_map>

namespace pawl::actors {

namespace {

struct state {
  static inline const char* name = "evaluator";
  using promise = caf::typed_response_promise<evaluated>;

  explicit state(evaluator_actor::pointer me) : self{me} {}
  state(const state&) = delete;
  state& operator=(const state&) = delete;
  ~state() {
    for (auto& [number, answer] : waiting)
      answer.deliver(caf::make_error(caf::sec::request_receiver_down));
  }

  caf::result<evaluated> begin(const evaluate& what) {
    auto answer = self->make_response_promise<evaluated>();
    const auto number = ++last;
    waiting.emplace(number, answer);
    ctx->helpers(what, [number, me = caf::actor_cast<evaluator_actor>(self)](
                         result<std::vector<json::value>> values) {
      caf::anon_send(me, helped{number, std::move(values)});
    });
    return answer;
  }

  void end(helped& h) {
    const auto found = waiting.find(h.number);
    if (found == waiting.end())
      return;
    found->second.deliver(evaluated{std::move(h.values)});
    waiting.erase(found);
  }

  evaluator_actor::pointer self;
  context* ctx = nullptr;
  std::unordered_map<std::uint64_t, promise> waiting;
  std::uint64_t last = 0;
};

evaluator_actor::behavior_type
evaluator(evaluator_actor::stateful_pointer<state> self, context* ctx) {
  self->state.ctx = ctx;
  return {
    [self](const evaluate& what) { return self->state.begin(what); },
    [self](helped& h) { self->state.end(h); },
  };
}

} // namespace

evaluator_actor spawn_evaluator(caf::actor_system& sys, context& ctx) {
  return sys.spawn(evaluator, &ctx);
}

} // namespace pawl::actors
