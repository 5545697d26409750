#include "actors/limits/limit_keeper.hpp"

#include "actors/holds/hold.hpp"
#include "base/log.hpp"
#include "storage/store.hpp"

#include <algorithm>

namespace pawl::actors {

namespace {

using namespace std::chrono_literals;

/// How far what is stored of quotas may lag behind.
constexpr duration write_every = 1s;
/// Jobs that were refused are looked at again no sooner, all at once.
constexpr duration jobs_pause = 5ms;
/// It looks at least so often while something waits: the clock may be moved.
constexpr duration look_every = 60s;
/// A host is not believed to be away for longer.
constexpr duration close_max = 1h;
/// Names of which it is logged that nobody has put them.
constexpr std::size_t unknown_max = 1000;

std::string row_id(const limit_ref& of, const std::string& key) {
  return of.ns + "/" + of.name + "/" + key;
}

storage::stored_record row_of(const limit_ref& of, const std::string& key,
                              const bucket::usage& used) {
  return {row_id(of, key), to_text(json::value{{"namespace", of.ns},
                                               {"limit", of.name},
                                               {"key", key},
                                               {"window", unix_ms(used.window)},
                                               {"used", used.used},
                                               {"warned", used.warned}})};
}

} // namespace

limit_pass::~limit_pass() {
  if (const auto keeper = keeper_.lock())
    keeper->give_back(what_, spent_);
}

bool limit_pass::covers(const limit_ref& one) const {
  return std::ranges::any_of(what_,
                             [&](const auto& held) { return held.of == one; });
}

/// Under the lock.
void limit_keeper::tell_jobs(limit_lines::errands& todo) {
  if (!todo.jobs || std::exchange(telling_, true))
    return;
  todo.granted.emplace_back([this] {
    world_.wake(jobs_pause, [weak = weak_from_this()] {
      const auto me = weak.lock();
      if (!me)
        return;
      {
        const std::lock_guard guard{me->lock_};
        me->telling_ = false;
      }
      me->world_.changed();
    });
  });
}

/// Without the lock.
void limit_keeper::carry_out(const limit_lines::errands& todo) const {
  for (const auto& one : todo.granted)
    one();
  for (const auto& one : todo.near)
    world_.near(one);
}

/// Sees to it that somebody looks when something is due.
void limit_keeper::arm(std::unique_lock<std::mutex>& hold) {
  const auto ring = [weak = weak_from_this()](timestamp at) {
    const auto me = weak.lock();
    if (!me)
      return;
    {
      // Unless an earlier alarm has taken its place.
      const std::lock_guard guard{me->lock_};
      if (me->armed_ != at)
        return;
    }
    me->tick();
  };
  if (const auto due = lines_.next_due()) {
    const auto now = world_.now();
    const auto at = now + std::clamp<duration>(*due - now, 1ms, look_every);
    if (!armed_ || at < *armed_) {
      armed_ = at;
      hold.unlock();
      world_.wake(at - now, [ring, at] { ring(at); });
      hold.lock();
    }
  }
  if (!lines_.has_changes() || std::exchange(writing_, true))
    return;
  hold.unlock();
  world_.wake(write_every, [weak = weak_from_this()] {
    if (const auto me = weak.lock())
      me->write_changes();
  });
  hold.lock();
}

void limit_keeper::tick() {
  locked([this](auto& todo) {
    armed_.reset();
    lines_.serve(world_.now(), todo);
  });
}

// --- What is kept -----------------------------------------------------------

result<json::object> limit_keeper::read(const kept_ref& which,
                                        const json::value& sent) {
  return checked_limit({which.ns, which.name}, sent);
}

void limit_keeper::changed(const std::string& ns, const std::string& name,
                           const kept_thing* now) {
  std::vector<std::string> unknown;
  locked([&](auto& todo) {
    const limit_ref id{ns, name};
    if (now != nullptr) {
      const auto rules = limit_of(id, now->body);
      lines_.set(rules, world_.now(), todo);
      bytes_.set(rules);
      watch_bytes(rules.of, todo);
    } else {
      lines_.remove(id, world_.now(), todo);
      bytes_.remove(id);
    }
    // Whoever waits may find room now.
    for (auto& wake : line_.firsts(world_.now()))
      todo.granted.push_back(std::move(wake));
    hosts_ = lines_.count(limit_scope::host);
    queues_ = lines_.count(limit_scope::queue);
    unknown_.erase(id);
    spaces_ = lines_.count(limit_scope::name_space);
    for (const auto& one : lines_.all()) {
      const auto* rules = lines_.find(one);
      if (rules->on == limit_scope::name_space && rules->live
          && living_.watch(rules->of))
        unknown.push_back(rules->of);
    }
  });
  for (const auto& space : unknown)
    if (world_.count)
      world_.count(space, shared_from_this());
}

void limit_keeper::restore(const std::vector<storage::stored_record>& rows) {
  locked([&](auto&) {
    for (const auto& row : rows) {
      const auto read = parse_json(row.state);
      if (!read || !read->is_object() || !read->get_object().contains("limit"))
        continue; // Another's count.
      const auto& o = read->get_object();
      const auto text = [&](std::string_view of) {
        return std::string{o.at(of).as_string()};
      };
      lines_.restore(
        {text("namespace"), text("limit")}, text("key"),
        {.window = from_unix_ms(o.at("window").to_number<std::int64_t>()),
         .used = o.at("used").to_number<std::uint64_t>(),
         .warned = o.at("warned").as_bool()},
        world_.now());
    }
  });
}

void limit_keeper::write_changes() {
  std::vector<storage::stored_record> kept;
  std::vector<std::string> gone;
  {
    const std::lock_guard guard{lock_};
    writing_ = false;
    for (const auto& [of, key, used] : lines_.changes())
      if (used)
        kept.push_back(row_of(of, key, *used));
      else
        gone.push_back(row_id(of, key));
  }
  if (!kept.empty() || !gone.empty())
    world_.write(std::move(kept), std::move(gone));
}

void limit_keeper::stop(storage::store& into) {
  const std::lock_guard guard{lock_};
  for (const auto& [of, key, used] : lines_.changes()) {
    const auto done
      = used
          ? into.put_record(storage::record_kind::count, row_of(of, key, *used))
          : into.remove_record(storage::record_kind::count, row_id(of, key));
    if (!done && done.error().code != errc::not_found)
      log::error("limit.unwritten",
                 {{"limit", of.name}, {"detail", done.error().detail}});
  }
}

// --- Which limits -----------------------------------------------------------

std::vector<limit_ref> limit_keeper::named(const std::string& ns,
                                           const std::string& name) {
  const std::lock_guard guard{lock_};
  auto out = lines_.in_force(limit_scope::named, ns, [&](const auto& one) {
    return one.id.name == name;
  });
  if (out.empty() && unknown_.size() < unknown_max
      && unknown_.insert({ns, name}).second)
    log::warn("limit.unknown", {{"limit", name}, {"namespace", ns}});
  return out;
}

std::vector<limit_ref> limit_keeper::on_host(const std::string& ns,
                                             std::string_view uri) const {
  if (hosts_ == 0)
    return {};
  const std::lock_guard guard{lock_};
  return lines_.in_force(limit_scope::host, ns, [&](const auto& one) {
    return names_host({.host = one.of}, uri);
  });
}

std::vector<limit_ref> limit_keeper::on_queue(const std::string& ns,
                                              const std::string& queue) const {
  if (queues_ == 0)
    return {};
  const std::lock_guard guard{lock_};
  return lines_.in_force(limit_scope::queue, ns,
                         [&](const auto& one) { return one.of == queue; });
}

bool limit_keeper::closes_queue(const limit_ref& which) const {
  const std::lock_guard guard{lock_};
  const auto* rules = lines_.find(which);
  return rules != nullptr && rules->on == limit_scope::queue
         && which.ns.empty();
}

/// Under the lock.
std::vector<limit_ref> limit_keeper::of_namespace(const std::string& ns) const {
  return lines_.in_force(limit_scope::name_space, ns,
                         [&](const auto& one) { return one.of == ns; });
}

// --- Tokens -----------------------------------------------------------------

pass_ptr limit_keeper::pass_of(limit_lines::tokens what) {
  return std::make_shared<limit_pass>(weak_from_this(), std::move(what));
}

pass_ptr limit_keeper::take(const token_wish& what, bool tells) {
  pass_ptr out;
  locked([&](auto& todo) {
    if (auto got = lines_.take(what, tells, world_.now(), todo))
      out = pass_of(std::move(*got));
  });
  return out;
}

pass_ptr limit_keeper::occupy(const token_wish& what) {
  const std::lock_guard guard{lock_};
  return pass_of(lines_.occupy(what, world_.now()));
}

std::shared_ptr<void> limit_keeper::ask(token_wish what,
                                        std::function<void(pass_ptr)> then) {
  limit_lines::ticket which = 0;
  locked([&](auto& todo) {
    which = lines_.ask(
      std::move(what), world_.now(),
      [this, then = std::move(then)](auto got) {
        then(pass_of(std::move(got)));
      },
      todo);
  });
  // The pointer is what is destroyed with the last copy.
  return {nullptr, [weak = weak_from_this(), which](void*) {
            if (const auto me = weak.lock())
              me->withdraw(which);
          }};
}

void limit_keeper::withdraw(limit_lines::ticket which) {
  locked([&](auto& todo) { lines_.withdraw(which, world_.now(), todo); });
}

void limit_keeper::give_back(const limit_lines::tokens& what, bool spent) {
  locked(
    [&](auto& todo) { lines_.give_back(what, spent, world_.now(), todo); });
}

void limit_keeper::close_host(const std::string& ns, std::string_view uri,
                              duration wait) {
  const auto which = on_host(ns, uri);
  if (which.empty() || wait <= 0ms)
    return;
  locked([&](auto&) {
    const auto now = world_.now();
    for (const auto& one : which) {
      lines_.close(one, now + std::min(wait, close_max), now);
      log::info("limit.closed", {{"limit", one.name},
                                 {"namespace", one.ns},
                                 {"seconds", wait.count() / 1000}});
    }
  });
}

std::optional<limit_lines::waiting_step>
limit_keeper::refuse(const token_wish& what) {
  const std::lock_guard guard{lock_};
  auto seen = lines_.obstacle(what, world_.now());
  if (seen)
    lines_.count_refusal(seen->of);
  return seen;
}

} // namespace pawl::actors
