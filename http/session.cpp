#include "http/session.hpp"

#include "http/bridge.hpp"
#include "http/peer.hpp"
#include "http/problem.hpp"
#include "http/sse.hpp"
#include "http/websocket.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>

namespace pawl::http {

namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;
using parser_type = wire::request_parser<wire::string_body>;
using steady = std::chrono::steady_clock;

constexpr std::size_t read_ahead = std::size_t{64} * 1024;
constexpr duration linger_patience{1000};
// A body up to this is sent in one piece with its head.
constexpr std::size_t joined_max = std::size_t{16} * 1024;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

// A refusal that ends the connection, since what follows is not understood.
struct fatal {
  refused code;
  std::string_view detail;
};

// What a failed read of the header means; absent if the client is just gone.
std::optional<fatal> header_fault(const net_error& failure, bool late,
                                  bool begun) {
  if (late)
    return begun ? std::optional{fatal{refused::request_timeout,
                                       "The header came too slowly."}}
                 : std::nullopt;
  if (failure == wire::error::header_limit
      || failure == wire::error::buffer_overflow)
    return fatal{refused::header_too_large, "The header is too large."};
  if (failure == wire::error::bad_version)
    return fatal{refused::version_not_supported, "Speak HTTP/1.1."};
  if (failure == wire::error::end_of_stream)
    return std::nullopt;
  if (failure == wire::error::partial_message)
    return fatal{refused::bad_request, "The header ends too early."};
  if (failure.category()
      == wire::make_error_code(wire::error::bad_field).category())
    return fatal{refused::bad_request, "This is not an HTTP request."};
  return std::nullopt;
}

class session {
public:
  session(core& in, connection& client, const listening_place& at)
      : in_{in}, client_{client}, at_{at},
        from_{peer_of(client.stream.socket().native_handle())} {}

  async<void> run() {
    // A new client must speak at once; one that has been served may idle.
    // GCC 12 miscompiles co_await inside && and ||, so each stands alone.
    bool more = co_await serve_one();
    while (more && !client_.is_draining()) {
      if (buffer_.size() == 0)
        more = co_await wait_for_next();
      if (more)
        more = co_await serve_one();
    }
    if ((broken_ || client_.stream.is_secure()) && !client_.is_cut())
      co_await client_.linger(linger_patience);
    client_.cut();
  }

private:
  async<bool> wait_for_next() {
    net_error failure;
    client_.set_idle(true);
    client_.expires_after(in_.options.idle_timeout);
    const auto got = co_await client_.stream.async_read_some(
      buffer_.prepare(8192), into(failure));
    buffer_.commit(got);
    client_.set_idle(false);
    co_return !failure;
  }

  // Reads one request and answers it. True if another may follow.
  async<bool> serve_one() {
    parser_type parser;
    parser.header_limit(
      static_cast<std::uint32_t>(in_.options.header_bytes_max));
    parser.body_limit(in_.options.body_bytes_max);
    net_error failure;
    client_.set_idle(buffer_.size() == 0);
    client_.expires_after(in_.options.header_deadline);
    co_await wire::async_read_header(client_.stream, buffer_, parser,
                                     into(failure));
    client_.set_idle(false);
    begun_ = steady::now();
    if (failure == wire::error::body_limit)
      co_return co_await refuse_large(parser);
    if (failure) {
      const auto why = header_fault(failure, client_.expired(),
                                    parser.got_some() || buffer_.size() > 0);
      if (why)
        co_await answer_fatal(*why, "/");
      co_return false;
    }
    co_return co_await serve(parser);
  }

