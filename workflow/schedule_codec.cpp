#include "workflow/fields.hpp"
#include "workflow/schedule.hpp"

namespace pawl {

namespace layout {

template <class V>
void describe(V& v, gathering& x) {
  v(1, "matched", x.matched);
  v(2, "correlation", x.correlation);
  v(3, "numbers", x.numbers);
  v(4, "events", x.events);
}
template <class V>
void describe(V& v, schedule_state& x) {
  v(1, "namespace", x.ns);
  v(2, "name", x.name);
  v(3, "rule", x.rule);
  v(4, "created", x.created);
  v(5, "since", x.since);
  v(6, "last", x.last);
  v(7, "runs", x.runs);
  v(8, "skipped", x.skipped);
  v(9, "dropped", x.dropped);
  v(10, "instance", x.instance);
  v(11, "paused", x.paused);
  v(12, "reason", x.reason);
  v(13, "position", x.position);
  v(14, "gatherings", x.gatherings);
  v(15, "held", x.held);
}

} // namespace layout

namespace {

constexpr std::uint64_t schedule_version = 1;

} // namespace

std::string encode_schedule(const schedule_state& state) {
  std::string out;
  cbor::put_uint(out, schedule_version);
  layout::writer{out}.put_struct(state);
  return out;
}

result<schedule_state> decode_schedule(std::string_view bytes) {
  cbor::reader in{bytes};
  schedule_state s;
  if (in.get_uint() != schedule_version)
    return error{errc::corrupt, "a schedule of an unknown version"};
  layout::reader{in}.get_struct(s);
  if (in.failed() || !in.at_end())
    return error{errc::corrupt, "a schedule does not decode"};
  return s;
}

} // namespace pawl
