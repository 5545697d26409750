#pragma once

#include "base/result.hpp"
#include "storage/rows.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace pawl::storage {

class database;

/// In meta: "size/", namespace.
[[nodiscard]] std::string size_key(std::string_view ns);

/// What the instances of each namespace take: the sum of their head::sizes.
///
/// Invariant: it is what the rows on disk say, since every write that changes
/// a head's sizes has the namespace's row in it.
///
/// Thread safety: apply() is for the writer's thread, the rest for any.
class namespace_sizes {
public:
  using totals = std::map<std::string, std::uint64_t, std::less<>>;

  /// What one write changes, to be gathered while its rows are.
  class change {
  public:
    void add(std::string_view ns, std::uint64_t before, std::uint64_t after) {
      if (before != after)
        by_[std::string{ns}]
          += static_cast<std::int64_t>(after - before); // Modulo 2^64.
    }

  private:
    friend class namespace_sizes;
    std::map<std::string, std::int64_t, std::less<>> by_;
  };

  /// Reads the rows. Fails with errc::corrupt, errc::io.
  [[nodiscard]] result<> load(const database& from);
  /// Adds the rows that `what` leads to.
  void add_rows(row_list& rows, const change& what) const;
  /// `what` is durable.
  void apply(const change& what);

  [[nodiscard]] std::uint64_t of(std::string_view ns) const;
  [[nodiscard]] totals all() const;

private:
  [[nodiscard]] std::uint64_t after(std::string_view ns,
                                    std::int64_t more) const;

  mutable std::mutex lock_;
  totals bytes_; ///< None is 0.
};

} // namespace pawl::storage
