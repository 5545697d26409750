#include "tests/support/flow.hpp"

#include "workflow/parse.hpp"

#include <algorithm>
#include <stdexcept>

namespace pawl::test {

namespace {

constexpr std::string_view header = R"(document:
  dsl: 1.0.3
  namespace: test
  name: flow
  version: 1.0.0
)";

[[noreturn]] void broken(const std::string& what) {
  throw std::runtime_error{what};
}

} // namespace

definition_ptr flow_of(std::string_view text) {
  const bool whole = text.starts_with("document:")
                     || text.find("\ndocument:") != std::string_view::npos;
  auto made
    = parse_definition((whole ? "" : std::string{header}) + std::string{text});
  if (made)
    return *made;
  const auto why = made.error();
  std::string all = why.detail;
  for (const auto& f : why.faults)
    all += "\n" + std::to_string(f.line) + ": " + f.pointer + ": " + f.detail;
  broken(all);
}

http_outcome ok(std::string body) {
  return {.failure = {},
          .status = 200,
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

http_outcome status_of(std::uint32_t status, std::string body) {
  return {.failure = {},
          .status = status,
          .headers = {{"Content-Type", "text/plain"}},
          .body = std::move(body)};
}

http_outcome no_answer(std::string why) {
  http_outcome none;
  none.failure = std::move(why);
  return none;
}

trial::trial(std::string_view text, json::value input, machine_limits limits,
             const shaper& shape)
    : trial{flow_of(text), std::move(input), limits, shape} {}

trial::trial(definition_ptr of, json::value input, machine_limits limits,
             const shaper& shape)
    : run{of, limits}, of_{std::move(of)}, limits_{limits} {
  help = [](const evaluation& e) -> result<std::vector<json::value>> {
    broken("the test has no helper for " + e.program->text());
  };
  requests::create wish{"test", "one", make_datum(std::move(input)), {}};
  if (shape)
    shape(wish, now);
  grant(std::move(wish));
}

trial::answer trial::decide(input what) {
  auto made = run.decide(std::move(what), {now, seed++});
  if (!made) {
    check();
    return made;
  }
  keep(*made);
  while (made->needs) {
    auto values = help(*made->needs);
    made = run.decide(reports::evaluated{std::move(values)}, {now, seed});
    if (!made)
      return made;
    keep(*made);
  }
  check();
  return made;
}

turn trial::grant(input what) {
  auto made = decide(std::move(what));
  if (!made)
    broken("refused: " + made.error().what.detail);
  constexpr int turns_max = 10'000;
  for (int i = 0; made->unfinished && i < turns_max; ++i)
    made = decide(reports::go_on{});
  return *made;
}

refused trial::refusal(input what) {
  const auto before = run.snapshot();
  auto made = decide(std::move(what));
  if (made)
    broken("granted, though it should be refused");
  if (run.snapshot() != before)
    broken("a refused request changed the state");
  return made.error();
}

void trial::serve(const server& by) {
  for (auto wanted = calls(); !wanted.empty(); wanted = calls())
    grant(reports::effect_done{wanted.front().frame, wanted.front().dispatch,
                               by(wanted.front())});
}

void trial::reply(const effect_outcome& outcome) {
  const auto wanted = order();
  grant(reports::effect_done{wanted.frame, wanted.dispatch, outcome});
}

void trial::confirm_stop() {
  for (const auto& one : run.outstanding())
    if (const auto* stop = std::get_if<commands::stop_effect>(&one)) {
      grant(reports::effect_stopped{stop->frame, stop->dispatch});
      return;
    }
  broken("nothing is to be stopped");
}

void trial::pass(duration length) {
  now += length;
  grant(reports::time_passed{});
}

void trial::to_next_timer() {
  const auto due = run.next_timer();
  if (!due)
    broken("no timer runs");
  pass(std::max(*due - now, duration{}));
}

trial::answer trial::deliver(std::string_view type, json::value data,
                             std::string id,
                             requests::deliver::if_unawaited otherwise) {
  if (id.empty())
    id = "e" + std::to_string(++next_event_);
  return decide(requests::deliver{make_datum({{"specversion", "1.0"},
                                              {"id", id},
                                              {"source", "https://pawl.test"},
                                              {"type", type},
                                              {"data", std::move(data)}}),
                                  otherwise});
}

void trial::crash() {
  run = folded();
}

std::vector<commands::perform> trial::orders() const {
  std::vector<commands::perform> all;
  for (const auto& one : run.outstanding())
    if (const auto* order = std::get_if<commands::perform>(&one))
      all.push_back(*order);
  return all;
}

commands::perform trial::order() const {
  auto all = orders();
  if (all.size() != 1)
    broken(std::to_string(all.size()) + " effects are ordered, not one");
  return all.front();
}

std::vector<http_order> trial::calls() const {
  std::vector<http_order> all;
  for (auto& one : orders())
    if (const auto* http = std::get_if<tasks::call_http>(&one.node->kind)) {
      auto request = http_request_of(one.arguments->as_object());
      request.redirect = http->redirect;
      all.push_back({{std::move(one)}, {std::move(request)}});
    }
  return all;
}

http_order trial::call() const {
  auto all = calls();
  if (all.size() != 1)
    broken(std::to_string(all.size()) + " calls are ordered, not one");
  return all.front();
}

const instance_state& trial::state() const {
  return run.state();
}

std::string_view trial::status() const {
  return to_text(shown_status(state(), *of_));
}

std::string trial::output() const {
  return to_text(*state().output);
}

std::string trial::context() const {
  return to_text(*state().context);
}

json::object trial::error() const {
  const auto* problem = state().error->if_object();
  return problem == nullptr ? json::object{} : *problem;
}

std::string trial::fault() const {
  const auto why = error();
  if (why.empty())
    return "";
  const std::string type{why.at("type").as_string()};
  return type.substr(type.rfind('/') + 1) + " " + to_text(why.at("status"))
         + " " + std::string{why.at("instance").as_string()};
}

json::object trial::shown() const {
  return view(state(), *of_);
}

std::vector<std::string> trial::news(std::string_view prefix) {
  std::vector<std::string> all;
  for (; told_ < history.size(); ++told_) {
    const auto& what = history[told_].what;
    if (!type_of(what).starts_with(prefix))
      continue;
    std::string line{type_of(what)};
    if (!task_of(what).empty())
      line += " " + std::string{task_of(what)};
    all.push_back(std::move(line));
  }
  return all;
}

std::size_t trial::count(std::string_view type) const {
  return static_cast<std::size_t>(std::ranges::count_if(
    history, [&](const fact& f) { return type_of(f.what) == type; }));
}

machine trial::folded() const {
  machine m{of_, limits_};
  for (const auto& f : history)
    m.apply(f.what, f.at);
  return m;
}

void trial::keep(const turn& made) {
  for (const auto& what : made.events)
    history.push_back({what, now});
  emitted.insert(emitted.end(), made.emitted.begin(), made.emitted.end());
  for (const auto& child : made.left)
    left.push_back(child.id);
}

void trial::check() const {
  constexpr std::size_t checked_max = 300;
  if (history.size() > checked_max)
    return;
  if (folded().snapshot() != run.snapshot())
    broken("the state is not the fold of its history");
  machine copy{of_, limits_};
  if (!copy.restore(run.snapshot()) || copy.snapshot() != run.snapshot())
    broken("a snapshot does not give the state back");
}

} // namespace pawl::test
