#include "workflow/sensitive_memory.hpp"

#include "base/overload.hpp"
#include "workflow/sensitive.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace pawl {

namespace {

constexpr std::size_t values_max = 4096;
constexpr std::size_t bytes_max = std::size_t{4} << 20;

bool is_of_workflow(std::string_view place, std::string_view root) {
  return place == root
         || (place.starts_with(root) && place[root.size()] == '/');
}

} // namespace

bool sensitive_memory::is_needed(const definition& of) {
  return std::ranges::any_of(of.sensitive, [](const std::string& place) {
    return !is_of_workflow(place, "/input")
           && !is_of_workflow(place, "/output");
  });
}

void sensitive_memory::see(const event& fact, timestamp at) {
  before(fact);
  apply(seen_, *of_, fact, at);
  after(fact);
}

// What is gone once the fact is folded.
void sensitive_memory::before(const event& fact) {
  const auto put_out = [this](const auto& x) {
    const auto found = seen_.frames.find(x.frame);
    if (found != seen_.frames.end())
      take(x.task + "/output", x.output ? x.output : found->second.input);
  };
  std::visit(overload{[&](const events::task_completed& x) { put_out(x); },
                      [&](const events::task_skipped& x) { put_out(x); },
                      [&](const events::redo_completed& x) { put_out(x); },
                      [](const auto&) {}},
             fact);
}

void sensitive_memory::after(const event& fact) {
  std::visit(
    overload{
      [&](const events::instance_created& x) { take("/input", x.input); },
      [&](const events::instance_completed& x) { take("/output", x.output); },
      [&](const events::task_started& x) {
        take(x.task + "/input", seen_.frames.at(x.frame).raw);
      },
      [&](const events::redo_started& x) { take(x.task + "/input", x.input); },
      [](const auto&) {}},
    fact);
  if (seen_.context != context_) {
    context_ = seen_.context;
    take("/context", context_);
  }
}

void sensitive_memory::take(const std::string& root, const datum& value) {
  if (!value)
    return;
  json::array found;
  take_sensitive(*of_, root, *value, found);
  for (const auto& one : found)
    keep(one);
}

void sensitive_memory::keep(const json::value& value) {
  if (const auto* list = value.if_array())
    for (const auto& one : *list)
      keep(one);
  if (const auto* members = value.if_object())
    for (const auto& one : *members)
      keep(one.value());
  if (!value.is_string() && !value.is_number())
    return;
  auto text = to_text(value);
  if (!known_.insert(text).second)
    return;
  bytes_ += text.size();
  texts_.push_back(std::move(text));
  while (texts_.size() > values_max
         || (bytes_ > bytes_max && texts_.size() > 1)) {
    bytes_ -= texts_.front().size();
    known_.erase(texts_.front());
    texts_.pop_front();
  }
  made_.reset();
}

redactor_ptr sensitive_memory::hider() {
  if (made_)
    return made_;
  json::array values;
  for (const auto& text : texts_)
    values.push_back(*parse_json(text));
  made_ = std::make_shared<const redactor>(json::value(std::move(values)));
  return made_;
}

} // namespace pawl
