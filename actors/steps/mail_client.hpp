#pragma once

#include "base/time.hpp"
#include "workflow/effect.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pawl::actors {

/// One mail, ready to leave, and by which server.
struct mail_job {
  std::string url;  ///< smtp:// or smtps://; any other scheme fails.
  std::string user; ///< "": without a login.
  std::string password;
  bool require_tls = true;
  std::string ca_file = {}; ///< PEM; "": the system's certificates.
  duration connect_timeout{10'000};
  duration timeout{60'000};
  std::string from; ///< Addresses alone, as the envelope has them.
  std::vector<std::string> to;
  std::string text; ///< Header and body, with CRLF.
};

/// Sends mail by SMTP, with libcurl, on a few threads of its own. A mail leaves
/// for all of its recipients or for none.
///
/// Thread safety: every function may be called from any thread.
class mail_client {
public:
  static constexpr std::size_t threads_max = 4;

  /// Names a mail on its way; never used twice.
  using ticket = std::uint64_t;
  /// How it went: `status` is the server's answer as SMTP numbers it (250: it
  /// was taken), `body` its words; `failure` says why there is none. Called
  /// once on a thread of the client and must not block.
  using done = std::function<void(http_outcome)>;

  mail_client();
  /// Gives up all mails; their `done` is not called.
  ~mail_client();
  mail_client(const mail_client&) = delete;
  mail_client& operator=(const mail_client&) = delete;

  ticket send(mail_job what, done then);
  /// Gives a mail up, if it has not ended: `done` is not called unless that has
  /// begun already. The server may have it nevertheless.
  void cancel(ticket which);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Whether the server of `url` is this machine, so that what goes there cannot
/// be read on the way.
[[nodiscard]] bool is_loopback_server(const std::string& url);

} // namespace pawl::actors
