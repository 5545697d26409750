#include "trial/rehearsal.hpp"

#include "trial/suite.hpp"
#include "workflow/approval.hpp"
#include "workflow/shown.hpp"

#include <boost/json/array.hpp>

namespace pawl::trial {

namespace {

/// Everybody agrees, and everything goes well.
class agreeable final : public surroundings {
public:
  agreeable(const definition& of, const std::map<std::string, datum>& given)
      : of_{of}, given_{given} {}

  result<reply> effect(const commands::perform& order) override {
    const auto found = given_.find(order.task);
    if (found != given_.end())
      return reply{.how = reply::given{found->second}};
    return assumed(*order.node);
  }

  result<std::optional<act>> attend(const instance_state& s, const frame& waits,
                                    std::size_t nth) override {
    if (nth > 0)
      return std::optional<act>{};
    const auto& node = of_.tasks[*waits.node];
    const auto found = given_.find(node.pointer);
    requests::settle wish{.how = requests::settle::way::complete,
                          .task = node.pointer,
                          .lane = lane_of(s, waits)};
    wish.output
      = found != given_.end() ? found->second : make_datum(agreed(waits, node));
    return std::optional{act{.what = std::move(wish),
                             .label = node.pointer,
                             .assumed = found == given_.end()}};
  }

private:
  // What such a task puts out at least.
  static reply assumed(const task& node) {
    reply out{.assumed = true};
    const auto* program = std::get_if<tasks::run_program>(&node.kind);
    if (program != nullptr) {
      out.how = reply::exited{};
      return out;
    }
    const reply object{.how = reply::given{make_datum(json::object{})}};
    if (unfit(object, node).empty())
      out.how = object.how;
    return out;
  }

  static json::value agreed(const frame& waits, const task& node) {
    if (is_open_approval(waits))
      return json::object{{"outcome", "approved"}, {"by", "somebody"},
                          {"comment", ""},         {"data", nullptr},
                          {"automatic", false},    {"votes", json::array{}}};
    const auto& listen = std::get<tasks::listen>(node.kind);
    json::array events;
    for (std::size_t i = 0;
         i < std::max<std::size_t>(1, listen.to.how == event_strategy::kind::all
                                        ? listen.to.filters.size()
                                        : 1);
         ++i)
      events.emplace_back(nullptr);
    return events;
  }

  const definition& of_;
  const std::map<std::string, datum>& given_;
};

} // namespace

result<> give(const definition& of, std::string_view name, json::value output,
              std::map<std::string, datum>& given) {
  const auto found = find_task(of, name);
  if (!found)
    return found.error();
  const auto& node = **found;
  const auto effect = effect_of(node);
  const bool listens = std::holds_alternative<tasks::listen>(node.kind);
  if (!listens
      && (effect == effect_kind::none || effect == effect_kind::unknown))
    return error{errc::invalid_request,
                 node.pointer + " is a '" + title_of(node)
                   + "' task: it has no effect that could be mocked"};
  const auto made = make_datum(std::move(output));
  if (const auto why = unfit({.how = reply::given{made}}, node); !why.empty())
    return error{errc::invalid_request, node.pointer + ": " + why};
  given[node.pointer] = made;
  return {};
}

ending rehearse(const definition_ptr& of, terms by,
                const std::map<std::string, datum>& given, const helper& help) {
  agreeable around{*of, given};
  return world{of, std::move(by), around, help}.run();
}

} // namespace pawl::trial
