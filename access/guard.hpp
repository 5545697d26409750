#pragma once

#include "access/scope.hpp"
#include "access/throttle.hpp"
#include "access/token.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace pawl::access {

/// The other end of a connection.
struct peer {
  bool is_local = false;                 ///< Loopback, or a unix socket.
  std::string address = {};              ///< "127.0.0.1", "unix".
  std::optional<std::uint32_t> uid = {}; ///< Of a unix socket's peer.
};

/// Who asks, once that is known.
struct caller {
  std::string name = {};       ///< As mandate::who.
  std::string user = {};       ///< The name that approvals know him by.
  std::string credential = {}; ///< Of Idempotency-Keys; "" without tokens.
  std::string token_id = {};   ///< "" for who needs none.
  bool almighty = false;
  std::vector<binding> roles = {};

  /// Where the caller has `what`.
  [[nodiscard]] scope has(need what, std::string_view of = {}) const {
    return almighty ? scope::all() : scope{roles, what, of};
  }
};
using caller_ptr = std::shared_ptr<const caller>;

/// Why a caller is not let in.
struct denial {
  bool bad_token = false; ///< One was shown; else none was.
  std::string detail = {};
  std::optional<duration> retry_after = {}; ///< It tried too often.
};

/// Knows who may come in: the tokens in memory, as the store has them.
///
/// As long as no token was ever made, all who are on this machine may do
/// everything. From the first one on, root and the daemon's own user on the
/// unix socket may, and else those who show a token.
///
/// Thread safety: every function may be called from any thread; none blocks.
class guard {
public:
  /// `own_uid` is the daemon's.
  guard(std::uint32_t own_uid, throttle::bounds b)
      : own_uid_{own_uid}, misses_{b} {}

  /// Takes in what the store holds.
  void load(std::vector<token> all, bool ever_made);
  /// A token was made, durably.
  void add(token made);
  /// A token was revoked, durably.
  void remove(const std::string& id);

  /// Whether a token was ever made.
  [[nodiscard]] bool closed() const { return closed_; }
  /// Who it is that comes from `from` with this Authorization field; absent if
  /// there is none.
  [[nodiscard]] std::variant<caller_ptr, denial>
  admit(const peer& from, const std::optional<std::string_view>& authorization,
        timestamp now);
  /// Whether `who` would still be let in.
  [[nodiscard]] bool stands(const caller& who, timestamp now) const;

  struct listed {
    token what;
    std::optional<timestamp> last_used; ///< Since the start of the daemon.
  };
  /// All tokens, ordered by id.
  [[nodiscard]] std::vector<listed> list() const;
  [[nodiscard]] std::optional<listed> find(const std::string& id) const;

  /// Whether a refusal should be recorded now: so many a second, no more.
  [[nodiscard]] bool record_refusal(timestamp now);

private:
  struct entry {
    token what;
    caller_ptr as;
    std::atomic<std::int64_t> used_ms = 0;
  };
  using entry_ptr = std::shared_ptr<entry>;
  [[nodiscard]] entry_ptr entry_of(std::string_view id) const;
  caller_ptr without_token(const peer& from) const;
  denial refuse(const peer& from, std::string why, timestamp now);

  std::uint32_t own_uid_;
  throttle misses_;
  std::atomic<bool> closed_ = false;
  mutable std::shared_mutex lock_;
  std::unordered_map<std::string, entry_ptr> tokens_;
  std::atomic<std::int64_t> refusals_second_ = 0;
  std::atomic<std::uint32_t> refusals_ = 0;
};

} // namespace pawl::access
