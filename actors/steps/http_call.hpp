#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

struct http_call_args {
  commands::call_http what;
  std::shared_ptr<effect_gate> gate;
  instance_actor owner;
  context* ctx = nullptr;
};

/// Starts the worker of one HTTP call: it waits for a permit, passes the gate,
/// sends the request, tells its owner `effect_ended`, and ends.
///
/// It understands give_up_effect: then it closes the connection and reports an
/// effect without an outcome. If its owner dies it ends too. It dies abnormally
/// if it cannot do its work for a reason that is not the target's.
caf::actor spawn_http_call(caf::actor_system& sys, http_call_args args);

} // namespace pawl::actors
