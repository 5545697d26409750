// Measures a running pawld on 127.0.0.1: one line of Markdown a measurement.
// bench/run starts the daemon and calls this.
#include "bench/closed_loop.hpp"
#include "bench/stub_server.hpp"

#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

namespace pawl::bench {
namespace {

using namespace std::chrono_literals;
using options = std::map<std::string, std::string>;

constexpr std::string_view usage = R"(usage: pawl-load MODE --port N [...]
  pure       10 set tasks with expressions   --clients N --seconds S
  calls      5 HTTP calls                    --clients N --seconds S
  transition one pause or resume at a time   --count N
  park       instances that only wait        --clients N --count N --pid PID
  ready      waits for /readyz               --since NANOSECONDS (of the epoch)
)";

std::uint64_t number(const options& o, const std::string& key,
                     std::uint64_t otherwise) {
  auto found = o.find(key);
  return found == o.end() ? otherwise : std::stoull(found->second);
}

std::uint16_t port_of(const options& o) {
  return static_cast<std::uint16_t>(number(o, "port", 7295));
}

constexpr std::string_view json_type = "Content-Type: application/json\r\n";
constexpr std::string_view waiting
  = "Content-Type: application/json\r\nPrefer: wait=30\r\n";

std::string document(std::string_view name, std::string_view tasks) {
  return fmt::format(R"({{"document":{{"dsl":"1.0.3","namespace":"bench",)"
                     R"("name":"{}","version":"1.0.0"}},"do":[{}]}})",
                     name, tasks);
}

/// Ten tasks that each evaluate expressions over the data of the one before.
std::string pure_document() {
  std::string tasks;
  for (int i = 1; i <= 10; ++i)
    tasks += fmt::format(
      R"({}{{"t{}":{{"set":{{"n":"${{ .n + {} }}","big":"${{ .n > 20 }}",)"
      R"("text":"${{ \"step \\(.n) of \\(.name)\" }}","name":"${{ .name }}"}}}}}})",
      i == 1 ? "" : ",", i, i);
  return document("pure", tasks);
}

std::string calls_document() {
  std::string tasks;
  for (int i = 1; i <= 5; ++i)
    tasks
      += fmt::format(R"({}{{"c{}":{{"call":"http","with":{{"method":"post",)"
                     R"("endpoint":"${{ .url }}","body":{{"n":{}}}}},)"
                     R"("output":{{"as":"${{ $input }}"}}}}}})",
                     i == 1 ? "" : ",", i, i);
  return document("calls", tasks);
}

std::string parked_document() {
  return document("parked", R"({"rest":{"wait":{"days":7}}})");
}

void define(std::uint16_t port, const std::string& text) {
  auto said
    = ask(port, make_request("POST", "/v1/definitions", json_type, text));
  if (said.status != 200 && said.status != 201)
    throw std::runtime_error{
      fmt::format("the definition was refused: {} {}", said.status, said.body)};
}

std::string start_body(std::string_view name, std::string_view input) {
  return fmt::format(
    R"({{"workflow":{{"namespace":"bench","name":"{}","version":"1.0.0"}},)"
    R"("input":{}}})",
    name, input);
}

bool completed(int status, std::string_view body) {
  return status < 300 && body.find(R"("status":"completed")") != body.npos;
}

/// "| name | clients | rate | p50 | p99 | count | bad |"
void report(const std::string& name, unsigned clients, const load_result& r) {
  auto rate = r.seconds > 0 ? static_cast<double>(r.good) / r.seconds : 0;
  std::cout << fmt::format(
    "| {} | {} | {:.0f}/s | {:.2f} ms | {:.2f} ms | {} "
    "| {} |\n",
    name, clients, rate, r.latency.percentile_us(0.5) / 1000,
    r.latency.percentile_us(0.99) / 1000, r.good, r.bad + r.lost);
  if (!r.example.empty())
    std::cerr << "one of the bad answers: " << r.example << '\n';
}

int verdict(const load_result& r) {
  return r.good > 0 && r.bad + r.lost == 0 ? 0 : 1;
}

load_plan start_plan(const options& o, const std::string& body) {
  load_plan plan;
  plan.port = port_of(o);
  plan.clients = static_cast<unsigned>(number(o, "clients", 1));
  plan.count = number(o, "count", 10'000'000);
  plan.limit = std::chrono::seconds{number(o, "seconds", 10)};
  plan.request = [text = make_request("POST", "/v1/instances", waiting, body)](
                   std::uint64_t) { return text; };
  plan.is_good = completed;
  return plan;
}

