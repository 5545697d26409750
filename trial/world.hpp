#pragma once

#include "sandbox/question.hpp"
#include "trial/path.hpp"
#include "trial/reply.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pawl::trial {

/// Evaluates what is not evaluated in place. errc::internal ends the trial, all
/// else is the expression's own error.
using helper = std::function<result<std::vector<json::value>>(
  const sandbox::question& what)>;

/// `flags` once `changes` are made to it; null takes one away.
[[nodiscard]] json::object changed(json::object flags,
                                   const json::object& changes);

/// Something that somebody does to the instance.
struct act {
  request what = {};
  /// In place of a request: what becomes of the flags.
  std::optional<json::object> flags = {};
  duration after{};         ///< After what gives rise to it.
  std::string label = {};   ///< Names it where it goes another way.
  std::string refused = {}; ///< The slug that it must be refused with, if so.
  bool assumed = false;     ///< Nobody has said so.
};

/// What is around the instance.
class surroundings {
public:
  virtual ~surroundings() = default;
  /// What the effect comes to. An error ends the trial, in its words.
  virtual result<reply> effect(const commands::perform& order) = 0;
  /// What somebody does next about a task that waits for people or events; the
  /// `nth` time that it is asked of this frame, counted from 0. Nothing: it is
  /// left to wait.
  virtual result<std::optional<act>> attend(const instance_state& s,
                                            const frame& waits, std::size_t nth)
    = 0;
};

/// From what an instance starts, and how far it may go.
struct terms {
  timestamp start = from_unix_ms(1'767'225'600'000); ///< 2026-01-01T00:00:00Z.
  json::value input = json::object{};
  std::string by = {};     ///< Who starts it; "" if nobody knows.
  json::object flags = {}; ///< `$runtime.metadata.flags`
  std::uint64_t turns_max = 10'000;
  std::uint64_t facts_max = 100'000;
  duration span_max = std::chrono::hours{24 * 366 * 10};
  std::vector<act> acts = {}; ///< Each `after` the start.
};

/// What the instance has asked of the world.
struct called {
  std::string task; ///< Pointer.
  std::uint32_t attempt = 1;
  timestamp at;
  json::object what; ///< description_of
};

/// How a trial went.
struct ending {
  enum class kind : std::uint8_t {
    over,    ///< It has ended, or was refused.
    rests,   ///< It waits for what never comes.
    bounded, ///< It went on and on.
    stuck,   ///< It could not be tried further.
  };
  kind how = kind::over;
  std::string why;    ///< Of bounded and stuck.
  std::string status; ///< As users see it; "refused" if it was never made.
  json::object shown; ///< As the API shows the instance.
  json::value error;  ///< What ended it, or kept it from being made.
  duration span{};    ///< From the start.
  timestamp start;
  std::vector<path_step> path;
  std::vector<datum> emitted;
  std::vector<called> calls; ///< Effects, and approvals that were asked for.
  /// What somebody did and was answered otherwise than was said: its label,
  /// what was said, and what came of it.
  struct surprise {
    std::string label, expected, got;
  };
  std::vector<surprise> surprises;
};

/// One instance in a little world: a clock that moves to where the next thing
/// is due, effects that come to what `around` says. The same terms give the
/// same ending. One thread.
///
/// Where things are due at the same moment, what comes of effects is first,
/// then what somebody does, then timers.
class world {
public:
  /// `around` must outlive it.
  world(definition_ptr of, terms by, surroundings& around, helper help);

  /// Runs it as far as it goes, once.
  ending run();

private:
  enum class rank : std::uint8_t { effect, deed };
  struct due {
    timestamp at;
    rank first = rank::effect;
    std::uint64_t number = 0;
    auto operator<=>(const due&) const = default;
  };
  using place = std::pair<frame_id, std::uint32_t>; ///< And its dispatch.
  struct coming {
    std::optional<place> whose;
    std::optional<input> report;
    std::optional<act> deed;
    std::string cache = {}; ///< Under which key the answer is to be kept, ...
    duration ttl{};         ///< ... and how long.
  };
  struct kept_answer {
    http_outcome what;
    timestamp until;
  };

  void create();
  void go();
  std::optional<refused> step(input what);
  std::optional<refused> decide(input what);
  void keep(const turn& made);
  bool order();
  void begin(const commands::perform& what);
  [[nodiscard]] std::optional<report>
  spared(const commands::perform& what) const;
  void keep_answer(const coming& what);
  bool attend();
  bool attend_to(const frame& f);
  void forget_what_is_gone(const std::set<place>& alive);
  bool advance();
  void carry_out(coming what);
  void schedule(duration after, rank first, coming what);
  void halt(ending::kind how, std::string why);
  ending finish();

  definition_ptr of_;
  terms terms_;
  surroundings& around_;
  helper help_;
  machine machine_;
  timestamp now_;
  path path_;
  ending end_;
  bool halted_ = false;
  bool unfinished_ = false;
  std::uint64_t turns_ = 0;
  std::uint64_t facts_ = 0;
  std::uint64_t number_ = 0;
  json::object flags_;
  std::map<std::string, kept_answer> cache_; ///< `metadata.cache`
  std::map<due, coming> agenda_;
  std::set<place> ordered_;            ///< Effects whose outcome is on its way.
  std::map<place, std::size_t> asked_; ///< How often somebody attended to it.
  std::set<place> attended_;           ///< Deeds that are on their way.
  std::set<place> left_alone_;
};

} // namespace pawl::trial
