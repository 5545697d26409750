#include "tests/conformance/decisions.hpp"

#include <algorithm>

namespace pawl::conformance {

namespace {

constexpr std::string_view no_meaning
  = "members to which the schema gives no meaning are refused";
constexpr std::string_view schemas
  = "schemas are JSON Schema, and no keyword is ignored";
constexpr std::string_view variables = "variables have names that jq can read";
constexpr std::string_view references = "references name what there is";
constexpr std::string_view flow = "flow leads to a task of the same list";
constexpr std::string_view twice = "names in one list differ";

constexpr decision decisions[] = {
  {"what is not built is refused by name", "is not supported yet", {}},
  {"versions are of the DSL 1.0", "the DSL version", "/document/dsl"},
  {twice, "is in this list already", {}},
  {twice, "is in this switch already", {}},
  {flow, "there is no task", "/then"},
  {flow, "a flow directive may only lead to a task of the same list", "/then"},
  {flow, "there is no way from", "/then"},
  {references, "'use.functions' has no", "/call"},
  {references, "'use.catalogs' has no", "/call"},
  {references, "is not a function of a catalog", "/call"},
  {references, "the URL of a function is taken as it stands", "/call"},
  {references, "'use.errors' has no", "/raise/error"},
  {references, "'use.retries' has no", "/catch/retry"},
  {references, "'use.timeouts' has no", "/timeout"},
  {references, "'use.secrets' has no", {}},
  {references, "'use.authentications' has no", "/use"},
  {"expressions compile", "the expression does not compile", {}},
  {"expressions compile", "the expression is empty", {}},
  {"expressions use what their place has", "the variable $", {}},
  {schemas, "", "*/schema/document"},
  {no_meaning, "'emit.event' has no member", {}},
  {no_meaning, "'catch.errors' has no member", {}},
  {no_meaning, "'errors.with' has no member", {}},
  {no_meaning, "'endpoints' has no member", {}},
  {no_meaning, "'request' has no member", {}},
  {no_meaning, "text is needed", "/errors/with/detail"},
  {no_meaning, "text is needed", "/errors/with/details"},
  {no_meaning, "a correlation has no member", {}},
  {no_meaning, "an authentication has no member", "*/use/authentications/"},
  {no_meaning, "an authentication needs exactly one", "*/use/authentications/"},
  {no_meaning, "'with' of 'call: log'", {}},
  {"what is fetched at registration is known then", "is no whole URI", {}},
  {"what is fetched at registration is known then",
   "a URI is needed that is known when",
   {}},
  {"an event has a type", "'emit.event' needs 'with'", "/emit/event"},
  {"an event has a type", "cannot be empty", "*/emit/event/with/"},
  {"attributes of events are scalars", "an extension attribute of an event",
   "*/emit/event/with/"},
  {"a schedule says one thing", "'schedule' needs exactly one of", "/schedule"},
  {"cron expressions are valid", "", "/schedule/cron"},
  {"authority and grant are needed", "'oauth2' needs 'authority'", "/oauth2"},
  {"authority and grant are needed", "'oauth2' needs 'grant'", "/oauth2"},
  {"authority and grant are needed", "'oidc' needs 'authority'", "/oidc"},
  {"authority and grant are needed", "'oidc' needs 'grant'", "/oidc"},
  {"a method is a token", "is not a method", "/with/method"},
  {"headers have names", "cannot name a header", "*/with/headers/"},
  {variables, "cannot be a variable", {}},
  {variables, "write the variable's name without '$'", {}},
  {variables, "is taken: every expression has", {}},
  {variables, "the item and its index cannot both be called", {}},
  {"a switch has one default", "a switch has at most one case without", {}},
  {"names are not empty", "the text is empty", {}},
  {"names are not empty", "a task's name has 1 to 256 bytes", {}},
  {"durations are not negative", "is negative; a duration is not", {}},
  {"counts are not negative", "it must be at least 0", {}},
  {"URI templates are simple", "the URI template is broken", {}},
  {"a child workflow is named", "must be 1 to 63 letters", "*/run/workflow/"},
  {"a child workflow is named", "is not a semantic version",
   "/run/workflow/version"},
  {"what `evaluate` says is checked", "", "*/evaluate"},
};

bool stands_at(std::string_view pointer, std::string_view at) {
  if (at.starts_with('*'))
    return pointer.find(at.substr(1)) != std::string_view::npos;
  return pointer.ends_with(at);
}

} // namespace

std::span<const decision> all_decisions() {
  return decisions;
}

const decision* decision_behind(const fault& why) {
  const auto* found = std::find_if(
    std::begin(decisions), std::end(decisions), [&why](const auto& each) {
      return why.detail.find(each.says) != std::string::npos
             && stands_at(why.pointer, each.at);
    });
  return found == std::end(decisions) ? nullptr : found;
}

} // namespace pawl::conformance
