#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::http {

/// Collects the faults of one request, so that a client reads all of them at
/// once, and turns them into one error.
class fault_list {
public:
  /// Adds a fault at `pointer`. The gravest code of all is the error's code:
  /// malformed before invalid_request before unsupported.
  void add(errc code, std::string pointer, std::string detail);
  [[nodiscard]] bool empty() const { return faults_.empty(); }
  /// The error that tells all faults; there must be one.
  [[nodiscard]] error to_error() &&;

private:
  std::vector<fault> faults_;
  errc code_ = errc::unsupported;
};

/// Reads the members of a JSON object that a client sent. Each member is taken
/// by name; finish() tells what nobody took. All faults go to the fault_list.
class member_reader {
public:
  /// Reads `value`, found at `pointer`; not an object is a fault. Both
  /// `value` and `faults` must outlive the reader.
  member_reader(const json::value& value, std::string pointer,
                fault_list& faults);

  /// The member called `name`, or null if it is absent.
  const json::value* take(std::string_view name);
  /// As take, for a text of at most `bytes_max` bytes; null is as absent.
  std::optional<std::string> text(std::string_view name,
                                  std::size_t bytes_max = 4096);
  /// As text, but absence is a fault; then the text is empty.
  std::string needed_text(std::string_view name, std::size_t bytes_max = 256);
  /// As text, for a time as in RFC 3339.
  std::optional<timestamp> time(std::string_view name);
  std::optional<bool> flag(std::string_view name);
  /// A whole number from 1 up.
  std::optional<std::uint32_t> count(std::string_view name);
  /// Adds a fault at the member `name`.
  void blame(errc code, std::string_view name, std::string detail);
  /// Makes every member that was not taken a fault.
  void finish();

private:
  const json::object* object_ = nullptr;
  std::string pointer_;
  fault_list& faults_;
  std::vector<std::string_view> taken_;
};

} // namespace pawl::http
