// How the members of `run` become a command; containers by a fake engine.
#define BOOST_TEST_MODULE actors.program_order
#include "tests/support/programs.hpp"

#include <sys/stat.h>

using namespace pawl;
using namespace pawl::actors;
using namespace pawl::test;

namespace {

/// A directory with a `docker` that says what it is told, beside its log.
class fake_engine {
public:
  fake_engine() {
    std::string form = (fs::temp_directory_path() / "engine-XXXXXX").string();
    folder_ = ::mkdtemp(form.data());
    ::chmod(folder_.c_str(), 0777);
    std::ofstream{folder_ / "log"} << "";
    ::chmod((folder_ / "log").c_str(), 0666);
    std::ofstream{folder_ / "docker"} << "#!/bin/sh\n"
                                         "log=${0%/*}/log\n"
                                         "test \"$1\" != run || "
                                         "echo c0ffee > cid\n"
                                         "echo \"$@\" >> \"$log\"\n"
                                         "test \"$1\" = run || exit 0\n"
                                         "for a; do echo \"[$a]\"; done\n"
                                         "cat environment; cat\n"
                                         "case \"$*\" in *forever*) "
                                         "sleep 1000;; esac\n"
                                         "exit 5\n";
    ::chmod((folder_ / "docker").c_str(), 0755);
  }
  ~fake_engine() { fs::remove_all(folder_); }
  fake_engine(const fake_engine&) = delete;
  fake_engine& operator=(const fake_engine&) = delete;

