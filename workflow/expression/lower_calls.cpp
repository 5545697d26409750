#include "workflow/expression/lowering.hpp"

#include <algorithm>
#include <array>

namespace pawl::expression {

namespace {

// Expansion could grow without end.
constexpr int expansion_max = 400;

constexpr std::array<std::string_view, 10> refused{"env",
                                                   "input",
                                                   "inputs",
                                                   "debug",
                                                   "stderr",
                                                   "halt",
                                                   "halt_error",
                                                   "input_filename",
                                                   "input_line_number",
                                                   "get_search_list"};

} // namespace

std::uint32_t lowering::named_call(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  const auto arity = n.kids.size();
  for (const auto* s = at.within; s != nullptr; s = s->outer) {
    if (s->name != n.text)
      continue;
    if (s->is == binding::kind::closure && arity == 0)
      return expand_closure(*s);
    if (s->is == binding::kind::function
        && s->tree->nodes[s->node].params.size() == arity)
      return expand({s->tree, s->node, s}, arguments(at));
  }
  if (arity == 0 && (n.text == "true" || n.text == "false"))
    return constant(val::of(n.text == "true"));
  if (arity == 0 && n.text == "null")
    return constant(val{});
  return builtin(at);
}

std::vector<place> lowering::arguments(const place& at) {
  std::vector<place> made;
  for (const auto k : at.tree->nodes[at.node].kids)
    made.push_back({at.tree, k, at.within});
  return made;
}

std::uint32_t lowering::builtin(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  const auto arity = n.kids.size();
  const bool ours = at.tree != &parsed_;
  if (!is_builtin(n.text, arity) && !ours) {
    fail(at, "There is no function '" + n.text + "' with "
               + std::to_string(arity)
               + (arity == 1 ? " argument." : " arguments."));
    return make(op::empty);
  }
  if (std::ranges::find(refused, n.text) != refused.end()) {
    fail(at, "The function '" + n.text + "' is refused.");
    return make(op::empty);
  }
  if (n.text == "gsub" && at.tree->nodes[n.kids[0]].kind == form::text
      && at.tree->nodes[n.kids[0]].text.empty()) {
    fail(at, "'gsub' with an empty regular expression never ends in jq 1.6.");
    return make(op::empty);
  }
  if (n.text == "empty")
    return make(op::empty);
  if (n.text == "path")
    return make(op::path, all(at));
  if (n.text == "walk")
    return make(op::walk, all(at));
  if (n.text == "range" && arity == 2)
    return make(op::range, all(at));
  if (n.text == "range" && arity == 3)
    return make(op::range_by, all(at));
  if (find_prelude(n.text, arity) != none)
    return expand_prelude(n.text, arguments(at));
  if (find_native(n.text, arity) != nullptr)
    return call(n.text, all(at));
  sandbox("uses the function '" + n.text + "'");
  (void)all(at);
  return make(op::empty);
}

std::uint32_t lowering::expand_prelude(std::string_view name,
                                       std::vector<place> given) {
  const auto found = find_prelude(name, given.size());
  return expand({&prelude(), found, nullptr}, std::move(given));
}

std::uint32_t lowering::expand_closure(const binding& s) {
  // Only what was being expanded where the argument stands counts as open.
  const std::vector<open> rest(
    open_.begin() + static_cast<std::ptrdiff_t>(s.active), open_.end());
  open_.resize(s.active);
  const auto made = lower({s.tree, s.node, s.within});
  open_.insert(open_.end(), rest.begin(), rest.end());
  return made;
}

// The body of function `what`, whose scope is its own (so that it may name
// itself), for the arguments `given`.
std::uint32_t lowering::expand(const place& what, std::vector<place> given) {
  const auto& n = what.tree->nodes[what.node];
  const open mine{what.tree, what.node, what.within};
  if (std::ranges::find(open_, mine) != open_.end()) {
    sandbox("defines the recursive function '" + n.text + "'");
    return make(op::empty);
  }
  if (++expanding_ > expansion_max) {
    sandbox("is too large to evaluate in place");
    --expanding_;
    return make(op::empty);
  }
  const binding* inner = what.within;
  for (std::size_t i = 0; i < given.size(); ++i) {
    binding s;
    s.outer = inner;
    s.is = binding::kind::closure;
    s.name = n.params[i].starts_with('$') ? n.params[i].substr(1) : n.params[i];
    s.tree = given[i].tree;
    s.node = given[i].node;
    s.within = given[i].within;
    s.active = open_.size();
    inner = add(std::move(s));
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> values;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (n.params[i].starts_with('$')) {
      const auto source = lower(given[i]);
      const auto slot = new_slot();
      inner = with_variable(inner, n.params[i].substr(1), slot);
      values.emplace_back(source, slot);
    }
  open_.push_back(mine);
  auto made = lower({what.tree, n.kids[0], inner});
  open_.pop_back();
  while (!values.empty()) {
    const auto [source, slot] = values.back();
    values.pop_back();
    made = bound(source, named_pattern(slot), made);
  }
  --expanding_;
  return made;
}

} // namespace pawl::expression
