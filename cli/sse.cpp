#include "cli/sse.hpp"

namespace pawl::cli {

bool sse_parser::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (after_cr_ && bytes[0] == '\n')
      bytes.remove_prefix(1);
    after_cr_ = false;
    auto end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (line_.size() + event_.data.size() > event_max)
      return false;
    if (end == bytes.npos)
      return true;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    take_line(line_);
    line_.clear();
  }
  return true;
}

void sse_parser::take_line(std::string_view line) {
  if (line.empty())
    return dispatch();
  auto colon = line.find(':');
  auto field = line.substr(0, colon);
  auto value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (field == "data") {
    if (has_data_)
      event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "id" && value.find('\0') == value.npos) {
    event_.id = value;
  }
}

void sse_parser::dispatch() {
  if (has_data_) {
    if (event_.type.empty())
      event_.type = "message";
    on_event_(event_);
  }
  has_data_ = false;
  event_.type.clear();
  event_.data.clear();
}

} // namespace pawl::cli
