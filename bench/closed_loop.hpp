#pragma once

#include "bench/histogram.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pawl::bench {

/// So many clients, each with one connection to 127.0.0.1 and one request under
/// way: the next one is sent when the answer is there.
struct load_plan {
  std::uint16_t port = 0;
  unsigned clients = 1;
  std::uint64_t count = 0;        ///< Requests in all.
  std::chrono::seconds limit{60}; ///< No new request after that.
  /// The bytes of the request with this number.
  std::function<std::string(std::uint64_t number)> request;
  /// Whether an answer is what was hoped for.
  std::function<bool(int status, std::string_view body)> is_good;
};

struct load_result {
  std::uint64_t good = 0;
  std::uint64_t bad = 0;  ///< Other answers; the first stands in `example`.
  std::uint64_t lost = 0; ///< Connections that broke under a request.
  double seconds = 0;
  histogram latency; ///< Of the good ones.
  std::string example;
};

/// Runs a plan in the calling thread and returns what came of it. Throws
/// std::runtime_error if no connection can be made at the start.
[[nodiscard]] load_result run_load(const load_plan& plan);

/// Sends one request on a connection of its own and returns status and body;
/// status 0 if there was no answer within ten seconds.
struct single_answer {
  int status = 0;
  std::string body;
};
[[nodiscard]] single_answer ask(std::uint16_t port, const std::string& request);

/// The bytes of an HTTP/1.1 request to the daemon with a JSON body.
[[nodiscard]] std::string make_request(std::string_view method,
                                       std::string_view target,
                                       std::string_view headers,
                                       std::string_view body);

} // namespace pawl::bench