  [[nodiscard]] program_client_options options(keeping way) const {
    auto o = client_options(way);
    o.limits.path = folder_.string() + ":/usr/bin:/bin";
    o.limits.environment = {"DOCKER_HOST=unix:///run/x"};
    return o;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream in{folder_ / "log"};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

private:
  fs::path folder_;
};

program_order container(json::object arguments) {
  program_order o;
  o.what = program_kind::container;
  o.arguments = std::move(arguments);
  o.effect_key = "default/i-1/3";
  o.attempt = 2;
  o.workflow_namespace = "shop";
  o.workflow_name = "orders";
  o.task = "pack it";
  return o;
}

/// The words after `run`, as they go to the engine.
std::vector<std::string> words(const program_order& order) {
  const auto made = to_runner_order(order, {});
  BOOST_REQUIRE(std::holds_alternative<runner_order>(made));
  std::vector<std::string> all;
  for (const auto& each :
       std::get<runner_order>(made).start.at("arguments").as_array())
    all.emplace_back(each.as_string());
  return all;
}
bool has(const std::vector<std::string>& all, const std::string& word) {
  return std::find(all.begin(), all.end(), word) != all.end();
}
std::string refusal(const program_order& order) {
  const auto made = to_runner_order(order, {});
  BOOST_REQUIRE(std::holds_alternative<program_failure>(made));
  const auto& why = std::get<program_failure>(made);
  BOOST_TEST((why.kind == error_kind::validation));
  return why.detail;
}

} // namespace

BOOST_AUTO_TEST_SUITE(program_order_suite)

BOOST_AUTO_TEST_CASE(a_container_is_run_with_all_it_is_given) {
  for (const auto way : both_ways) {
    const fake_engine engine;
    program_client client{engine.options(way)};
    const auto how = outcome(
      run(client, container({{"image", "alpine:3"},
                             {"command", "echo $1"},
                             {"arguments", {"a b"}},
                             {"stdin", "input"},
                             {"ports", {{"8080", 80}}},
                             {"volumes", {{"/data", "/inside"}}},
                             {"environment", {{"COLOUR", "red"}}},
                             {"pullPolicy", "always"},
                             {"lifetime", {{"cleanup", "always"}}}})));
    BOOST_TEST(how.code == 5);
    for (const auto* word :
         {"[run]\n", "[-i]\n", "[--rm]\n", "[--pull=always]\n",
          "[--publish=8080:80]\n", "[--volume=/data:/inside]\n",
          "[alpine:3]\n[sh]\n[-c]\n[echo $1]\n[sh]\n[a b]\nCOLOUR=red\n",
          "\nPAWL_ATTEMPT=2\ninput"})
      BOOST_TEST(how.out.find(word) != std::string::npos, word);
    BOOST_TEST(how.out.find("DOCKER_HOST") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_container_without_a_name_gets_one_that_a_repeat_finds) {
  const auto all = words(container({{"image", "x"}}));
  const auto name = std::find_if(all.begin(), all.end(), [](const auto& w) {
    return w.starts_with("--name=");
  });
  BOOST_REQUIRE(name != all.end());
  BOOST_TEST(name->starts_with("--name=orders-"));
  BOOST_TEST(name->ends_with(".shop-pack_it"));
  BOOST_TEST(has(words(container({{"image", "x"}})), *name));
  const fake_engine engine;
  program_client client{engine.options(keeping::without_namespaces)};
  static_cast<void>(outcome(run(client, container({{"image", "x"}}))));
  BOOST_TEST(engine.log().starts_with("rm -f " + name->substr(7) + "\nrun "));
}

BOOST_AUTO_TEST_CASE(the_authors_name_is_taken_and_never_removed_before) {
  const fake_engine engine;
  program_client client{engine.options(keeping::without_namespaces)};
  const auto how
    = outcome(run(client, container({{"image", "x"}, {"name", "mine"}})));
  BOOST_TEST(how.out.find("[--name=mine]") != std::string::npos);
  BOOST_TEST(how.out.find("[--rm]") == std::string::npos);
  BOOST_TEST(engine.log().starts_with("run "));
  BOOST_TEST(engine.log().find("rm -f") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_container_that_is_stopped_is_removed) {
  for (const auto* cleanup : {"never", "always"}) {
    const fake_engine engine;
    program_client client{engine.options(keeping::without_namespaces)};
    running_program one{client,
                        container({{"image", "forever"},
                                   {"name", "mine"},
                                   {"lifetime", {{"cleanup", cleanup}}}})};
    BOOST_REQUIRE(eventually(
      [&] { return engine.log().find("forever") != std::string::npos; }));
    client.stop(one.ticket());
    BOOST_TEST(failure(one.wait()).stopped);
    BOOST_TEST(engine.log().ends_with("\nrm -f c0ffee\n"));
  }
}

BOOST_AUTO_TEST_CASE(a_container_is_removed_when_the_daemon_dies) {
  const fake_engine engine;
  {
    program_client client{engine.options(keeping::without_namespaces)};
    client.start(container({{"image", "forever"}}), [](const auto&) {});
    BOOST_REQUIRE(eventually(
      [&] { return engine.log().find("forever") != std::string::npos; }));
  }
  BOOST_TEST(
    eventually([&] { return engine.log().ends_with("\nrm -f c0ffee\n"); }));
}

BOOST_AUTO_TEST_CASE(a_container_is_removed_eventually) {
  const fake_engine engine;
  program_client client{engine.options(keeping::without_namespaces)};
  const auto how = outcome(run(
    client, container({{"image", "x"},
                       {"name", "mine"},
                       {"lifetime",
                        {{"cleanup", "eventually"}, {"after", "PT0.05S"}}}})));
  BOOST_TEST(how.code == 5);
  BOOST_TEST(
    eventually([&] { return engine.log().ends_with("\nrm -f mine\n"); }));
}

BOOST_AUTO_TEST_CASE(without_an_engine_the_error_names_what_is_missing) {
  auto options = client_options();
  options.limits.path = "/nonexistent";
  program_client client{options};
  const auto why = failure(run(client, container({{"image", "x"}})));
  BOOST_TEST((why.kind == error_kind::configuration));
  BOOST_TEST(why.detail.find("'docker' or 'podman'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(pulls_by_policy) {
  BOOST_TEST(has(words(container({{"image", "x"}})), "--pull=missing"));
  BOOST_TEST(
    has(words(container({{"image", "x"}, {"pullPolicy", "ifNotPresent"}})),
        "--pull=missing"));
  BOOST_TEST(has(words(container({{"image", "x"}, {"pullPolicy", "never"}})),
                 "--pull=never"));
}

BOOST_AUTO_TEST_CASE(values_that_would_be_options_of_the_engine_are_refused) {
  BOOST_TEST(
    refusal(container({{"image", "--privileged"}})).find("--privileged")
    != std::string::npos);
  BOOST_TEST(!refusal(container({{"image", "x"}, {"name", "-v/:/"}})).empty());
  BOOST_TEST(!refusal(container({})).empty());
  BOOST_TEST(
    !refusal(container({{"image", "x"}, {"pullPolicy", "sometimes"}})).empty());
  BOOST_TEST(!refusal(container({{"image", "x"},
                                 {"environment", {{"A", "b\nPATH=/evil"}}}}))
                .empty());
}

BOOST_AUTO_TEST_CASE(values_that_no_program_can_take_are_refused) {
  const std::string nul{"a\0b", 3};
  BOOST_TEST(!refusal(shell(nul)).empty());
  BOOST_TEST(!refusal(shell("x", {{"arguments", {nul}}})).empty());
  BOOST_TEST(
    !refusal(shell("x", {{"arguments", {{"a", 1}, {"b", 2}}}})).empty());
  BOOST_TEST(!refusal(shell("x", {{"environment", {{"a=b", "c"}}}})).empty());
  BOOST_TEST(!refusal(shell("x", {{"environment", "A"}})).empty());
  BOOST_TEST(!refusal(script("ruby", "1")).empty());
}

BOOST_AUTO_TEST_CASE(input_may_hold_any_byte) {
  const std::string nul{"a\0b", 3};
  BOOST_TEST(outcome(shell("cat", {{"stdin", nul}})).out == nul);
}

BOOST_AUTO_TEST_SUITE_END()
