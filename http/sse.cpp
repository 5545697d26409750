#include "http/sse.hpp"

#include <fmt/format.h>

namespace pawl::http {

namespace {

constexpr std::size_t flush_bytes = std::size_t{64} * 1024;

} // namespace

std::string gap_json(const actors::history_page::gap& missed) {
  return fmt::format(R"({{"missed":true,"from":"{}","to":"{}"}})", missed.from,
                     missed.to);
}

void append_event(std::string& out, const actors::history_page::item& item) {
  fmt::format_to(std::back_inserter(out),
                 "id: {}\nevent: {}\ndata: ", item.number, item.type);
  // Compact JSON has no line break; were there one, it would end the event.
  for (std::size_t start = 0;;) {
    const auto end = item.json.find('\n', start);
    out.append(item.json, start, end - start);
    if (end == std::string::npos)
      break;
    out.append("\ndata: ");
    start = end + 1;
  }
  out.append("\n\n");
}

async<bool> event_source::open() {
  const response head{.status = 200,
                      .type = "text/event-stream",
                      .body = {},
                      .fields = {{"X-Accel-Buffering", "no"}}};
  const bool sent = co_await client_.send(
    head_bytes(head, how_, client_.on->date()), {}, in_.options.write_deadline);
  co_return sent && !how_.head_only;
}

async<bool> event_source::send(const actors::history_page& page) {
  std::string text;
  if (page.missed)
    append_event(text, {.number = page.missed->to,
                        .type = "gap",
                        .json = gap_json(*page.missed)});
  for (const auto& item : page.items) {
    append_event(text, item);
    if (text.size() < flush_bytes)
      continue;
    const bool sent = co_await send_text(text);
    if (!sent)
      co_return false;
    text.clear();
  }
  if (text.empty())
    co_return true;
  co_return co_await send_text(text);
}

async<bool> event_source::send_text(std::string_view text) {
  if (!how_.chunked)
    return client_.send(text, {}, in_.options.write_deadline);
  chunk_ = fmt::format("{:x}\r\n", text.size());
  chunk_.append(text).append("\r\n");
  return client_.send(chunk_, {}, in_.options.write_deadline);
}

// An id without data moves where the client comes back to, and tells it of no
// event.
async<bool> event_source::keep_alive(std::optional<sequence> at) {
  const auto text = at ? fmt::format(":\nid: {}\n\n", *at) : ":\n\n";
  co_return co_await send_text(text);
}

// The empty chunk tells a whole stream from one that was cut.
async<void> event_source::close(stream_end why) {
  if (why == stream_end::complete && how_.chunked)
    co_await client_.send("0\r\n\r\n", {}, in_.options.write_deadline);
}

} // namespace pawl::http
