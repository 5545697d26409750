// How long programs live that a workflow begins with `await: false`.
#define BOOST_TEST_MODULE actors.detached_programs
#include "tests/support/daemon_inside.hpp"
#include "tests/support/programs.hpp"

#include <algorithm>

using namespace pawl;
using namespace pawl::actors;
using namespace pawl::test;
using verb = act_on_instance::verb;

namespace {

/// A daemon whose programs run also where there is nothing to keep them apart,
/// with slots for one awaited program and four others.
struct fixture : daemon_inside {
  fixture() {
    stop();
    chosen.programs.isolation = "none";
    chosen.programs.grace = duration{200};
    chosen.programs.concurrency_max = 1;
    chosen.programs.detached_queue_max = 1;
    start();
  }

  /// Starts an instance that begins a program, with what leaves its group, and
  /// then does `rest`.
  void begin(const std::string& id, const std::string& mark,
             const std::string& rest, const std::string& use = {}) {
    define("document: {dsl: '1.0.3', namespace: default, name: " + id
           + ", version: '1.0.0'}\n" + use + "do:\n" + detached("d", mark, use)
           + rest);
    start_one({.workflow = {.ns = "default", .name = id}, .id = id});
    BOOST_REQUIRE(eventually([&] { return processes_with(mark).size() >= 2; }));
  }

  static std::string detached(const std::string& name, const std::string& mark,
                              const std::string& use) {
    return "  - " + name
           + ":\n      run:\n        await: false\n        shell:\n"
             "          arguments: ["
           + mark + "]\n"
           + (use.empty() ? ""
                          : "          environment: {S: '${ $secrets.s }'}\n")
           + "          command: |\n            " + escape(mark)
           + "while :; do sleep 0.1; done\n";
  }

