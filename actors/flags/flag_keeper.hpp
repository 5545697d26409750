#pragma once

#include "actors/kept/kept_book.hpp"

#include <map>
#include <mutex>
#include <string>

namespace pawl::actors {

/// Flags: values that operators set and workflows read as
/// `$runtime.metadata.flags`. A flag of a namespace hides the daemon's own of
/// the same name. Thread safety: all functions may be called from any thread.
class flag_keeper final : public kept_keeper {
public:
  static constexpr std::size_t value_bytes_max = 4096;

  [[nodiscard]] result<json::object> read(const kept_ref& which,
                                          const json::value& sent) override;
  void changed(const std::string& ns, const std::string& name,
               const kept_thing* now) override;
  [[nodiscard]] json::object shown(const kept_thing& what) override;

  /// What workflows of `ns` see: name -> value. Null if there is no flag.
  [[nodiscard]] datum flags_of(const std::string& ns) const;

private:
  mutable std::mutex lock_;
  /// By namespace, "" for those of the daemon.
  std::map<std::string, json::object, std::less<>> all_;
  mutable std::map<std::string, datum, std::less<>> made_; ///< By flags_of.
};

} // namespace pawl::actors