  // The header is there. Reads the body, then answers.
  async<bool> serve(parser_type& parser) {
    take_head(parser);
    const auto where = parse_target(message_.target);
    if (!where) {
      auto no = problem(where.error(), "/");
      co_return co_await answer_broken(std::move(no));
    }
    if (const auto why = framing_fault(parser); !why.empty())
      co_return co_await answer_fatal({refused::bad_request, why}, where->path);
    if (!parser.is_done()) {
      const auto expect = message_["Expect"];
      if (!expect.empty()) {
        const bool welcome = co_await answer_expect(expect, *where);
        if (!welcome)
          co_return false;
      }
      net_error failure;
      const bool in_time = co_await read_body(parser, failure);
      if (!in_time)
        co_return co_await answer_fatal(
          {refused::request_timeout, "The body came too slowly."}, where->path);
      if (failure == wire::error::body_limit)
        co_return co_await refuse_large(parser);
      if (failure)
        co_return co_await answer_fatal(
          {refused::bad_request, "The body ends too early."}, where->path);
      message_.body = parser.get().body();
    }
    co_return co_await answer_request(*where);
  }

  void take_head(const parser_type& parser) {
    const auto& head = parser.get();
    message_.method = view(head.method_string());
    message_.target = view(head.target());
    message_.body = {};
    message_.fields.clear();
    for (const auto& f : head)
      message_.fields.push_back({view(f.name_string()), view(f.value())});
    is_http_11_ = head.version() == 11;
    keep_alive_ = is_http_11_ && head.keep_alive();
  }

  // What the parser lets through, but two readers could take differently.
  [[nodiscard]] std::string_view
  framing_fault(const parser_type& parser) const {
    const auto hosts = message_.count("Host");
    if (hosts > 1 || (hosts == 0 && is_http_11_))
      return "There must be one field Host.";
    if (message_.count("Transfer-Encoding") > 0
        && !same_word(trimmed(message_["Transfer-Encoding"]), "chunked"))
      return "The only transfer coding read here is chunked.";
    if (message_.count("Content-Length") > 0 && parser.chunked())
      return "Content-Length and Transfer-Encoding exclude each other.";
    return {};
  }

  // False once the request was refused instead.
  async<bool> answer_expect(std::string_view expect, const target& where) {
    if (!same_word(trimmed(expect), "100-continue")) {
      co_await answer_fatal(
        {refused::expectation_failed, "Only 100-continue can be expected."},
        where.path);
      co_return false;
    }
    if (auto no = refuse_early(in_.serve, message_, where, at_, from_)) {
      co_await answer_broken(std::move(*no));
      co_return false;
    }
    co_return co_await client_.send("HTTP/1.1 100 Continue\r\n\r\n", {},
                                    in_.options.write_deadline);
  }

  // Reads the rest of the body; false if it came too slowly.
  async<bool> read_body(parser_type& parser, net_error& failure) {
    const auto start = steady::now();
    std::size_t total = buffer_.size();
    const auto rate
      = std::max<std::size_t>(1, in_.options.body_bytes_per_second_min);
    while (!parser.is_done()) {
      const duration earned{static_cast<std::int64_t>(
        std::min<std::size_t>(total * 1000 / rate, std::size_t{1} << 40))};
      client_.expires_at(
        start
        + std::min(in_.options.body_deadline, in_.options.body_grace + earned));
      total += co_await wire::async_read_some(client_.stream, buffer_, parser,
                                              into(failure));
      if (failure)
        co_return !client_.expired();
    }
    co_return true;
  }

  async<bool> answer_request(const target& where) {
    auto todo = dispatch(in_.serve, message_, where, at_, from_);
    route_ = todo.by == nullptr ? std::string_view{} : todo.by->pattern;
    if (auto* now = std::get_if<response>(&todo.what))
      co_return co_await answer(std::move(*now));
    if (auto* wish = std::get_if<order>(&todo.what)) {
      auto told = co_await carry_out(*wish, where);
      if (!told)
        co_return false;
      co_return co_await answer(std::move(*told));
    }
    followed asked{std::move(std::get<stream>(todo.what)),
                   std::string{where.path}};
    if (asked.want.websocket)
      co_return co_await talk(std::move(asked));
    event_source out{in_, client_,
                     framing{.keep_alive = false,
                             .head_only = message_.method == "HEAD",
                             .chunked = is_http_11_}};
    auto instead = co_await follow_stream(in_, client_, std::move(asked), out);
    if (instead)
      co_return co_await answer(std::move(*instead));
    report(200);
    co_return false;
  }

