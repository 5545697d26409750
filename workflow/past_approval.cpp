#include "workflow/past_approval.hpp"

#include "base/overload.hpp"

#include <boost/json/array.hpp>

namespace pawl {

void past_approval::see(const event& fact, timestamp at) {
  std::visit(
    overload{[&](const events::instance_created& x) { ns_ = x.ns; },
             [&](const events::task_started& x) { begin(x, at); },
             [&](const events::approval_voted& x) {
               if (is_open() && x.frame == which_.frame)
                 votes_.push_back({.by = x.by,
                                   .outcome = x.outcome,
                                   .comment = x.comment,
                                   .data = x.data ? x.data : null_datum(),
                                   .at = at,
                                   .automatic = x.automatic,
                                   .group = x.group});
             },
             [&](const events::task_completed& x) {
               if (x.frame == which_.frame)
                 end(x.by_operator || votes_.empty() ? "completed"
                                                     : votes_.back().outcome,
                     at);
             },
             [&](const events::task_skipped& x) {
               if (x.frame == which_.frame)
                 end("skipped", at);
             },
             [&](const events::task_faulted& x) {
               if (x.frame == which_.frame)
                 end("faulted", at);
             },
             [&](const events::task_cancelled& x) {
               if (x.frame == which_.frame)
                 end("cancelled", at);
             },
             [](const auto&) {}},
    fact);
}

void past_approval::begin(const events::task_started& fact, timestamp at) {
  if (fact.frame != which_.frame || ++round_ != which_.round)
    return;
  const auto& node = of_.tasks.at(of_.by_pointer.at(fact.task));
  if (!std::holds_alternative<tasks::approval>(node.kind) || !fact.arguments)
    return;
  begun_ = true;
  status_ = "open";
  task_ = fact.task;
  arguments_ = fact.arguments;
  since_ = at;
}

void past_approval::end(std::string how, timestamp at) {
  if (!is_open())
    return;
  status_ = std::move(how);
  ended_ = at;
}

json::object past_approval::shown() const {
  const auto& with = arguments_->as_object();
  const auto& by = with.at("approvers").as_object();
  json::array votes;
  for (const auto& cast : votes_)
    votes.emplace_back(show(cast));
  // What no fact has ended went with what was around it.
  return {{"id", to_text(which_)},
          {"status", status_ == "open" ? "cancelled" : status_},
          {"instance", which_.instance},
          {"namespace", ns_},
          {"workflow",
           {{"namespace", of_.id.ns},
            {"name", of_.id.name},
            {"version", of_.id.version}}},
          {"task", task_},
          {"title", with.at("title")},
          {"data", with.at("data")},
          {"groups", by.at("groups")},
          {"users", by.at("users")},
          {"mode", by.at("mode")},
          {"since", to_text(since_)},
          {"endedAt", ended_ ? json::value(to_text(*ended_)) : json::value{}},
          {"votes", std::move(votes)},
          {"allowedActions", json::array{}}};
}

} // namespace pawl
