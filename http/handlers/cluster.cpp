#include "http/handlers/handlers.hpp"

namespace pawl::http::handlers {

// There is one node today: it answers for itself, and so is the leader.
outcome read_cluster(const call& from) {
  const auto& o = from.options;
  json::array places;
  if (from.places != nullptr)
    for (const auto& place : *from.places)
      places.emplace_back(place);
  const auto why = from.daemon.unready();
  json::object instances;
  if (o.hot_instances)
    instances["hot"] = o.hot_instances();
  json::object node{
    {"id", o.node},
    {"version", o.version},
    {"since", to_text(o.since)},
    {"address", places.empty() ? json::value(nullptr) : places.front()},
    {"addresses", std::move(places)},
    {"status", why.empty() ? "ready" : "unready"},
    {"detail", why.empty() ? json::value(nullptr) : json::value(why)},
    {"instances", std::move(instances)},
    {"leader", true}};
  json::array nodes;
  nodes.emplace_back(std::move(node));
  return json_response(
    200, to_text(json::object{{"nodes", std::move(nodes)}, {"size", 1}}));
}

} // namespace pawl::http::handlers
