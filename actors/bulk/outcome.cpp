#include "actors/bulk/outcome.hpp"

namespace pawl::actors {

namespace {

/// So often is asked whose answer did not come.
constexpr std::uint32_t tries_max = 5;
constexpr std::size_t detail_max = 256;

bool was_shed(errc why) {
  return why == errc::overloaded || why == errc::shutting_down
         || why == errc::disk_low;
}

bool is_gone(errc why) {
  return why == errc::not_found || why == errc::purged;
}

bool is_our_fault(errc why) {
  return why == errc::io || why == errc::corrupt || why == errc::internal;
}

void take_refusal(bulk_item& item, const refusal& no, bulk_action what) {
  const auto why = no.what.code;
  if (was_shed(why))
    return;
  if (why == errc::timed_out && item.tries < tries_max) {
    item.doubtful = true;
    return;
  }
  if (what == bulk_action::remove && item.doubtful && is_gone(why)) {
    item.outcome = bulk_outcome::done;
    return;
  }
  item.outcome = why == errc::timed_out ? bulk_outcome::unknown
                 : is_our_fault(why)    ? bulk_outcome::failed
                                        : bulk_outcome::refused;
  item.code = no.role.empty() ? std::string{slug(why)} : "forbidden";
  item.detail = no.what.detail.substr(0, detail_max);
}

} // namespace

void take_reply(bulk_item& item, const reply& said, bulk_action what,
                timestamp now) {
  if (item.outcome != bulk_outcome::pending)
    return;
  item.at = now;
  if (const auto* no = std::get_if<refusal>(&said))
    return take_refusal(item, *no, what);
  item.outcome = bulk_outcome::done;
  item.status = std::get<answer>(said).status;
}

} // namespace pawl::actors
