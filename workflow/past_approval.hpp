#pragma once

#include "workflow/approval.hpp"

namespace pawl {

/// An approval as the history tells of it, once it is over: shown every fact of
/// its instance in their order, it knows what became of one.
class past_approval {
public:
  /// `of` must outlive it.
  past_approval(const definition& of, approval_name which)
      : of_{of}, which_{std::move(which)} {}

  void see(const event& fact, timestamp at);

  /// Whether there was such an approval.
  [[nodiscard]] bool is_known() const { return begun_; }
  /// "open", "approved", "rejected", or what ended it otherwise: "completed",
  /// "skipped", "faulted", "cancelled".
  [[nodiscard]] const std::string& status() const { return status_; }
  [[nodiscard]] const std::vector<vote>& votes() const { return votes_; }
  /// As the API shows it.
  [[nodiscard]] json::object shown() const;

private:
  [[nodiscard]] bool is_open() const { return begun_ && status_ == "open"; }
  void begin(const events::task_started& fact, timestamp at);
  void end(std::string how, timestamp at);

  const definition& of_;
  approval_name which_;
  std::uint32_t round_ = 0;
  bool begun_ = false;
  std::string status_;
  std::string ns_;
  std::string task_;
  datum arguments_ = null_datum();
  timestamp since_;
  std::optional<timestamp> ended_;
  std::vector<vote> votes_;
};

} // namespace pawl
