#define BOOST_TEST_MODULE actors.expression_pool
#include "actors/expression_pool.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <vector>

using namespace pawl;
using actors::expression_pool;
using actors::expression_request;

namespace {

const std::string helper = PAWL_BINARY_DIR "/bin/pawl-jq";

actors::expression_pool_options options(std::size_t helpers = 1) {
  return {.helper_path = helper,
          .helpers = helpers,
          .deadline = duration{600},
          .memory_max = 128ULL * 1024 * 1024,
          .queue_max = 1'024};
}

instance_key key(int n) {
  instance_key made;
  made.bytes[0] = static_cast<std::uint8_t>(n);
  return made;
}

expression_request request(std::string program, std::string data = "null",
                           int instance = 0) {
  return {.instance = key(instance),
          .program = std::move(program),
          .variables = {},
          .data = std::move(data),
          .now = from_unix_ms(1'500)};
}

std::future<expression_pool::results> later(expression_pool& pool,
                                            expression_request what) {
  auto promise = std::make_shared<std::promise<expression_pool::results>>();
  auto made = promise->get_future();
  pool.evaluate(std::move(what),
                [promise](auto got) { promise->set_value(std::move(got)); });
  return made;
}

expression_pool::results run(expression_pool& pool, expression_request what) {
  return later(pool, std::move(what)).get();
}

std::string text(const expression_pool::results& got) {
  if (!got)
    return got.error().detail;
  return to_text(json::value(json::array(got->begin(), got->end())));
}

// The processes this one has started.
std::vector<pid_t> children() {
  std::vector<pid_t> made;
  for (const auto& task :
       std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream list{task.path() / "children"};
    for (pid_t p = 0; list >> p;)
      made.push_back(p);
  }
  return made;
}

} // namespace

BOOST_AUTO_TEST_CASE(answers_what_libjq_answers) {
  expression_pool pool{options()};
  BOOST_TEST(text(run(pool, request(".a|test(\"b+\")", R"({"a":"abbc"})")))
             == "[true]");
  BOOST_TEST(text(run(pool, request("1, 2, empty # end"))) == "[1,2]");
  BOOST_TEST(text(run(pool, request("[limit(3; repeat(.))]", "7")))
             == "[[7,7,7]]");
  BOOST_TEST(text(run(pool, request("now"))) == "[1.5]");
  auto with = request("$a.x + $b + .");
  with.variables = {{"a", R"({"x":1})"}, {"b", "20"}};
  with.data = "300";
  BOOST_TEST(text(run(pool, with)) == "[321]");
  with.data = "400"; // Compiled once, bound anew.
  BOOST_TEST(text(run(pool, with)) == "[421]");
}

BOOST_AUTO_TEST_CASE(tells_what_went_wrong) {
  expression_pool pool{options()};
  const auto raised = run(pool, request("error(\"boom\")"));
  BOOST_TEST((raised.error().code == errc::invalid_input));
  BOOST_TEST(raised.error().detail == "boom");
  const auto unknown = run(pool, request("nosuch(1)"));
  BOOST_TEST((unknown.error().code == errc::invalid_input));
  BOOST_TEST(unknown.error().detail.find("nosuch/1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(stops_what_does_not_end_and_goes_on) {
  expression_pool pool{options()};
  for (const auto* const endless :
       {"def f: f; f", "[repeat(1)|empty]", "last(range(1e12))",
        "try last(repeat(1)) catch 1",
        "[range(1e5)] | last([., ., .] | combinations)",
        "def f: try f catch f; f"}) {
    const auto got = run(pool, request(endless));
    BOOST_TEST(!got, endless);
    if (!got)
      BOOST_TEST((got.error().code == errc::timed_out
                  || got.error().code == errc::too_large
                  || got.error().code == errc::internal),
                 endless << ": " << got.error().detail);
    BOOST_TEST(text(run(pool, request(". + 1", "1"))) == "[2]");
  }
}

BOOST_AUTO_TEST_CASE(stops_what_takes_too_much_memory) {
  auto slow = options();
  slow.deadline = duration{20'000};
  expression_pool pool{slow};
  for (const auto* const greedy :
       {"[range(1e12)]", "def f: [f]; f", "def f: [.]|f; f",
        "\"x\" * 300000000", "reduce range(100) as $i (\"ab\"; . + .)",
        "def f: f, 1; [f]"}) {
    const auto got = run(pool, request(greedy));
    BOOST_TEST(!got, greedy);
    if (!got)
      BOOST_TEST((got.error().code == errc::too_large
                  || got.error().code == errc::internal),
                 greedy << ": " << got.error().detail);
    BOOST_TEST(text(run(pool, request(". + 1", "1"))) == "[2]");
  }
}

BOOST_AUTO_TEST_CASE(survives_deep_data) {
  expression_pool pool{options()};
  std::string deep(20'000, '[');
  deep.append(20'000, ']');
  BOOST_TEST(!run(pool, request(".", deep)));
  const auto too_deep = run(pool, request("reduce range(3000) as $i (0; [.])"));
  BOOST_TEST(!too_deep);
  BOOST_TEST(text(run(pool, request(". + 1", "1"))) == "[2]");
}

BOOST_AUTO_TEST_CASE(shows_neither_environment_nor_files) {
  ::setenv("PAWL_TEST_SECRET", "hush", 1);
  expression_pool pool{options()};
  BOOST_TEST(text(run(pool, request("env"))) == "[{}]");
  BOOST_TEST(text(run(pool, request("$ENV"))) == "[{}]");
  for (const auto* const reach :
       {"input", "include \"/etc/passwd\"; 1",
        "import \"/etc/passwd\" as $p; $p", "\"/etc/passwd\" | modulemeta",
        "[inputs, 1] | length | error"})
    BOOST_TEST(!run(pool, request(reach)), reach);
  BOOST_TEST(text(run(pool, request("debug, (1|stderr)", "3"))) == "[3,1]");
  BOOST_TEST(!run(pool, request("halt")));
  BOOST_TEST(text(run(pool, request("localtime|.[0]", "0"))) == "[1970]");
}

BOOST_AUTO_TEST_CASE(replaces_a_helper_that_is_killed) {
  auto slow = options();
  slow.deadline = duration{20'000};
  expression_pool pool{slow};
  BOOST_REQUIRE(run(pool, request("1")));
  auto hit = later(pool, request("def f: f; f", "null", 1));
  auto spared = later(pool, request("2", "null", 2));
  while (pool.waiting() > 1)
    std::this_thread::yield();
  for (const auto pid : children())
    ::kill(pid, SIGKILL);
  BOOST_TEST((hit.get().error().code == errc::internal));
  BOOST_TEST(text(spared.get()) == "[2]");
}

BOOST_AUTO_TEST_CASE(lets_instances_take_turns) {
  expression_pool pool{options()};
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::future<void>> all;
  const auto add = [&](int instance, const char* program) {
    auto done = std::make_shared<std::promise<void>>();
    all.push_back(done->get_future());
    pool.evaluate(request(program, "null", instance),
                  [&, done, instance](auto) {
                    {
                      const std::scoped_lock lock{mutex};
                      order.push_back(instance);
                    }
                    done->set_value();
                  });
  };
  add(9, "def f: f; f"); // Holds the helper while the others queue up.
  for (int i = 0; i < 4; ++i)
    add(1, "1");
  add(2, "1");
  add(3, "1");
  for (auto& one : all)
    one.get();
  const std::vector<int> wanted{9, 1, 2, 3, 1, 1, 1};
  BOOST_TEST(order == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gives_one_instance_one_helper) {
  expression_pool pool{options(2)};
  auto first = later(pool, request("def f: f; f", "null", 1));
  auto second = later(pool, request("def f: f; f", "null", 1));
  BOOST_TEST(text(run(pool, request("1", "null", 2))) == "[1]");
  BOOST_TEST(pool.waiting() == 1);
  BOOST_TEST((first.get().error().code == errc::timed_out));
  BOOST_TEST((second.get().error().code == errc::timed_out));
}

BOOST_AUTO_TEST_CASE(leaves_others_undisturbed) {
  expression_pool pool{options(2)};
  auto bad = later(pool, request("def f: f; f", "null", 200));
  std::vector<std::future<expression_pool::results>> all;
  for (int i = 0; i < 64; ++i)
    all.push_back(later(pool, request(". * 2", std::to_string(i), i)));
  for (int i = 0; i < 64; ++i)
    BOOST_TEST(text(all[static_cast<std::size_t>(i)].get())
               == "[" + std::to_string(2 * i) + "]");
  BOOST_TEST((bad.get().error().code == errc::timed_out));
}

BOOST_AUTO_TEST_CASE(sheds_what_it_cannot_queue) {
  auto small = options();
  small.queue_max = 2;
  expression_pool pool{small};
  std::vector<std::future<expression_pool::results>> all;
  int shed = 0;
  for (int i = 0; i < 8; ++i)
    all.push_back(later(pool, request("def f: f; f", "null", i)));
  for (auto& one : all)
    if (one.get().error().code == errc::overloaded)
      ++shed;
  BOOST_TEST(shed >= 5);
}

BOOST_AUTO_TEST_CASE(answers_what_waits_when_it_ends) {
  std::vector<std::future<expression_pool::results>> all;
  {
    auto slow = options();
    slow.deadline = duration{20'000};
    expression_pool pool{slow};
    for (int i = 0; i < 4; ++i)
      all.push_back(later(pool, request("def f: f; f", "null", i)));
  }
  for (auto& one : all)
    BOOST_TEST((one.get().error().code == errc::shutting_down));
  BOOST_TEST(children().empty());
}

BOOST_AUTO_TEST_CASE(says_that_the_helper_is_missing) {
  auto lost = options();
  lost.helper_path = "/nonexistent/pawl-jq";
  expression_pool pool{lost};
  const auto got = run(pool, request("1"));
  BOOST_TEST((got.error().code == errc::internal));
  BOOST_TEST(got.error().detail.find("/nonexistent/pawl-jq")
             != std::string::npos);
}
