#pragma once

#include "actors/context.hpp"

#include <caf/send.hpp>

#include <functional>
#include <future>
#include <memory>
#include <optional>

namespace pawl::actors {

/// Runs `work` on the writer's thread and waits; nothing if it failed or the
/// writer has died. Never to be called by an actor.
template <class T>
std::optional<T> ask_writer(context& ctx,
                            std::function<result<T>(storage::store&)> work) {
  auto answer = std::make_shared<std::promise<T>>();
  auto done = answer->get_future();
  caf::anon_send(ctx.writer.get(),
                 write_job{[answer = std::move(answer), work = std::move(work)](
                             storage::store& s) -> result<> {
                   auto said = work(s);
                   if (!said)
                     return said.error();
                   answer->set_value(std::move(*said));
                   return {};
                 }});
  // If the writer dies, the job is gone, and its promise with it.
  try {
    return done.get();
  } catch (const std::future_error&) {
    return std::nullopt;
  }
}

} // namespace pawl::actors
