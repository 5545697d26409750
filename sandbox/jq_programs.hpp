#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct jq_state;

namespace pawl::sandbox {

/// How the process ends when memory runs out; the pool tells it from a crash.
inline constexpr int exit_out_of_memory = 77;

/// The programs compiled so far; the least recently used one goes first, for
/// compiling costs some 13 ms. One thread.
class jq_programs {
public:
  explicit jq_programs(std::size_t size_max) : size_max_{size_max} {}

  /// Answers one request, both as JSON text.
  ///
  /// `{"program": text, "names": [..], "values": [..], "data": value,
  /// "now": seconds}` gives `{"results": [..]}` or `{"error": sentence}`.
  std::string answer(std::string_view request);

private:
  struct state_deleter {
    void operator()(jq_state* jq) const;
  };
  using state = std::unique_ptr<jq_state, state_deleter>;
  struct compiled {
    std::string key;
    state jq;
  };

  jq_state* find(const std::string& key, std::string& fault);

  std::size_t size_max_;
  std::list<compiled> recent_; // The latest first.
  std::unordered_map<std::string_view, std::list<compiled>::iterator> by_key_;
};

} // namespace pawl::sandbox
