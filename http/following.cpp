#include "http/following.hpp"

#include "http/bridge.hpp"
#include "http/problem.hpp"

namespace pawl::http {

namespace {

// Few, since an item may be as large as a payload; the page is all that a
// stream keeps in memory.
constexpr std::uint32_t page_items = 32;

using page_reply = std::variant<actors::history_page, actors::refusal>;
using steady = std::chrono::steady_clock;

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
class following {
public:
  following(core& in, connection& client, followed what, outlet& out)
      : in_{in}, client_{client}, asked_{std::move(what)}, out_{out},
        after_{asked_.want.after} {
    rest();
  }
  following(const following&) = delete;
  following& operator=(const following&) = delete;
  ~following() { bell_->sleeper = nullptr; }

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
    const bool begun = co_await out_.open();
    if (!begun)
      co_return std::nullopt;
    const auto why = co_await go_on(std::move(page));
    if (why)
      co_await out_.close(*why);
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

  // How it ends; nothing if the client is gone.
  async<std::optional<stream_end>> go_on(actors::history_page page) {
    while (!client_.is_draining()) {
      if (!page.items.empty() || page.missed) {
        const bool sent = co_await out_.send(page);
        if (!sent)
          co_return std::nullopt;
        rest();
      }
      take_position(page);
      if (page.ended)
        co_return stream_end::complete;
      if (!stands())
        co_return stream_end::barred;
      if (page.items.empty()) {
        const auto why = co_await wait_for_bell();
        if (why)
          co_return why;
      }
      if (out_.is_gone())
        co_return std::nullopt;
      auto next = co_await read_page();
      if (!next || std::holds_alternative<actors::refusal>(*next))
        co_return stream_end::failed;
      page = std::get<actors::history_page>(std::move(*next));
    }
    co_return stream_end::draining;
  }

  void take_position(const actors::history_page& page) {
    if (page.looked_to)
      after_ = *page.looked_to;
    else if (!page.items.empty())
      after_ = page.items.back().number;
  }

  // Sleeps until something was committed, telling the client now and then that
  // we are still here. What it returns ends the stream.
  async<std::optional<stream_end>> wait_for_bell() {
    while (!bell_->rung) {
      net_error aborted;
      client_.wake.expires_at(quiet_until_);
      co_await client_.wake.async_wait(into(aborted));
      if (client_.is_draining())
        co_return stream_end::draining;
      if (!stands())
        co_return stream_end::barred;
      if (out_.is_gone())
        co_return std::nullopt; // go_on() looks again.
      // A bell may ring for what this client is not shown, so it is the last
      // byte that the next sign of life counts from.
      if (aborted && steady::now() < quiet_until_)
        continue;
      rest();
      std::optional<sequence> told;
      if (asked_.want.tells_position)
        told = after_;
      const bool sent = co_await out_.keep_alive(told);
      if (!sent)
        co_return stream_end::failed;
    }
    co_return std::nullopt;
  }

  void rest() { quiet_until_ = steady::now() + in_.options.stream_keepalive; }

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
  followed asked_;
  outlet& out_;
  sequence after_;
  steady::time_point quiet_until_;
  std::shared_ptr<bell> bell_ = std::make_shared<bell>();
};

} // namespace

async<std::optional<response>> follow_stream(core& in, connection& client,
                                             followed what, outlet& out) {
  const stream_count counted{in};
  if (in.streams > in.options.streams_max)
    co_return problem(refused::too_many_connections,
                      "There are too many event streams; try again later.",
                      what.path);
  following work{in, client, std::move(what), out};
  co_return co_await work.run();
}

} // namespace pawl::http