  bool paused(const std::string& id) {
    const auto r = ask([&](const auto& door, auto to) {
      door.act({.which = {.id = id},
                .what = verb::pause,
                .mode = pause_mode::interrupt},
               to);
    });
    return std::holds_alternative<answer>(r) && reaches(id, "suspended");
  }
  bool acts(const std::string& id, verb what) {
    return std::holds_alternative<answer>(act(id, what));
  }
  void remove(const std::string& id) {
    granted([&](const auto& door, auto to) {
      door.remove_instance({.which = {.id = id}}, to);
    });
  }
};

const std::string waits = "  - w: {wait: {hours: 1}}\n";
const std::string ends = "  - e: {set: {done: true}}\n";

bool gone(const std::string& mark) {
  return eventually([&] { return processes_with(mark).empty(); });
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(detached_programs_suite, fixture)

BOOST_AUTO_TEST_CASE(a_cancel_kills_it_with_all_it_started) {
  const auto mark = marker("cancel");
  begin("c", mark, waits);
  BOOST_TEST(reaches("c", "waiting"));
  BOOST_REQUIRE(acts("c", verb::cancel));
  BOOST_TEST(reaches("c", "cancelled"));
  BOOST_TEST(gone(mark));
  BOOST_TEST(until([&] { return inside->ctx().programs.active() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_fault_kills_it) {
  const auto mark = marker("fault");
  begin("f", mark,
        "  - l: {listen: {to: {one: {with: {type: go}}}}}\n"
        "  - r: {raise: {error: {type: 'https://e.x/y', status: 500, "
        "title: x}}}\n");
  BOOST_REQUIRE(reaches("f", "waiting"));
  BOOST_TEST(!processes_with(mark).empty());
  granted([&](const auto& door, auto to) {
    door.deliver({.which = {.id = "f"},
                  .event = json::object{{"specversion", "1.0"},
                                        {"id", "1"},
                                        {"source", "/t"},
                                        {"type", "go"}}},
                 to);
  });
  BOOST_TEST(reaches("f", "faulted"));
  BOOST_TEST(gone(mark));
}

BOOST_AUTO_TEST_CASE(it_goes_on_when_its_instance_completes_until_that_goes) {
  const auto mark = marker("complete");
  const auto other = marker("other");
  begin("done", mark, ends);
  begin("beside", other, ends);
  BOOST_TEST(reaches("done", "completed"));
  BOOST_TEST(until([&] { return inside->ctx().hot == 0; }));
  BOOST_TEST(processes_with(mark).size() >= 2U);
  remove("done");
  BOOST_TEST(gone(mark));
  BOOST_TEST(processes_with(other).size() >= 2U);
}

BOOST_AUTO_TEST_CASE(it_goes_on_through_a_pause_that_interrupts) {
  const auto mark = marker("pause");
  begin("p", mark, waits);
  const auto before = processes_with(mark);
  BOOST_TEST(paused("p"));
  BOOST_REQUIRE(acts("p", verb::resume));
  BOOST_TEST(reaches("p", "waiting"));
  BOOST_TEST(inside->ctx().programs.active() == 1U);
  const auto after = processes_with(mark);
  BOOST_TEST(std::any_of(after.begin(), after.end(), [&](pid_t each) {
    return std::find(before.begin(), before.end(), each) != before.end();
  }));
  BOOST_TEST(paused("p"));
  BOOST_REQUIRE(acts("p", verb::cancel));
  BOOST_TEST(gone(mark));
}

BOOST_AUTO_TEST_CASE(one_that_has_a_secret_is_no_exception) {
  stop();
  std::ofstream{directory.path / "s"} << "hush";
  chosen.secrets.directory = directory.path;
  start();
  const auto mark = marker("secret");
  begin("s", mark, waits, "use: {secrets: [s]}\n");
  BOOST_TEST(paused("s"));
  BOOST_REQUIRE(acts("s", verb::resume));
  BOOST_TEST(reaches("s", "waiting"));
  BOOST_TEST(processes_with(mark).size() >= 2U);
  BOOST_REQUIRE(acts("s", verb::cancel));
  BOOST_TEST(gone(mark));
  BOOST_TEST(until([&] { return inside->ctx().programs.active() == 0; }));
}

BOOST_AUTO_TEST_CASE(five_sleepers_keep_back_no_awaited_program) {
  const auto mark = marker("five");
  std::string tasks;
  for (int i = 0; i < 5; ++i)
    tasks += detached("d" + std::to_string(i), mark, {});
  define("document: {dsl: '1.0.3', namespace: default, name: five, version: "
         "'1.0.0'}\ndo:\n"
         + tasks + waits);
  start_one({.workflow = {.ns = "default", .name = "five"}, .id = "five"});
  BOOST_TEST(reaches("five", "waiting"));
  // Four run and one waits; the next has no room and its task says so.
  define("document: {dsl: '1.0.3', namespace: default, name: more, version: "
         "'1.0.0'}\ndo:\n"
         "  - t:\n      try:\n"
         "        - x: {run: {await: false, shell: {command: 'true'}}}\n"
         "      catch:\n        errors: {with: {status: 500}}\n"
         "        as: why\n        do:\n"
         "          - s: {set: {why: '${ $why.detail }'}}\n"
         "  - a: {run: {shell: {command: 'echo awaited'}}, output: {as: "
         "'${ {out: ., why: $input.why} }'}}\n");
  start_one({.workflow = {.ns = "default", .name = "more"}, .id = "more"});
  BOOST_REQUIRE(reaches("more", "completed"));
  const auto output = get("more").at("output");
  BOOST_TEST(output.at("out").as_string() == "awaited");
  BOOST_TEST(output.at("why").as_string().find("programs.detached_max")
             != std::string::npos);
  BOOST_REQUIRE(acts("five", verb::cancel));
  BOOST_TEST(gone(mark));
  BOOST_TEST(until([&] { return inside->ctx().programs.active() == 0; }));
}

BOOST_AUTO_TEST_SUITE_END()
