#pragma once

#include "workflow/redactor.hpp"
#include "workflow/state.hpp"

#include <deque>
#include <set>
#include <string>
#include <utility>

namespace pawl {

/// What was sensitive of one instance so far, though its state may have
/// forgotten it: what a task has put out has flown on long ago where it stands
/// in an argument or an error. It folds the instance's history, fact by fact.
///
/// Bounded: of more than 4,096 values, or more than 4 MiB of them, it knows the
/// last ones.
class sensitive_memory {
public:
  explicit sensitive_memory(definition_ptr of) : of_{std::move(of)} {}

  /// Whether the state alone does not tell all that is to be hidden: `of` marks
  /// something of a task or of the context.
  [[nodiscard]] static bool is_needed(const definition& of);

  /// Takes the next fact.
  void see(const event& fact, timestamp at);

  /// The last fact that it has seen, and when the instance was made.
  [[nodiscard]] sequence last() const { return seen_.last; }
  [[nodiscard]] timestamp created() const { return seen_.created; }

  /// How much it keeps of values.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// Hides all of it. Never null.
  [[nodiscard]] redactor_ptr hider();

private:
  void before(const event& fact);
  void after(const event& fact);
  void take(const std::string& root, const datum& value);
  void keep(const json::value& value);

  definition_ptr of_;
  instance_state seen_;
  datum context_;
  std::deque<std::string> texts_; ///< The newest last.
  std::set<std::string, std::less<>> known_;
  std::size_t bytes_ = 0;
  redactor_ptr made_; ///< Null if something has come since.
};

} // namespace pawl
