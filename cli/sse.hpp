#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace pawl::cli {

/// One event of a text/event-stream.
struct sse_event {
  std::string id;   ///< The last id seen, as the standard has it.
  std::string type; ///< "message" when the stream does not say.
  std::string data;
  bool operator==(const sse_event&) const = default;
};

/// Cuts a byte stream into events (WHATWG HTML, section 9.2), however the bytes
/// are cut into pieces. An event that was not closed by a blank line is never
/// delivered: that is what makes a reconnect gap-free.
class sse_parser {
public:
  /// More than this in one event ends the stream.
  static constexpr std::size_t event_max = std::size_t{64} << 20;

  explicit sse_parser(std::function<void(const sse_event&)> on_event)
      : on_event_{std::move(on_event)} {}

  /// Takes the next bytes. Returns false when an event exceeds event_max.
  bool feed(std::string_view bytes);

private:
  void take_line(std::string_view line);
  void dispatch();

  std::function<void(const sse_event&)> on_event_;
  std::string line_;
  bool after_cr_ = false;
  bool has_data_ = false;
  sse_event event_;
};

} // namespace pawl::cli