int pure(const options& o) {
  define(port_of(o), pure_document());
  auto plan = start_plan(o, start_body("pure", R"({"n":1,"name":"bench"})"));
  auto result = run_load(plan);
  report("10 `set` tasks", plan.clients, result);
  return verdict(result);
}

int calls(const options& o) {
  stub_server stub;
  define(port_of(o), calls_document());
  auto plan = start_plan(
    o, start_body("calls", fmt::format(R"({{"url":"http://127.0.0.1:{}/"}})",
                                       stub.port())));
  auto result = run_load(plan);
  report("5 HTTP calls", plan.clients, result);
  if (stub.answered() < 5 * result.good)
    throw std::runtime_error{"fewer calls arrived than workflows completed"};
  return verdict(result);
}

int transition(const options& o) {
  auto port = port_of(o);
  define(port, parked_document());
  auto id = fmt::format(
    "bench-{}", std::chrono::system_clock::now().time_since_epoch().count());
  auto body = fmt::format(
    R"({{"workflow":{{"namespace":"bench","name":"parked"}},"id":"{}"}})", id);
  auto said = ask(port, make_request("POST", "/v1/instances", json_type, body));
  if (said.status >= 300 || said.status == 0)
    throw std::runtime_error{"cannot start an instance: " + said.body};
  load_plan plan;
  plan.port = port;
  plan.count = number(o, "count", 2000);
  plan.request = [&](std::uint64_t n) {
    return make_request(
      "POST",
      fmt::format("/v1/instances/{}/{}", id, n % 2 == 0 ? "pause" : "resume"),
      json_type, "{}");
  };
  plan.is_good = [](int status, std::string_view) { return status == 200; };
  auto result = run_load(plan);
  report("one durable transition", 1, result);
  return verdict(result);
}

/// Resident memory of a process in bytes, from the kernel.
std::uint64_t resident(std::uint64_t pid) {
  std::ifstream in{fmt::format("/proc/{}/status", pid)};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmRSS:"))
      return std::stoull(line.substr(6)) * 1024;
  throw std::runtime_error{"no such process"};
}

int park(const options& o) {
  auto pid = number(o, "pid", 0);
  define(port_of(o), parked_document());
  auto plan = start_plan(o, start_body("parked", "{}"));
  plan.limit = 600s;
  plan.request = [text = make_request("POST", "/v1/instances", json_type,
                                      start_body("parked", "{}"))](
                   std::uint64_t) { return text; };
  plan.is_good = [](int status, std::string_view) { return status == 201; };
  // What the first ones bring with them (tables, caches) is no cost of one.
  auto total = plan.count;
  plan.count = total / 20;
  auto warm = run_load(plan);
  std::this_thread::sleep_for(1s);
  auto before = resident(pid);
  plan.count = total - plan.count;
  auto result = run_load(plan);
  std::this_thread::sleep_for(3s); // Whoever leaves memory has left it then.
  auto after = resident(pid);
  report("start of an instance that waits", plan.clients, result);
  auto each = static_cast<double>(after > before ? after - before : 0)
              / static_cast<double>(std::max<std::uint64_t>(result.good, 1));
  std::cout << fmt::format("| memory per parked instance | | {:.0f} bytes | | "
                           "| {} | |\n",
                           each, result.good);
  std::cerr << fmt::format("resident: {} MiB before, {} MiB after\n",
                           before >> 20, after >> 20);
  return std::max(verdict(warm), verdict(result));
}

int ready(const options& o) {
  auto since = std::chrono::nanoseconds{number(o, "since", 0)};
  auto request = make_request("GET", "/readyz", "", "");
  auto deadline = std::chrono::steady_clock::now() + 120s;
  while (ask(port_of(o), request).status != 200) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error{"the daemon does not become ready"};
    std::this_thread::sleep_for(2ms);
  }
  auto took = std::chrono::system_clock::now().time_since_epoch() - since;
  if (since.count() > 0)
    std::cout << fmt::format("| time to readiness | | {:.2f} s | | | | |\n",
                             std::chrono::duration<double>(took).count());
  return 0;
}

int run(int argc, char** argv) {
  std::string mode = argc > 1 ? argv[1] : "";
  options o;
  for (int i = 2; i + 1 < argc; i += 2)
    o[std::string{argv[i]}.substr(2)] = argv[i + 1];
  if (mode == "pure")
    return pure(o);
  if (mode == "calls")
    return calls(o);
  if (mode == "transition")
    return transition(o);
  if (mode == "park")
    return park(o);
  if (mode == "ready")
    return ready(o);
  std::cerr << usage;
  return 2;
}

} // namespace
} // namespace pawl::bench

int main(int argc, char** argv) {
  try {
    return pawl::bench::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "pawl-load: " << e.what() << '\n';
    return 1;
  }
}
