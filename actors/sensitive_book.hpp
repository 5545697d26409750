#pragma once

#include "storage/store.hpp"
#include "workflow/machine.hpp"
#include "workflow/sensitive_memory.hpp"

#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

/// What the histories of instances tell that must not be shown. An instance
/// whose definition marks nothing of a task or of the context costs nothing;
/// of the others the whole history is folded once, and then what is new.
namespace pawl::actors {

/// The memory of one instance, with its actor. One thread.
class own_memory {
public:
  /// Takes the facts that `flow` has just folded, and what came before them
  /// from the store if that is not known. Null if there is nothing to remember.
  /// Throws std::runtime_error if the store cannot be read.
  redactor_ptr see(const storage::store& in, const instance_key& key,
                   const machine& flow, std::span<const event> fresh,
                   timestamp at);
  /// For who wants to try something on a copy; none if there is none.
  [[nodiscard]] const std::optional<sensitive_memory>& get() const {
    return memory_;
  }
  void forget() { memory_.reset(); }

private:
  std::optional<sensitive_memory> memory_;
};

/// The memories of instances that were looked at lately: 16 at most, of which
/// all but the newest keep no more than 4 MiB of values together.
///
/// Thread safety: all functions may be called from any thread.
class sensitive_book {
public:
  /// What hides of the instance, which stands as `flow` does. Null if there is
  /// nothing to remember. Throws std::runtime_error if the store cannot be
  /// read, and what folding throws.
  redactor_ptr known(const storage::store& in, const instance_key& key,
                     const machine& flow);

private:
  static constexpr std::size_t kept_max = 16;
  static constexpr std::size_t bytes_max = std::size_t{4} << 20;
  using entry = std::pair<instance_key, sensitive_memory>;

  void drop_old();

  std::mutex lock_;
  std::list<entry> recent_; ///< The newest first.
};

} // namespace pawl::actors
