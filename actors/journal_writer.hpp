#pragma once

#include "actors/context.hpp"

#include <caf/fwd.hpp>

namespace pawl::actors {

/// Starts the one actor that writes to the store, on a thread of its own.
///
/// Commits are batched by nature: while one group is being written the next
/// gathers in the mailbox, and a flush stands behind all that was there. Each
/// turn is answered alone, after the group is durable; one that was not written
/// because the writer died is answered with an error.
///
/// If the disk refuses (errc::io) the process ends with code 74: after a failed
/// fsync nothing is known about what it holds.
writer_actor spawn_journal_writer(caf::actor_system& sys, context& ctx);

} // namespace pawl::actors
