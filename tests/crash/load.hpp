#pragma once

#include "tests/support/http_server.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace pawl::crash {

/// What a client was told of one instance, and so must find again.
struct promised {
  bool started = false;
  std::uint64_t sequence = 0;      ///< The highest that was acknowledged.
  std::vector<std::string> events; ///< Ids of those accepted.
  std::uint64_t pauses = 0;
  bool cancelled = false;
};

/// Counts over all clients.
struct tally {
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<std::uint64_t> unknown{0}; ///< Answers that a crash swallowed.
};

/// The definition that the load runs: a call, a short wait, an event, a call
/// that fails now and then.
[[nodiscard]] std::string definition(const std::string& sink_url);

/// Takes the effects. Notes each key, and asks the daemon at once whether its
/// history shows the intention.
class sink {
public:
  explicit sink(std::uint16_t daemon_port);
  [[nodiscard]] std::string url() const { return server_.url("/effect"); }
  /// How often each effect key came.
  [[nodiscard]] std::map<std::string, int> keys() const;
  /// Effects whose intention was looked for in the history.
  [[nodiscard]] std::uint64_t checked() const { return checked_; }
  /// Effects that came before their intention; empty if all is well.
  [[nodiscard]] std::vector<std::string> premature() const;

private:
  std::string take(const test::http_server::request& r);
  void look_for_intention(const std::string& key);

  std::uint16_t daemon_port_;
  mutable std::mutex lock_;
  std::map<std::string, int> keys_;
  std::vector<std::string> premature_;
  std::atomic<std::uint64_t> checked_{0};
  test::http_server server_;
};

/// One client: starts instances and steers them, one change after another. A
/// change whose answer was lost is asked for again under the same
/// Idempotency-Key until it is answered.
class client {
public:
  client(std::uint16_t port, int number, tally& counts);
  /// Works until `stop`.
  void run(const std::atomic<bool>& stop);
  [[nodiscard]] const std::map<std::string, promised>& promises() const {
    return promises_;
  }

private:
  struct told {
    int status = 0;
    std::string body;
  };
  told change(const std::string& path, const std::string& body,
              const std::atomic<bool>& stop);
  void one_instance(const std::atomic<bool>& stop);
  void steer(const std::string& id, promised& p, const std::atomic<bool>& stop);

  std::uint16_t port_;
  int number_;
  tally& counts_;
  std::mt19937_64 random_;
  std::uint64_t next_ = 0;
  std::map<std::string, promised> promises_;
};

} // namespace pawl::crash
