#pragma once

#include "base/json.hpp"
#include "base/time.hpp"
#include "workflow/definition.hpp"
#include "workflow/machine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Workflows that are tried: the pure machine of workflow/ in a little world
/// with a clock that only moves where something is due, and in which every
/// effect is made up. Nothing here knows a clock, a file, a process or a
/// network.
namespace pawl::trial {

/// How a task acts on the world, and so how what comes of it is made up.
enum class effect_kind : std::uint8_t {
  none,
  http,     ///< `call: http` and `call: openapi`.
  program,  ///< `run` of a shell, a script or a container.
  child,    ///< `run: workflow`.
  worker,   ///< `call: worker`.
  notify,   ///< `call: notify`: somebody is told.
  approval, ///< `call: approval`: people.
  unknown,  ///< One that this library has not been taught.
};
[[nodiscard]] effect_kind effect_of(const task& node);

/// "call http", "run shell", "call approval", "switch": what a task is, for
/// people.
[[nodiscard]] std::string title_of(const task& node);

/// What an effect comes to.
struct reply {
  /// What the task puts out, before its `output.as`; a null pointer: the effect
  /// goes well, whatever it says.
  struct given {
    datum output;
  };
  /// An answer over HTTP, which is read as one that has come over the wire.
  struct answered {
    std::uint32_t status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
  };
  /// How a program ended.
  struct exited {
    std::int32_t code = 0;
    std::string out, err;
  };
  /// There is no answer: why.
  struct lost {
    std::string why;
  };
  /// The effect fails with these members of a problem.
  struct failed {
    json::object error;
  };
  /// The limit that the task names has no token, and the task does not wait.
  struct limited {
    duration next{}; ///< When there is one.
  };
  std::variant<given, answered, exited, lost, failed, limited> how = given{};
  duration latency{};      ///< How long it takes.
  json::object usage = {}; ///< What a worker says that it has used.
  bool assumed = false;    ///< Nobody has said so.
};

/// Why `what` cannot be what comes of `node`, as a sentence; "" if it can be.
[[nodiscard]] std::string unfit(const reply& what, const task& node);

/// What is reported to the machine when the effect `order` comes to `what`,
/// which fits its task.
[[nodiscard]] report outcome_of(const reply& what,
                                const commands::perform& order);

/// What `order` would do in the world: {"kind": "http", "method", "uri",
/// "headers"?, "body"?}, {"kind": "worker", "queue", "input"}, {"kind":
/// "program", "program": "shell", "command"}, {"kind": "child", "workflow",
/// "input"}, {"kind": "notify", "channel", and the members of `with`}. A part
/// that depends on secrets is null.
[[nodiscard]] json::object description_of(const commands::perform& order);
/// As description_of, for an approval that asks with these arguments.
[[nodiscard]] json::object description_of_approval(const json::value& asked);
/// Why `call: notify` with these arguments tells nobody, as a sentence; "" if
/// it does. A part that depends on secrets is taken to be as it must.
[[nodiscard]] std::string unsendable(const json::object& arguments);
/// A description in one line: "POST http://svc/pay", "queue review".
[[nodiscard]] std::string line_of(const json::object& description);

} // namespace pawl::trial
