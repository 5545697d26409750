#pragma once

#include "actors/steps/http_client.hpp"

#include <array>
#include <curl/curl.h>
#include <memory>

namespace pawl::actors {

/// One call as libcurl sees it: an easy handle with all that it points to, and
/// what it has received. Used on the client's thread only.
class http_transfer {
public:
  /// Sets `easy` up, which must be fresh or reset, and takes it over.
  http_transfer(CURL* easy, http_client::ticket id, http_call what,
                http_client::done then, const http_limits& limits);
  ~http_transfer();
  http_transfer(const http_transfer&) = delete;
  http_transfer& operator=(const http_transfer&) = delete;

  [[nodiscard]] http_client::ticket id() const { return id_; }
  [[nodiscard]] CURL* easy() const { return easy_; }
  /// Hands the easy handle back, for another call.
  CURL* release();
  /// Calls `done` with what has come of it.
  void finish(CURLcode how);

private:
  void set_method();
  void set_headers();
  void set_digest();
  void set_bounds(const http_limits& limits);
  [[nodiscard]] bool fits(std::size_t more);
  std::size_t take_header(std::string_view line);
  std::size_t take_body(std::string_view piece);

  CURL* easy_;
  http_client::ticket id_;
  http_call what_;
  http_client::done then_;
  std::uint64_t room_; ///< Bytes that may still come.
  bool too_large_ = false;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> message_{};
  http_outcome outcome_;
};

} // namespace pawl::actors
