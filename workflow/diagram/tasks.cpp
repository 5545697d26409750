#include "base/overload.hpp"
#include "workflow/diagram/parts.hpp"
#include "workflow/diagram/progress.hpp"

#include <map>
#include <utility>

namespace pawl::diagram {

namespace {

constexpr std::size_t name_width = 40;
constexpr std::size_t label_width = 40;

/// Makes the picture of the tasks, from the outside in.
class sketch {
public:
  sketch(const definition& of, const progress* live) : of_{of}, live_{live} {}

  result<picture> make();

private:
  /// The list that is being drawn.
  struct scene {
    const task_list& tasks;
    bool top = false;
    std::map<task_index, figure_index> figures = {};
    std::map<std::string, figure_index> points = {};
  };

  figure_index add(figure what);
  column draw_list(const task_list& tasks, bool in_order, bool top);
  figure_index draw_task(task_index which);
  void lead_on(scene& s, std::size_t at);
  void lead(scene& s, std::size_t from, const flow& by,
            const std::string& label);
  void join(figure_index from, figure_index to, const std::string& label);
  figure_index point(scene& s, const std::string& name);
  void summarize();

  const definition& of_;
  const progress* live_;
  picture out_;
  std::map<std::pair<figure_index, figure_index>, std::size_t> joined_;
  std::size_t tasks_ = 0;
  bool full_ = false;
};

figure_index sketch::add(figure what) {
  if (out_.figures.size() >= figures_max) {
    full_ = true; // What is drawn from now on is thrown away.
    return 0;
  }
  out_.figures.push_back(std::move(what));
  return static_cast<figure_index>(out_.figures.size() - 1);
}

// Arrows that lead the same way are one, with all their labels.
void sketch::join(figure_index from, figure_index to,
                  const std::string& label) {
  const auto known = joined_.find({from, to});
  if (known != joined_.end()) {
    auto& text = out_.arrows[known->second].label;
    if (!label.empty())
      text = shortened(text.empty() ? label : text + ", " + label, label_width);
    return;
  }
  if (full_ || out_.arrows.size() >= arrows_max) {
    full_ = true;
    return;
  }
  joined_.emplace(std::pair{from, to}, out_.arrows.size());
  out_.arrows.push_back({from, to, shortened(label, label_width)});
}

figure_index sketch::point(scene& s, const std::string& name) {
  const auto known = s.points.find(name);
  if (known != s.points.end())
    return known->second;
  const auto made = add({.form = shape::point, .name = name});
  s.points.emplace(name, made);
  return made;
}

void sketch::lead(scene& s, std::size_t from, const flow& by,
                  const std::string& label) {
  const auto start = s.figures.at(s.tasks[from]);
  const bool last = from + 1 == s.tasks.size();
  switch (by.to) {
  case flow::kind::jump:
    if (const auto target = s.figures.find(by.target);
        target != s.figures.end())
      join(start, target->second, label);
    return;
  case flow::kind::end:
    return join(start, point(s, "end"), label);
  case flow::kind::exit:
    return join(start, point(s, s.top ? "end" : "exit"), label);
  case flow::kind::proceed:
    break;
  }
  if (!last)
    return join(start, s.figures.at(s.tasks[from + 1]), label);
  // In a list within a task the end of the list needs no arrow.
  if (s.top)
    join(start, point(s, "end"), label);
  else if (!label.empty())
    join(start, point(s, "go on"), label);
}

void sketch::lead_on(scene& s, std::size_t at) {
  const auto& from = of_.tasks[s.tasks[at]];
  if (std::holds_alternative<tasks::raise>(from.kind) && !from.if_)
    return; // Nothing comes behind an error.
  if (const auto* cases = std::get_if<tasks::switch_on>(&from.kind)) {
    bool otherwise = true;
    for (const auto& one : cases->cases) {
      lead(s, at, one.then, one.name);
      otherwise = otherwise && one.when != nullptr;
    }
    if (otherwise)
      lead(s, at, from.then, "otherwise");
    return;
  }
  lead(s, at, from.then, "");
  const auto* guarded = std::get_if<tasks::try_catch>(&from.kind);
  if (guarded != nullptr && guarded->then.to != flow::kind::proceed)
    lead(s, at, guarded->then, "caught");
}

column sketch::draw_list(const task_list& tasks, bool in_order, bool top) {
  column out;
  scene s{.tasks = tasks, .top = top};
  if (top)
    out.figures.push_back(add({.form = shape::point, .name = "start"}));
  for (const auto t : tasks) {
    if (full_)
      return out;
    const auto made = draw_task(t);
    s.figures.emplace(t, made);
    out.figures.push_back(made);
  }
  if (top && !tasks.empty())
    join(out.figures[0], out.figures[1], "");
  for (std::size_t i = 0; in_order && i < tasks.size(); ++i)
    lead_on(s, i);
  for (const auto* name : {"go on", "exit", "end"})
    if (const auto drawn = s.points.find(name); drawn != s.points.end())
      out.figures.push_back(drawn->second);
  return out;
}

figure_index sketch::draw_task(task_index which) {
  const auto& from = of_.tasks[which];
  ++tasks_;
  figure made{.form = std::holds_alternative<tasks::switch_on>(from.kind)
                        ? shape::decision
                        : shape::task,
              .name = shortened(from.name, name_width),
              .note = note_of(from, of_),
              .place = from.pointer};
  if (live_ != nullptr) {
    made.as = live_->of(which).as;
    made.times = live_->of(which).times;
  }
  const auto self = add(std::move(made));
  for (const auto& inner : parts_of(from)) {
    if (full_)
      return self;
    auto drawn = draw_list(inner.tasks, inner.in_order, false);
    drawn.title = inner.title;
    auto& whole = out_.figures[self];
    whole.form = shape::box;
    whole.columns.push_back(std::move(drawn));
  }
  return self;
}

void sketch::summarize() {
  out_.summary = "The workflow " + out_.title + ", with "
                 + std::to_string(tasks_)
                 + (tasks_ == 1 ? " task." : " tasks.");
  if (live_ == nullptr)
    return;
  out_.title = live_->headline();
  out_.summary = live_->headline() + ". " + out_.summary;
  std::map<mark, int> counts;
  for (const auto& one : out_.figures)
    if (one.as != mark::none)
      ++counts[one.as];
  for (const auto& [as, count] : counts)
    out_.summary
      += ' ' + std::to_string(count) + ' ' + std::string{word_of(as)} + '.';
}

result<picture> sketch::make() {
  out_.title = of_.id.ns + '/' + of_.id.name + '@' + of_.id.version;
  out_.top = draw_list(of_.body, true, true);
  if (full_)
    return error{errc::too_large,
                 "A drawing has at most " + std::to_string(figures_max)
                   + " figures and " + std::to_string(arrows_max)
                   + " arrows; this workflow, with "
                   + std::to_string(of_.tasks.size()) + " tasks, needs more."};
  summarize();
  return std::move(out_);
}

} // namespace

result<picture> draw_tasks(const definition& of, const progress* live) {
  return sketch{of, live}.make();
}

} // namespace pawl::diagram
