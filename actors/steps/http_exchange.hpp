#pragma once

#include "actors/steps/step.hpp"

#include <mutex>

namespace pawl::actors {

/// The HTTP request of one effect: marked with the effect's key and attempt,
/// sent once, and its answer told. Destroying it abandons the request.
///
/// Thread safety: all functions may be called from any thread.
class http_exchange {
public:
  http_exchange(context& ctx, const step_order& order, step_done done);
  ~http_exchange();
  http_exchange(const http_exchange&) = delete;
  http_exchange& operator=(const http_exchange&) = delete;

  /// Sends `request`, unless it was given up or a hold is on its host; `shown`
  /// is what `output: response` tells of it.
  void send(http_request request, json::object shown);
  /// Ends the effect without sending anything, unless it was given up.
  void end_with(step_result how);
  /// Gives it up and says so, unless it has ended so.
  void give_up();
  /// Gives it up and says nothing.
  void abandon();
  /// Whether there is nothing more to do.
  [[nodiscard]] bool over();

private:
  /// True once: whoever gets it has the say.
  [[nodiscard]] bool end();

  context& ctx_;
  [[nodiscard]] std::vector<std::string> held_by(const std::string& uri) const;
  /// Whether it must ask its worker before it goes there, and does.
  [[nodiscard]] bool needs_leave(const std::string& uri);

  const std::string key_;
  const definition_ptr flow_;
  const std::string task_;
  const std::uint32_t attempt_;
  const std::string traceparent_; ///< "" for none.
  const std::optional<authorized> access_;
  const std::string ns_; ///< Of the instance.
  const std::shared_ptr<host_leave> leave_;
  const step_done done_;
  std::mutex lock_;
  bool over_ = false;
  std::optional<http_client::ticket> running_;
};

} // namespace pawl::actors
