#include "actors/definition_reader.hpp"

#include "actors/context.hpp"
#include "workflow/parse.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <tuple>

namespace pawl::actors {

namespace {

constexpr int rounds_max = 8;

class reader : public std::enable_shared_from_this<reader> {
public:
  reader(context& ctx, std::string text,
         std::function<void(result<definition_ptr>)> done)
      : ctx_{ctx}, text_{std::move(text)}, done_{std::move(done)} {}

  /// Parses with what is at hand, and fetches what is missing.
  void go_on() {
    auto parsed = parse_definition(text_, at_hand_);
    if (!parsed)
      return done_(parsed.error());
    if (parsed->made)
      return done_(std::move(parsed->made));
    if (++round_ > rounds_max)
      return done_(lost({said(parsed->wanted.front(),
                              "its resources need others, and those others, "
                              "over more than 8 levels")}));
    left_ = parsed->wanted.size();
    // On its own, since the last answer may end this round within the loop.
    const auto wanted = std::move(parsed->wanted);
    for (const auto& each : wanted)
      fetch(each);
  }

private:
  static fault said(const wanted_resource& about, const std::string& why) {
    auto out = about.at;
    out.detail = why;
    return out;
  }

  static error lost(std::vector<fault> faults) {
    // The answers came in any order.
    std::ranges::sort(faults, {}, [](const fault& f) {
      return std::tie(f.line, f.column, f.pointer);
    });
    auto detail = faults.front().detail;
    return {errc::invalid_definition, std::move(detail), std::move(faults)};
  }

  void fetch(const wanted_resource& what) {
    ctx_.resources.load(
      {.uri = what.uri},
      [me = shared_from_this(), what](const resource_loader::outcome& got) {
        me->take(what, got);
      });
  }

  void take(const wanted_resource& what, const resource_loader::outcome& got) {
    {
      const std::lock_guard hold{lock_};
      if (const auto* why = std::get_if<no_resource>(&got))
        faults_.push_back(said(what, why->detail));
      else
        at_hand_[what.uri] = std::get<resource_ptr>(got)->text;
      if (--left_ != 0)
        return;
    }
    // Reading takes its time, and this may be the HTTP client's thread.
    ctx_.system.spawn([me = shared_from_this()] {
      if (me->faults_.empty())
        me->go_on();
      else
        me->done_(lost(std::move(me->faults_)));
    });
  }

  context& ctx_;
  const std::string text_;
  const std::function<void(result<definition_ptr>)> done_;
  int round_ = 0;
  std::mutex lock_;
  std::size_t left_ = 0;
  resource_map at_hand_;
  std::vector<fault> faults_;
};

} // namespace

void read_with_resources(context& ctx, std::string text,
                         std::function<void(result<definition_ptr>)> done) {
  std::make_shared<reader>(ctx, std::move(text), std::move(done))->go_on();
}

} // namespace pawl::actors
