#pragma once

#include "base/result.hpp"
#include "http/channel.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace pawl::http {

/// Reads a certificate with what leads to its root, and its key, both PEM.
/// TLS 1.2 is the least that is spoken.
/// Fails with errc::invalid_request; the sentence names the file.
[[nodiscard]] result<tls_context> load_tls(const std::string& certificate,
                                           const std::string& key);

/// What new connections begin TLS with. Thread safety: any thread.
class tls_identity {
public:
  /// Null: no TLS.
  [[nodiscard]] tls_context now() const {
    const std::lock_guard hold{lock_};
    return context_;
  }
  void set(tls_context next) {
    const std::lock_guard hold{lock_};
    context_ = std::move(next);
  }

private:
  mutable std::mutex lock_;
  tls_context context_;
};

} // namespace pawl::http
