#include "actors/steps/step.hpp"
#include "actors/stored_machine.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <mutex>

namespace pawl::actors {

namespace {

/// By this a child that its parent has paused is told from one that somebody
/// else has.
constexpr std::string_view paused_with_parent = "paused with its parent";

/// What outlives the step: answers and watches may still come in.
class child : public std::enable_shared_from_this<child> {
public:
  child(context& ctx, step_order order, step_done done)
      : ctx_{ctx}, order_{std::move(order)}, done_{std::move(done)},
        id_{order_.what.arguments->as_object().at("id").as_string()} {}

  void begin() {
    const auto& arguments = order_.what.arguments->as_object();
    const auto text = [&](const char* name) {
      return std::string{arguments.at(name).as_string()};
    };
    ns_ = text("namespace");
    key_ = key_of(ns_, id_);
    if (ctx_.store.read_head(key_))
      return made();
    if (!order_.what.begins)
      return end(step_stopped{});
    const auto version = text("version");
    auto flow = ctx_.definitions.find(
      {.ns = ns_,
       .name = text("name"),
       .version = version == "latest" ? std::nullopt : std::optional{version}});
    if (!flow)
      return end(step_failed{error_kind::configuration, flow.error().detail});
    requests::create wanted{.ns = ns_,
                            .id = id_,
                            .input = make_datum(arguments.at("input")),
                            .labels = {}};
    wanted.parent = order_.id;
    wanted.depth = arguments.at("depth").to_number<std::uint32_t>();
    wanted.fault_if_invalid = true;
    wanted.traceparent = order_.what.traceparent;
    if (arguments.contains("by"))
      wanted.by = text("by");
    ask(std::move(wanted), *flow, [](child& me, const reply& r) {
      const auto* no = std::get_if<refusal>(&r);
      if (no != nullptr && no->what.code != errc::already_exists)
        return me.end(step_failed{
          error_kind::runtime, "the child was not made: " + no->what.detail});
      me.made();
    });
  }

  void give_up(giving_up how) {
    {
      const std::lock_guard hold{lock_};
      wish_ = how == giving_up::for_good ? wishes::cancel : wishes::pause;
      if (how == giving_up::interrupt)
        mode_ = pause_mode::interrupt;
      if (!made_)
        return; // As soon as it is.
    }
    follow_wish();
  }

  void abandon() {
    const std::lock_guard hold{lock_};
    done_ = {};
    watch_.reset();
  }

private:
  enum class wishes : std::uint8_t { none, pause, cancel };

  void made() {
    if (!std::get<tasks::run_workflow>(order_.what.node->kind).await)
      return end(effect_outcome{child_outcome{.id = id_, .begun_only = true}});
    auto watch = ctx_.changes.observe(
      key_, [weak = weak_from_this()](sequence, instance_status) {
        if (const auto me = weak.lock())
          me->look();
      });
    bool wished = false;
    {
      const std::lock_guard hold{lock_};
      if (!done_)
        return; // Abandoned meanwhile.
      watch_ = std::move(watch);
      made_ = true;
      wished = wish_ != wishes::none;
    }
    if (wished)
      return follow_wish();
    look();
  }

  void follow_wish() {
    if (wanted() == wishes::cancel)
      ask(requests::cancel{"its parent was cancelled"}, nullptr,
          [](child& me, const reply&) { me.look(); });
    else // The store is read off the thread that told of the pause.
      ctx_.system.spawn([me = shared_from_this()] { me->pause_as_parent(); });
  }

  /// Its timers run or stand still as those of its parent do.
  void pause_as_parent() {
    const auto parent = load_machine(ctx_, order_.whose);
    ask(requests::pause{.mode = mode(),
                        .reason = std::string{paused_with_parent},
                        .freeze = parent && parent->flow.state().freeze},
        nullptr, [](child& me, const reply&) { me.look(); });
  }

  void ask(request what, definition_ptr flow,
           std::function<void(child&, const reply&)> then) {
    auto answered
      = [weak = weak_from_this(), then = std::move(then)](const reply& r) {
          if (const auto me = weak.lock())
            then(*me, r);
        };
    caf::anon_send(ctx_.registry.get(),
                   wish{.key = key_,
                        .what = std::move(what),
                        .flow = std::move(flow),
                        .reply = make_answer(std::move(answered))});
  }

  /// Reads how the child stands, off the thread that told of a change.
  void look() {
    ctx_.system.spawn([me = shared_from_this()] { me->read(); });
  }

  void read() {
    const auto loaded = load_machine(ctx_, key_);
    if (!loaded)
      return end(step_failed{error_kind::runtime, "the child cannot be read: "
                                                    + loaded.error().detail});
    const auto& s = loaded->flow.state();
    const auto asked = wanted();
    if (ended(s.status)) {
      if (asked == wishes::cancel)
        return end(step_stopped{});
      const bool well = s.status == instance_status::completed;
      const bool faulted = s.status == instance_status::faulted;
      return end(
        effect_outcome{child_outcome{.id = id_,
                                     .output = well ? s.output : nullptr,
                                     .error = faulted ? s.error : nullptr}});
    }
    if (s.status != instance_status::suspended)
      return;
    if (asked == wishes::pause)
      return end(step_stopped{});
    if (asked == wishes::none && s.reason == paused_with_parent)
      ask(requests::resume{"its parent goes on"}, nullptr,
          [](child&, const reply&) {});
  }

  [[nodiscard]] wishes wanted() const {
    const std::lock_guard hold{lock_};
    return wish_;
  }

  [[nodiscard]] pause_mode mode() const {
    const std::lock_guard hold{lock_};
    return mode_;
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
  mutable std::mutex lock_;
  step_done done_; ///< Empty once it was told.
  std::unique_ptr<watch> watch_;
  bool made_ = false;
  wishes wish_ = wishes::none;
  pause_mode mode_ = pause_mode::drain;
  const std::string id_;
  std::string ns_;
  instance_key key_{};
};

class child_step final : public step {
public:
  explicit child_step(std::shared_ptr<child> of) : child_{std::move(of)} {}
  ~child_step() override { child_->abandon(); }
  void give_up(giving_up how) override { child_->give_up(how); }

private:
  std::shared_ptr<child> child_;
};

} // namespace

std::unique_ptr<step> start_child_step(context& ctx, step_order order,
                                       step_done done) {
  auto made = std::make_shared<child>(ctx, std::move(order), std::move(done));
  made->begin();
  return std::make_unique<child_step>(std::move(made));
}

} // namespace pawl::actors
