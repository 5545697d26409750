#pragma once

#include "http/net.hpp"

#include <string>
#include <unordered_set>

namespace pawl::http {

class connection;

/// One thread's worth of connections. It is shared with every callback that
/// the daemon still holds, so that a late one finds it alive; by then nothing
/// listens, and the callback does nothing.
struct loop {
  net::io_context context{1};
  std::unordered_set<connection*> open; ///< Touched on this thread only.

  /// The Date field's value, made once a second. On this thread only.
  const std::string& date();

private:
  long long date_second_ = -1;
  std::string date_;
};

} // namespace pawl::http
