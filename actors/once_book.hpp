#pragma once

#include "actors/gateway.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace pawl::actors {

/// Requests with an Idempotency-Key that are being worked on: a repeat waits
/// for the first and gets its answer.
///
/// Thread safety: every function may be called from any thread. To be held by
/// shared_ptr, since answers may come late.
class once_book : public std::enable_shared_from_this<once_book> {
public:
  /// Calls `work` with where to answer, unless the same request is being worked
  /// on: then `to` gets that one's answer, marked as replayed. The same key
  /// with another body is refused with errc::key_reused.
  void run(const idempotency& key, reply_to to,
           const std::function<void(reply_to)>& work);

private:
  struct entry {
    std::string body_digest;
    std::vector<reply_to> repeats;
  };
  void end(const std::string& scope, const reply& what);

  std::mutex lock_;
  std::unordered_map<std::string, entry> running_;
};

/// What a key gets that was used with another body.
[[nodiscard]] refusal key_reused();

} // namespace pawl::actors
