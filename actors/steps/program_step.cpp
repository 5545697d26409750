#include "actors/steps/step.hpp"
#include "base/log.hpp"

#include <boost/json/array.hpp>

#include <mutex>

namespace pawl::actors {

namespace {

/// Runs a program, after fetching its text if that stands elsewhere. Outlives
/// its step while that is on its way.
class program_run : public std::enable_shared_from_this<program_run> {
public:
  program_run(context& ctx, step_order order, step_done done)
      : ctx_{ctx}, order_{std::move(order)}, done_{std::move(done)} {}

  void begin() {
    const auto* source = arguments().if_contains("source");
    if (source == nullptr)
      return run({});
    const auto* uri = source->at("uri").if_string();
    if (uri == nullptr)
      return end(step_failed{error_kind::expression,
                             "The endpoint of the source is no text."});
    ctx_.resources.load(
      resource_of(std::string{*uri}, order_.source_access),
      [me = shared_from_this()](const resource_loader::outcome& got) {
        if (const auto* why = std::get_if<no_resource>(&got))
          return me->end(step_failed{why->kind, why->detail});
        me->run(std::get<resource_ptr>(got)->text);
      });
  }

  void give_up(giving_up how) {
    std::optional<program_client::ticket> running;
    {
      const std::lock_guard hold{lock_};
      // A program that nobody awaits has done its task by having begun. The
      // task is not ordered again then, so a pause must leave the program.
      if (done_ || how == giving_up::for_good)
        running = running_;
    }
    if (running)
      return ctx_.programs.stop(*running); // Its end is told.
    end(step_stopped{});
  }

  void abandon() {
    const std::lock_guard hold{lock_};
    done_ = {};
    if (running_ && what().await)
      ctx_.programs.stop(*running_);
  }

private:
  [[nodiscard]] const json::object& arguments() const {
    return order_.what.arguments->as_object();
  }
  [[nodiscard]] const tasks::run_program& what() const {
    return *std::get_if<tasks::run_program>(&order_.what.node->kind);
  }

  [[nodiscard]] program_order program(const std::string& code) const {
    program_order out{.what = static_cast<program_kind>(what().what),
                      .language = what().language,
                      .arguments = {},
                      .effect_key = order_.what.effect_key,
                      .attempt = order_.what.attempt,
                      .detached_of = {},
                      .workflow_namespace = order_.flow->id.ns,
                      .workflow_name = order_.flow->id.name,
                      .task = order_.what.node->name};
    if (const auto* members = arguments().at("with").if_object())
      out.arguments = *members;
    if (arguments().contains("source"))
      out.arguments["code"] = code;
    if (!what().await)
      out.detached_of = order_.whose;
    return out;
  }

  void run(const std::string& code) {
    const std::lock_guard hold{lock_};
    if (!done_)
      return; // Given up meanwhile.
    running_ = ctx_.programs.start(
      program(code), [me = shared_from_this()](program_result how) {
        me->ended(std::move(how));
      });
    if (!what().await && done_)
      std::exchange(done_, {})(effect_outcome{program_outcome{}});
  }

  /// Nobody else hears how a program went that is not awaited.
  void note(const program_result& how) const {
    const auto& task = order_.what.node->name;
    const auto* why = std::get_if<program_failure>(&how);
    if (why == nullptr)
      log::info("programs.detached_ended",
                {{"instance", order_.id},
                 {"task", task},
                 {"code", std::get<program_outcome>(how).code}});
    else if (why->stopped)
      log::info("programs.detached_stopped",
                {{"instance", order_.id}, {"task", task}});
    else
      log::warn(
        "programs.detached_failed",
        {{"instance", order_.id}, {"task", task}, {"detail", why->detail}});
  }

  void ended(program_result how) {
    if (!what().await && told())
      note(how);
    if (auto* why = std::get_if<program_failure>(&how)) {
      if (why->stopped)
        return end(step_stopped{});
      return end(step_failed{why->kind, std::move(why->detail)});
    }
    end(effect_outcome{std::get<program_outcome>(std::move(how))});
  }

  bool told() {
    const std::lock_guard hold{lock_};
    return !done_;
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
  // The client may tell of a failure within its start().
  std::recursive_mutex lock_;
  step_done done_; ///< Empty once it was told.
  std::optional<program_client::ticket> running_;
};

class program_step final : public step {
public:
  explicit program_step(std::shared_ptr<program_run> run)
      : run_{std::move(run)} {
    run_->begin();
  }
  ~program_step() override { run_->abandon(); }
  void give_up(giving_up how) override { run_->give_up(how); }

private:
  std::shared_ptr<program_run> run_;
};

} // namespace

std::unique_ptr<step> start_program_step(context& ctx, step_order order,
                                         step_done done) {
  return std::make_unique<program_step>(
    std::make_shared<program_run>(ctx, std::move(order), std::move(done)));
}

} // namespace pawl::actors
