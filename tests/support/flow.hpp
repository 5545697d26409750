#pragma once

#include "workflow/machine.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::test {

/// The definition of `text`, which is a whole document or only what stands
/// behind the header: `do: ...`. Throws with all faults if it is not valid.
[[nodiscard]] definition_ptr flow_of(std::string_view text);

/// An answer with a JSON body.
[[nodiscard]] http_outcome ok(std::string body = "{}");
/// An answer with this status and a text body.
[[nodiscard]] http_outcome status_of(std::uint32_t status,
                                     std::string body = "");
/// No answer at all.
[[nodiscard]] http_outcome no_answer(std::string why = "connection refused");

/// An order of an HTTP call, with its request as it would leave.
struct http_order : commands::perform, http_request {};

/// A little world around one instance: a clock that moves when told, a target
/// of HTTP calls that answers by a lambda, helpers likewise. It keeps the
/// history, and checks after each turn that folding it anew gives the same
/// state.
class trial {
public:
  using server = std::function<http_outcome(const http_order&)>;
  using helper
    = std::function<result<std::vector<json::value>>(const evaluation&)>;
  using answer = boost::system::result<turn, refused>;
  /// Changes the wish that creates the instance.
  using shaper = std::function<void(requests::create&, timestamp now)>;

  /// Creates an instance, which runs as far as it can by itself.
  explicit trial(std::string_view text, json::value input = json::object{},
                 machine_limits limits = {}, const shaper& shape = {});
  trial(definition_ptr of, json::value input, machine_limits limits,
        const shaper& shape = {});

  /// One turn, and its values from the helper; not carried on if `unfinished`.
  answer decide(input what);
  /// As decide, for what must be granted; goes on while turns are unfinished.
  turn grant(input what);
  /// What a refused request is told.
  refused refusal(input what);

  /// Answers all calls until none is ordered any more.
  void serve(const server& by);
  /// Reports the outcome of the only effect that is ordered.
  void reply(const effect_outcome& outcome);
  /// The effects that are ordered now, and the only one; throws if there are
  /// others.
  [[nodiscard]] std::vector<commands::perform> orders() const;
  [[nodiscard]] commands::perform order() const;
  /// Says that the only effect that is to be stopped was.
  void confirm_stop();
  /// Lets time pass, and tells the machine.
  void pass(duration length);
  /// Lets time pass up to the next timer, and tells the machine.
  void to_next_timer();
  /// Delivers a CloudEvent of `type`; a new `id` each time unless given.
  answer deliver(std::string_view type, json::value data = nullptr,
                 std::string id = "",
                 requests::deliver::if_unawaited otherwise
                 = requests::deliver::if_unawaited::keep);
  /// A crash: goes on with a machine made of the history alone.
  void crash();

  /// The calls that are ordered now.
  [[nodiscard]] std::vector<http_order> calls() const;
  /// The only call that is ordered; throws if there are others.
  [[nodiscard]] http_order call() const;
  [[nodiscard]] const instance_state& state() const;
  [[nodiscard]] std::string_view status() const; ///< As users see it.
  [[nodiscard]] std::string output() const;      ///< As JSON text.
  [[nodiscard]] std::string context() const;     ///< As JSON text.
  /// The error that ended the instance; empty if none did.
  [[nodiscard]] json::object error() const;
  /// "<last part of the type> <status> <instance>" of error(); "" for none.
  [[nodiscard]] std::string fault() const;
  [[nodiscard]] json::object shown() const; ///< As the API shows it.
  /// The facts since the last call as "task.started /do/0/a", or only those
  /// whose type starts with `prefix`.
  [[nodiscard]] std::vector<std::string> news(std::string_view prefix = "");
  /// How many facts of this type the history has.
  [[nodiscard]] std::size_t count(std::string_view type) const;

  struct fact {
    event what;
    timestamp at;
  };
  std::vector<fact> history;
  std::vector<datum> emitted;
  std::vector<std::string> left; ///< Children: their ids.
  helper help; ///< Must be set where expressions are sandboxed.
  timestamp now = from_unix_ms(1'750'000'000'000);
  std::uint64_t seed = 1;
  machine run;

private:
  [[nodiscard]] machine folded() const;
  void keep(const turn& made);
  void check() const;

  definition_ptr of_;
  machine_limits limits_;
  std::size_t told_ = 0;
  int next_event_ = 0;
};

} // namespace pawl::test
