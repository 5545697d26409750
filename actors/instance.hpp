#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

struct instance_args {
  instance_key key;
  context* ctx = nullptr;
};

/// Starts the actor of one instance, hot or new: it makes each turn of the
/// machine durable, answers, and only then does what the machine asks for.
///
/// It loads itself from the store when the first message comes, and asks the
/// registry to let it go as soon as it only waits. A client's wish is answered
/// once what it says is on disk, or with the refusal.
///
/// It quits abnormally if the machine throws or the store is not what it ought
/// to be; the registry then starts it anew from what the journal holds.
instance_actor spawn_instance(caf::actor_system& sys, instance_args args);

} // namespace pawl::actors
