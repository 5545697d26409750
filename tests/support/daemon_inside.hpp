#pragma once

#include "actors/context.hpp"
#include "actors/runtime.hpp"
#include "base/json.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>

namespace pawl::test {

/// A directory of its own below the system's temporary one, gone at the end.
struct scratch_directory {
  scratch_directory() {
    auto form
      = (std::filesystem::temp_directory_path() / "pawl-XXXXXX").string();
    path = mkdtemp(form.data());
  }
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  std::filesystem::path path;
};

/// The daemon without its edge: a real store in a directory of its own, the
/// real actors on the real scheduler, spoken to through the gateway. Can be
/// stopped and started again on the same data.
class daemon_inside {
public:
  using preparation = actors::runtime::preparation;

  explicit daemon_inside(preparation prepare = {})
      : prepare_{std::move(prepare)} {
    chosen.storage.disk_low = 0;
    chosen.storage.disk_critical = 0;
    start();
  }
  ~daemon_inside() { stop(); }
  daemon_inside(const daemon_inside&) = delete;
  daemon_inside& operator=(const daemon_inside&) = delete;

  void start() {
    storage::recovery_report found;
    auto opened = storage::store::open({.directory = directory.path}, found);
    BOOST_REQUIRE_MESSAGE(opened, "the store opens");
    store = std::move(*opened);
    inside = std::make_unique<actors::runtime>(*store, chosen, prepare_);
  }

  void stop() {
    if (!inside)
      return;
    inside->stop();
    inside.reset();
    static_cast<void>(store->close());
    store.reset();
  }

  /// Calls a function of the gateway and waits for its answer.
  template <class Call>
  actors::reply ask(Call call) {
    auto promise = std::make_shared<std::promise<actors::reply>>();
    auto future = promise->get_future();
    call(inside->door(),
         [promise](actors::reply r) { promise->set_value(std::move(r)); });
    BOOST_REQUIRE_MESSAGE(future.wait_for(std::chrono::seconds{30})
                            == std::future_status::ready,
                          "an answer came");
    return future.get();
  }

  /// The same, where a refusal fails the test.
  template <class Call>
  actors::answer granted(Call call) {
    auto r = ask(std::move(call));
    if (const auto* no = std::get_if<actors::refusal>(&r))
      BOOST_FAIL("refused: " << slug(no->what.code) << ": " << no->what.detail);
    return std::get<actors::answer>(std::move(r));
  }
  template <class Call>
  actors::refusal refused(Call call) {
    auto r = ask(std::move(call));
    if (const auto* a = std::get_if<actors::answer>(&r))
      BOOST_FAIL("granted: " << a->body);
    return std::get<actors::refusal>(std::move(r));
  }

  actors::answer define(const std::string& yaml) {
    return granted([&](const auto& door, auto to) {
      door.define({.text = yaml, .content_type = "application/yaml"}, to);
    });
  }
  actors::answer start_one(actors::start_instance what) {
    return granted(
      [&](const auto& door, auto to) { door.start(std::move(what), to); });
  }
  json::object get(const std::string& id) {
    return object_of(granted([&](const auto& door, auto to) {
      door.read({.which = {.id = id}}, to);
    }));
  }
  actors::reply act(const std::string& id, actors::act_on_instance::verb what) {
    return ask([&](const auto& door, auto to) {
      door.act({.which = {.id = id}, .what = what}, to);
    });
  }

  static json::object object_of(const actors::answer& a) {
    auto parsed = parse_json(a.body);
    BOOST_REQUIRE_MESSAGE(parsed, "the body is JSON: " << a.body);
    return std::move(parsed->as_object());
  }
  static std::string text(const json::object& o, const char* key) {
    const auto* v = o.if_contains(key);
    return v != nullptr && v->is_string() ? std::string{v->as_string()} : "";
  }

  /// Looks until `what` holds; false if it does not in time.
  static bool until(const std::function<bool()>& what,
                    std::chrono::seconds patience = std::chrono::seconds{30}) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!what()) {
      if (std::chrono::steady_clock::now() > end)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
  }
  bool reaches(const std::string& id, const std::string& status) {
    return until([&] { return text(get(id), "status") == status; });
  }

  scratch_directory directory;
  config::options chosen;
  std::unique_ptr<storage::store> store;
  std::unique_ptr<actors::runtime> inside;

private:
  preparation prepare_;
};

} // namespace pawl::test
