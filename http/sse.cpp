#include "http/sse.hpp"

#include "http/bridge.hpp"
#include "http/problem.hpp"

#include <fmt/format.h>

namespace pawl::http {

namespace {

// Few, since an item may be as large as a payload; the page is all that a
// stream keeps in memory.
constexpr std::uint32_t page_items = 32;
constexpr std::size_t flush_bytes = std::size_t{64} * 1024;

using page_reply = std::variant<actors::history_page, actors::refusal>;

// Counts a stream for as long as it runs.
class stream_count {
public:
  explicit stream_count(core& in) : in_{in} { tell(++in_.streams); }
  ~stream_count() { tell(--in_.streams); }
  stream_count(const stream_count&) = delete;
  stream_count& operator=(const stream_count&) = delete;

private:
  void tell(std::size_t open) const {
    if (in_.watching.streams)
      in_.watching.streams(open);
  }
  core& in_;
};

// One stream at work.
class streaming {
public:
  streaming(core& in, connection& client, stream_request asked)
      : in_{in}, client_{client}, asked_{std::move(asked)},
        after_{asked_.want.after} {}
  streaming(const streaming&) = delete;
  streaming& operator=(const streaming&) = delete;
  ~streaming() { bell_->sleeper = nullptr; }

  async<std::optional<response>> run() {
    bell_->sleeper = &client_.wake;
    // Watched before the first look: what is committed between the two rings.
    const auto watch = asked_.want.observe(bell::rope(client_.on, bell_));
    auto found = co_await read_page();
    if (!found)
      co_return late();
    if (auto* why = std::get_if<actors::refusal>(&*found))
      co_return problem(*why, asked_.path);
    auto page = std::get<actors::history_page>(std::move(*found));
    if (asked_.want.reconnects && page.ended && page.items.empty())
      co_return response{.status = 204, .type = {}, .body = {}, .fields = {}};
    const response head{.status = 200,
                        .type = "text/event-stream",
                        .body = {},
                        .fields = {{"X-Accel-Buffering", "no"}}};
    if (!co_await client_.send(head_bytes(head, asked_.how, client_.on->date()),
                               {}, in_.options.write_deadline))
      co_return std::nullopt;
    if (!asked_.how.head_only)
      co_await follow(std::move(page));
    co_return std::nullopt;
  }

private:
  async<std::optional<page_reply>> read_page() {
    bell_->rung = false;
    return ask<page_reply>(
      client_, in_.options.answer_deadline, [this](actors::history_reply done) {
        asked_.want.read(after_, page_items, std::move(done));
      });
  }

  async<void> follow(actors::history_page page) {
    while (!client_.is_draining()) {
      if (!co_await send_page(page))
        co_return;
      if (page.ended) {
        // The empty chunk tells a whole stream from one that was cut.
        if (asked_.how.chunked)
          co_await client_.send("0\r\n\r\n", {}, in_.options.write_deadline);
        co_return;
      }
      if (!stands())
        co_return;
      if (page.items.empty()) {
        const bool more = co_await wait_for_bell();
        if (!more)
          co_return;
      }
      auto next = co_await read_page();
      if (!next || std::holds_alternative<actors::refusal>(*next))
        co_return;
      page = std::get<actors::history_page>(std::move(*next));
    }
  }

  async<bool> send_page(const actors::history_page& page) {
    std::string text;
    for (const auto& item : page.items) {
      append_event(text, item);
      after_ = item.number;
      if (text.size() < flush_bytes)
        continue;
      if (!co_await send_text(text))
        co_return false;
      text.clear();
    }
    if (text.empty())
      co_return true;
    co_return co_await send_text(text);
  }

  async<bool> send_text(std::string_view text) {
    quiet_until_
      = std::chrono::steady_clock::now() + in_.options.stream_keepalive;
    if (!asked_.how.chunked)
      return client_.send(text, {}, in_.options.write_deadline);
    chunk_ = fmt::format("{:x}\r\n", text.size());
    chunk_.append(text).append("\r\n");
    return client_.send(chunk_, {}, in_.options.write_deadline);
  }

  // Sleeps until something was committed, telling the client now and then that
  // we are still here. False if the stream must end.
  async<bool> wait_for_bell() {
    while (!bell_->rung) {
      net_error aborted;
      client_.wake.expires_at(quiet_until_);
      co_await client_.wake.async_wait(into(aborted));
      if (client_.is_draining() || !stands())
        co_return false;
      // A bell may ring for what this client is not shown, so it is the last
      // byte that the next sign of life counts from.
      if (aborted && std::chrono::steady_clock::now() < quiet_until_)
        continue;
      const bool sent = co_await send_text(":\n\n");
      if (!sent)
        co_return false;
    }
    co_return true;
  }

  /// Whether the client may still see what it follows.
  [[nodiscard]] bool stands() const {
    return !asked_.want.stands || asked_.want.stands();
  }

  [[nodiscard]] std::optional<response> late() const {
    if (client_.is_cut())
      return std::nullopt;
    return problem(error{errc::timed_out, "The daemon did not answer in time."},
                   asked_.path);
  }

  core& in_;
  connection& client_;
  stream_request asked_;
  sequence after_;
  std::chrono::steady_clock::time_point quiet_until_
    = std::chrono::steady_clock::now() + in_.options.stream_keepalive;
  std::shared_ptr<bell> bell_ = std::make_shared<bell>();
  std::string chunk_;
};

} // namespace

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

async<std::optional<response>> run_stream(core& in, connection& client,
                                          stream_request asked) {
  const stream_count counted{in};
  if (in.streams > in.options.streams_max)
    co_return problem(refused::too_many_connections,
                      "There are too many event streams; try again later.",
                      asked.path);
  streaming work{in, client, std::move(asked)};
  co_return co_await work.run();
}

} // namespace pawl::http
