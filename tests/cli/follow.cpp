#define BOOST_TEST_MODULE cli.follow

#include "tests/cli/fake_server.hpp"
#include "tests/cli/program.hpp"

#include <boost/test/unit_test.hpp>

using program::run_pawl;

namespace {

std::string event(int number, const std::string& type,
                  const std::string& task = {},
                  const std::string& data = "{}") {
  auto n = std::to_string(number);
  return "id: " + n + "\nevent: " + type + "\ndata: {\"sequence\":" + n
         + ",\"type\":\"" + type
         + "\",\"time\":\"2026-01-01T00:00:00Z\",\"task\":\"" + task
         + "\",\"data\":" + data + "}\n\n";
}

std::string instance(const std::string& status, int sequence) {
  return R"({"id":"i1","workflow":{"namespace":"d","name":"w","version":"1"},)"
         R"("status":")"
         + status + R"(","sequence":)" + std::to_string(sequence) + "}";
}

/// A daemon that tells the history in pieces: each connection gets the next
/// piece and is cut, in the middle of an event if the piece ends so.
struct daemon_in_pieces {
  std::vector<std::string> pieces;
  std::string ending = "completed";
  int last = 0; ///< Of the ended instance.
  std::size_t next = 0;

  fake::reply operator()(const fake::request& r) {
    if (r.method == "POST")
      return {201, instance("running", 1)};
    if (r.target.find("/events") == std::string::npos)
      return {200, instance(next < pieces.size() ? "running" : ending, last)};
    if (next >= pieces.size())
      return {.status = 0, .body = {}, .drop = true};
    if (pieces[next] == "refuse") {
      ++next;
      return {503, ""};
    }
    if (pieces[next] == "ended") {
      ++next;
      return {204, ""};
    }
    return {200, pieces[next++], "Content-Type: text/event-stream\r\n", false,
            true};
  }
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

} // namespace

BOOST_AUTO_TEST_SUITE(follow)

BOOST_AUTO_TEST_CASE(goes_on_behind_the_last_event_after_a_loss) {
  auto half = event(4, "task.completed", "/do/0/a", R"({"frame":1})");
  daemon_in_pieces d{
    {event(1, "instance.created") + event(2, "instance.started")
       + event(3, "task.started", "/do/0/a", R"({"frame":1,"parent":0})")
       + half.substr(0, half.size() - 5),
     "refuse",
     // The daemon repeats more than it was asked for: shown once all the same.
     event(3, "task.started", "/do/0/a", R"({"frame":1,"parent":0})") + half
       + event(5, "instance.completed")}};
  d.last = 5;
  fake::server s{std::ref(d)};
  auto run = run_pawl(s.url(), {"run", "d/w", "--follow"});
  BOOST_TEST(run.code == 0, run.err);
  BOOST_TEST(count(run.err, "connection lost, reconnecting") == 1U);
  BOOST_TEST(count(run.err, "reconnected") == 1U);
  BOOST_TEST(count(run.err, "a started") == 1U);
  BOOST_TEST(count(run.err, "a completed") == 1U);
  BOOST_TEST(count(run.err, "\x1b") == 0U);
  std::vector<std::string> asked;
  for (auto& r : s.seen())
    if (r.headers.count("Last-Event-ID") != 0)
      asked.push_back(r.headers["Last-Event-ID"]);
  std::vector<std::string> expected{"0", "3", "3"};
  BOOST_TEST(asked == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tells_the_end_by_its_exit_code) {
  for (auto [status, code] :
       {std::pair{"completed", 0}, {"faulted", 10}, {"cancelled", 11}}) {
    daemon_in_pieces d{{event(1, "instance.created")
                        + event(2, std::string{"instance."} + status)}};
    d.ending = status;
    d.last = 2;
    fake::server s{std::ref(d)};
    BOOST_TEST(run_pawl(s.url(), {"run", "d/w", "--follow"}).code == code,
               status);
  }
}

BOOST_AUTO_TEST_CASE(follows_on_when_a_fault_was_undone) {
  daemon_in_pieces d{
    {event(1, "instance.created") + event(2, "instance.faulted"),
     event(3, "task.retried", "/do/0/a") + event(4, "instance.completed")}};
  d.last = 4;
  fake::server s{std::ref(d)};
  auto all = run_pawl(s.url(), {"history", "i1", "-f", "-o", "jsonl"});
  BOOST_TEST(all.code == 0);
  BOOST_TEST(count(all.out, "\n") == 4U);
}

BOOST_AUTO_TEST_CASE(takes_an_answer_without_content_for_the_end) {
  daemon_in_pieces d{{event(1, "instance.created"), "ended"}};
  d.last = 1;
  fake::server s{std::ref(d)};
  auto run = run_pawl(s.url(), {"run", "d/w", "--follow", "--wait", "5"});
  BOOST_TEST(run.code == 0, run.err);
}

BOOST_AUTO_TEST_CASE(stops_when_its_time_is_over) {
  daemon_in_pieces d{{event(1, "instance.created")}};
  d.ending = "running";
  fake::server s{std::ref(d)};
  auto late = run_pawl(s.url(), {"run", "d/w", "--follow", "--wait", "0.5"});
  BOOST_TEST(late.code == 6);
  BOOST_TEST(late.err.find("pawl status i1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reports_an_instance_that_is_not_there) {
  fake::server s{[](const fake::request& r) -> fake::reply {
    if (r.method == "POST")
      return {201, instance("running", 1)};
    return {404, R"({"title":"Not found"})"};
  }};
  BOOST_TEST(run_pawl(s.url(), {"run", "d/w", "--follow"}).code == 3);
}

BOOST_AUTO_TEST_SUITE_END()
