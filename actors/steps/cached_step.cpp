#include "actors/steps/step.hpp"

#include <boost/json/array.hpp>
#include <caf/send.hpp>

#include <charconv>

/// `metadata.cache`: an answer that was given lately, in place of a call.
namespace pawl::actors {

namespace {

/// Larger ones are not worth their place.
constexpr std::size_t body_bytes_max = std::size_t{1} << 20;

/// Of one task of one workflow, whatever its version and instance.
std::string scope_of(const step_order& order, std::string_view key) {
  return "cache/" + order.flow->id.ns + "/" + order.flow->id.name
         + order.what.task + "/" + std::string{key};
}

// Its head as JSON, how long that is before it, and the body as it came.
std::string encode(const http_outcome& what) {
  json::array headers;
  for (const auto& [name, value] : what.headers)
    headers.emplace_back(json::array{name, value});
  const auto head = to_text(json::value{{"status", what.status},
                                        {"headers", std::move(headers)},
                                        {"request", what.request}});
  return std::to_string(head.size()) + "\n" + head + what.body;
}

std::optional<http_outcome> decode(std::string_view kept) {
  const auto line = kept.find('\n');
  std::size_t size = 0;
  if (line == kept.npos
      || std::from_chars(kept.data(), kept.data() + line, size).ec
           != std::errc{}
      || kept.size() - line - 1 < size)
    return std::nullopt;
  const auto head = parse_json(kept.substr(line + 1, size));
  if (!head)
    return std::nullopt;
  http_outcome out;
  out.status = head->at("status").to_number<std::uint32_t>();
  for (const auto& one : head->at("headers").as_array())
    out.headers.emplace_back(one.at(0).as_string(), one.at(1).as_string());
  out.request = head->at("request").as_object();
  out.body = kept.substr(line + 1 + size);
  return out;
}

/// What was kept is the outcome; nothing is under way.
class spared_step final : public step {
public:
  spared_step(http_outcome known, const step_done& done) {
    done(effect_outcome{std::move(known)});
  }
  void give_up(giving_up) override {}
};

/// Keeps a good answer, behind what reports it.
step_done keeping(context& ctx, std::string scope, duration ttl,
                  step_done done) {
  return [&ctx, scope = std::move(scope), ttl,
          done = std::move(done)](step_result how) {
    const auto* outcome = std::get_if<effect_outcome>(&how);
    const auto* said
      = outcome != nullptr ? std::get_if<http_outcome>(outcome) : nullptr;
    constexpr std::uint32_t good_below = 300;
    if (said != nullptr && said->failure.empty() && said->status >= 200
        && said->status < good_below && said->body.size() <= body_bytes_max) {
      storage::kept_answer kept{.scope = scope,
                                .body_digest = {},
                                .status = said->status,
                                .location = {},
                                .body = encode(*said),
                                .expires = clock::now() + ttl};
      caf::anon_send(ctx.writer.get(),
                     write_job{[kept = std::move(kept)](storage::store& s) {
                       return s.put_answer(kept);
                     }});
    }
    done(std::move(how));
  };
}

/// The answer that was given lately; nothing if there is none.
std::optional<http_outcome> known_answer(const context& ctx,
                                         const std::string& scope) {
  const auto known = ctx.store.read_answer(scope, clock::now());
  if (!known || !*known)
    return std::nullopt;
  return decode((*known)->body);
}

std::string scope_of(const step_order& order) {
  const auto& terms = order.what.arguments->at("cache");
  return scope_of(order, terms.at("key").as_string());
}

} // namespace

bool is_spared(const context& ctx, const step_order& order) {
  return order.what.arguments->as_object().contains("cache")
         && known_answer(ctx, scope_of(order));
}

std::unique_ptr<step> start_cached_step(context& ctx, step_order order,
                                        step_done done) {
  const auto& terms = order.what.arguments->at("cache");
  auto scope = scope_of(order);
  const duration ttl{terms.at("ttl").to_number<std::int64_t>()};
  if (auto known = known_answer(ctx, scope))
    return std::make_unique<spared_step>(std::move(*known), done);
  return start_fresh_step(ctx, std::move(order),
                          keeping(ctx, std::move(scope), ttl, std::move(done)));
}

} // namespace pawl::actors
