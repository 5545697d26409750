// The validator: any document gives a definition that can be stored and read
// again, or faults that say where.
#include "tests/fuzz/driver.hpp"
#include "workflow/parse.hpp"

using namespace pawl;

namespace {

const resource_map& resources() {
  static const resource_map all{
    {"https://x/f", "input: {schema: {resource: {endpoint: 'https://x/s'}}}\n"
                    "do: [{a: {call: 'https://x/g'}}]\n"},
    {"https://x/g", "set: '${ .a }'\n"},
    {"https://x/s", "type: object\n"},
    {"https://x/c/functions/f/1.0.0/function.yaml", "wait: PT1S\n"}};
  return all;
}

void check(const definition& made) {
  for (const auto& task : made.tasks) {
    fuzz::require(task.index < task.end && task.end <= made.tasks.size(),
                  "a task ends behind itself");
    fuzz::require(made.by_pointer.contains(task.pointer),
                  "a task is found by its pointer");
    if (task.then.to == flow::kind::jump)
      fuzz::require(task.then.target < made.tasks.size(),
                    "flow leads to a task");
    if (const auto* call = std::get_if<tasks::call_function>(&task.kind))
      fuzz::require(call->function < made.tasks.size(),
                    "a call leads to a function");
    for (const auto i : task.extended_by)
      fuzz::require(i < made.extensions.size(), "an extension is there");
  }
  const auto again
    = parse_definition(to_canonical_text(made.document), made.resources);
  fuzz::require(again && again->made != nullptr, "what is stored can be read");
  fuzz::require(again->made->digest == made.digest, "the digest stays");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto got = parse_definition(fuzz::text_of(data, size), resources());
  if (!got) {
    const auto why = got.error();
    fuzz::require(!why.detail.empty(), "an error says something");
    for (const auto& each : why.faults)
      fuzz::require(!each.detail.empty(), "a fault says something");
    return 0;
  }
  if (got->made != nullptr)
    check(*got->made);
  for (const auto& each : got->wanted)
    fuzz::require(!each.uri.empty() && !each.at.pointer.empty(),
                  "what is wanted has a name and a place");
  return 0;
}
