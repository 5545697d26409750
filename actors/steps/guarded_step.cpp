#include "actors/steps/ready_arguments.hpp"
#include "actors/steps/step.hpp"
#include "base/overload.hpp"

#include <boost/json/array.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <mutex>

namespace pawl::actors {

namespace {

/// Whether the target says that it does not know who calls.
bool is_unauthorized(const step_result& how) {
  constexpr std::uint32_t unauthorized = 401;
  const auto of_call
    = overload{[](const http_outcome& x) { return x.status == unauthorized; },
               [](const auto&) { return false; }};
  return std::visit(
    overload{[&](const effect_outcome& x) { return std::visit(of_call, x); },
             [](const auto&) { return false; }},
    how);
}

/// Puts secrets in place and proves who calls, has the effect carried out, and
/// takes out of its outcome whatever must not be kept.
class guarded_run : public std::enable_shared_from_this<guarded_run> {
public:
  guarded_run(context& ctx, step_order order, step_done done)
      : ctx_{ctx}, order_{std::move(order)}, done_{std::move(done)} {}

  void begin() { make_ready_at(0); }

  void give_up(giving_up how) {
    step* inner = nullptr; // Only its worker, who asks here, ends it.
    {
      const std::lock_guard hold{lock_};
      inner = inner_.get();
      unwanted_
        = unwanted_
          || (inner == nullptr && (done_ || how == giving_up::for_good));
    }
    if (inner != nullptr)
      return inner->give_up(how);
    end(step_stopped{});
  }

  void abandon() {
    std::unique_ptr<step> inner;
    const std::lock_guard hold{lock_};
    unwanted_ = unwanted_ || (inner_ == nullptr && done_);
    gone_ = true;
    done_ = {};
    inner.swap(inner_);
  }

private:
  /// First for what the task refers to, last for the call itself, which may
  /// read `$authorization`.
  static constexpr std::string_view places[]
    = {"/document/authentication", "/source/authentication", "/authentication"};
  static constexpr std::size_t own = std::size(places) - 1;

  void make_ready_at(std::size_t place) {
    const auto& given = order_.what.arguments->as_object();
    boost::system::error_code none;
    while (place < own
           && order_.what.arguments->find_pointer(places[place], none)
                == nullptr)
      ++place;
    const auto at = place == own && !given.contains("authentication")
                      ? std::string_view{}
                      : places[place];
    make_ready({ctx_.vault, ctx_.access}, given, order_.flow, at,
               [me = shared_from_this(), place](auto ready) {
                 if (auto* no = std::get_if<denied>(&ready))
                   return me->end(step_failed{no->kind, std::move(no->detail)});
                 me->ready(place, std::get<ready_arguments>(std::move(ready)));
               });
  }

  void ready(std::size_t place, ready_arguments with) {
    for (auto& text : with.secrets.as_array())
      known_.push_back(std::move(text));
    if (place < own) {
      source_access_ = std::move(with.access);
      return make_ready_at(place + 1);
    }
    access_ = std::move(with.access);
    with.arguments.erase("authentication");
    auto order = order_;
    order.what.arguments = make_datum(std::move(with.arguments));
    order.access = access_;
    order.source_access = source_access_;
    if (unwanted())
      return;
    auto inner = start_plain_step(
      ctx_, std::move(order),
      [me = shared_from_this()](step_result how) { me->ended(how); });
    {
      const std::lock_guard hold{lock_};
      if (!gone_ && !unwanted_)
        inner_.swap(inner);
    }
    // Given up while it began: what nobody awaits would go on by itself.
    if (inner && unwanted())
      inner->give_up(giving_up::for_good);
  }

  bool unwanted() {
    const std::lock_guard hold{lock_};
    return unwanted_;
  }

  void ended(step_result& how) {
    if (is_unauthorized(how) && !renewed_ && access_
        && ctx_.access.renew(*access_)) {
      renewed_ = true;
      // Off the thread that is within the effect which has just ended.
      ctx_.system.spawn([me = shared_from_this()] { me->make_ready_at(0); });
      return;
    }
    const json::value known(known_);
    if (auto* brought = std::get_if<effect_outcome>(&how))
      *brought = redact_outcome(std::move(*brought), known);
    if (auto* told = std::get_if<worker_told>(&how))
      told->what = std::get<worker_outcome>(
        redact_outcome(effect_outcome{std::move(told->what)}, known));
    if (auto* why = std::get_if<step_failed>(&how))
      why->detail = redact_text(std::move(why->detail), known);
    end(std::move(how));
  }

  void end(step_result how) {
    step_done done;
    {
      const std::lock_guard hold{lock_};
      done = std::exchange(done_, {});
    }
    if (done)
      done(std::move(how));
  }

  context& ctx_;
  const step_order order_;
  std::mutex lock_;
  step_done done_; ///< Empty once it was told.
  std::unique_ptr<step> inner_;
  bool unwanted_ = false; ///< Given up before there was an inner one.
  bool gone_ = false;     ///< Abandoned.
  // Used by one thread at a time, as one thing follows the other.
  json::array known_; ///< What is not to come back.
  std::optional<authorized> access_;
  std::optional<authorized> source_access_;
  bool renewed_ = false;
};

class guarded_step final : public step {
public:
  explicit guarded_step(std::shared_ptr<guarded_run> run)
      : run_{std::move(run)} {
    run_->begin();
  }
  ~guarded_step() override { run_->abandon(); }
  void give_up(giving_up how) override { run_->give_up(how); }

private:
  std::shared_ptr<guarded_run> run_;
};

bool has_access(const json::object& arguments, std::string_view part) {
  const auto* member = arguments.if_contains(part);
  return member != nullptr && member->is_object()
         && member->get_object().contains("authentication");
}

} // namespace

bool needs_guard(const json::object& arguments) {
  return arguments.contains("late") || arguments.contains("authentication")
         || has_access(arguments, "document")
         || has_access(arguments, "source");
}

std::unique_ptr<step> start_guarded_step(context& ctx, step_order order,
                                         step_done done) {
  return std::make_unique<guarded_step>(
    std::make_shared<guarded_run>(ctx, std::move(order), std::move(done)));
}

} // namespace pawl::actors