  // The connection becomes a WebSocket.
  async<bool> talk(followed asked) {
    // Nothing may follow the request until it is answered (RFC 6455, 4.1).
    if (!is_http_11_ || buffer_.size() > 0)
      co_return co_await answer_fatal(
        {refused::bad_request, "A WebSocket begins with HTTP/1.1, and nothing "
                               "behind the request."},
        asked.path);
    auto instead = co_await run_websocket(in_, client_, std::move(asked));
    if (instead)
      co_return co_await answer(std::move(*instead));
    report(101);
    co_return false;
  }

  // What the daemon says to `wish`; nothing if the connection was cut.
  async<std::optional<response>> carry_out(const order& wish,
                                           const target& where) {
    std::optional<actors::reply> said;
    std::string failed;
    try {
      said = co_await ask<actors::reply>(
        client_, in_.options.answer_deadline + wish.patience, wish.send);
    } catch (const std::exception& failure) {
      failed = failure.what();
    }
    if (!failed.empty())
      co_return problem(error{errc::internal, failed}, where.path);
    if (!said && client_.is_cut())
      co_return std::nullopt;
    if (!said)
      co_return problem(error{errc::timed_out,
                              "The daemon did not answer in time; whether it "
                              "acted is unknown. Ask again with the same "
                              "Idempotency-Key."},
                        where.path);
    if (const auto* why = std::get_if<actors::refusal>(&*said))
      co_return problem(*why, where.path);
    const auto& ok = std::get<actors::answer>(*said);
    if (wish.undelivered && client_.has_left()) {
      wish.undelivered(ok);
      client_.cut();
      co_return std::nullopt;
    }
    co_return wish.tell ? wish.tell(ok) : answer_response(ok);
  }

  async<bool> answer(response what) {
    const framing how{.keep_alive = keep_alive_ && !client_.is_draining(),
                      .head_only = message_.method == "HEAD"};
    auto head = head_bytes(what, how, client_.on->date());
    std::string_view body;
    if (!how.head_only && what.status != 304)
      body = what.body;
    if (body.size() <= joined_max) {
      head.append(body);
      body = {};
    }
    const bool sent
      = co_await client_.send(head, body, in_.options.write_deadline);
    report(what.status);
    co_return sent&& how.keep_alive;
  }

  // Answers when what follows on the wire cannot be trusted.
  async<bool> answer_broken(response what) {
    keep_alive_ = false;
    broken_ = true;
    route_ = {};
    return answer(std::move(what));
  }

  async<bool> answer_fatal(fatal why, std::string_view path) {
    return answer_broken(problem(why.code, why.detail, path));
  }

  async<bool> refuse_large(const parser_type& parser) {
    take_head(parser);
    const auto where = parse_target(message_.target);
    return answer_broken(problem(
      error{errc::too_large, "The body is larger than "
                               + std::to_string(in_.options.body_bytes_max)
                               + " bytes, the limit here."},
      where ? where->path : std::string_view{"/"}));
  }

  void report(unsigned status) const {
    if (in_.watching.answered)
      in_.watching.answered(
        {message_.method, route_, status, steady::now() - begun_});
  }

  core& in_;
  connection& client_;
  const listening_place& at_;
  const access::peer from_;
  beast::flat_buffer buffer_{read_ahead + in_.options.header_bytes_max};
  request message_;
  std::string_view route_;
  steady::time_point begun_;
  bool is_http_11_ = true;
  bool keep_alive_ = true;
  bool broken_ = false;
};

} // namespace

async<void> run_session(core& in, connection& client,
                        const listening_place& at) {
  session work{in, client, at};
  co_await work.run();
}

async<void> refuse_connection(core& in, connection& client) {
  const auto no
    = problem(refused::too_many_connections,
              "There are too many connections; try again later.", "/");
  const auto head = head_bytes(no, {.keep_alive = false}, client.on->date());
  if (co_await client.send(head, no.body, in.options.header_deadline))
    co_await client.linger(linger_patience);
  client.cut();
}

} // namespace pawl::http
