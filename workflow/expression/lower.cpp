#include "workflow/expression/lowering.hpp"
#include "workflow/expression/text.hpp"
#include "workflow/expression/token.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace pawl::expression {

namespace {

// Beyond these a program is left to libjq: expansion could grow without end,
// and evaluation uses the stack.
constexpr std::size_t nodes_max = 20'000;
constexpr std::uint32_t weight_max = 1'200;

} // namespace

result<code> lowering::run() {
  out_.root = lower({&parsed_, parsed_.root, nullptr});
  if (fault_)
    return *std::move(fault_);
  if (out_.reason.empty() && out_.nodes[out_.root].weight > weight_max)
    sandbox("is too large to evaluate in place");
  out_.slots += static_cast<std::uint32_t>(out_.variables.size());
  if (!out_.reason.empty())
    out_.nodes.clear();
  return std::move(out_);
}

void lowering::fail(const place& at, std::string detail) {
  // A fault within a builtin would be ours; it shows at the start.
  const auto where = at.tree == &parsed_ ? parsed_.nodes[at.node].place : 0;
  if (!fault_)
    fault_ = fault_at(text_, where, std::move(detail));
}

std::uint32_t lowering::make(op what, kids of) {
  code_node n;
  n.what = what;
  std::uint32_t most = 0;
  std::uint32_t sum = 0;
  bool singles = true;
  for (const auto k : of)
    if (k != none) {
      most = std::max(most, node(k).weight);
      sum += node(k).weight;
      singles = singles && node(k).single;
    }
  const bool parallel
    = what == op::comma || what == op::branch
      || (singles
          && (what == op::call || what == op::object || what == op::splice));
  n.weight = 1 + std::min(parallel ? most : sum, weight_max);
  n.single = singles && always_single(what);
  n.kids = std::move(of);
  if (out_.nodes.size() >= nodes_max)
    sandbox("is too large to evaluate in place");
  else
    out_.nodes.push_back(std::move(n));
  return static_cast<std::uint32_t>(out_.nodes.size() - 1);
}

// Whether `what` gives one value if all its operands do.
bool lowering::always_single(op what) {
  switch (what) {
  case op::iterate:
  case op::comma:
  case op::attempt:
  case op::foreach_loop:
  case op::label:
  case op::leave:
  case op::path:
  case op::descend:
  case op::range:
  case op::range_by:
  case op::empty:
  case op::walk:
    return false;
  default:
    return true;
  }
}

std::uint32_t lowering::constant(const val& v) {
  const auto made = make(op::constant);
  node(made).constant = v;
  return made;
}

val lowering::kept(std::string s) {
  out_.texts.push_back(std::move(s));
  return val::of(std::string_view{out_.texts.back()});
}

std::uint32_t lowering::constant_text(std::string s) {
  return constant(kept(std::move(s)));
}

std::uint32_t lowering::call(std::string_view name, kids arguments) {
  const auto* const f = find_native(name, arguments.size());
  const auto made = make(op::call, std::move(arguments));
  node(made).function = f;
  if (f->may_be_empty)
    node(made).single = false;
  return made;
}

std::uint32_t lowering::lower(const place& at) {
  if (at.node == none || fault_)
    return make(op::empty);
  // Expansion of functions stacks; the parser bounds the text itself.
  if (out_.nodes.size() >= nodes_max)
    return static_cast<std::uint32_t>(out_.nodes.size() - 1);
  const auto& n = at.tree->nodes[at.node];
  switch (n.kind) {
  case form::identity:
    return make(op::identity);
  case form::descend:
    return make(op::descend);
  case form::number:
    return number(at);
  case form::text:
    return constant_text(n.text);
  case form::string:
    return string(at);
  case form::format: {
    const auto made = make(op::format, {make(op::identity)});
    node(made).constant = kept(n.text);
    return made;
  }
  case form::index:
    return index(at);
  case form::iterate:
  case form::slice:
    return part(at);
  case form::array:
    if (n.kids[0] == none)
      return make(op::collect, {make(op::empty)});
    return make(op::collect, {lower(at, 0)});
  case form::object:
    return object(at);
  case form::negate:
    return make(op::pipe, {lower(at, 0), call("_negate", {})});
  case form::pipe:
    return make(op::pipe, all(at));
  case form::comma:
    return make(op::comma, all(at));
  case form::binary:
    return binary(at);
  case form::assign:
    return assign(at);
  case form::all_of:
    return make(op::all_of, all(at));
  case form::any_of:
    return make(op::any_of, all(at));
  case form::otherwise:
    return make(op::otherwise, all(at));
  case form::branch:
    return make(op::branch, all(at));
  case form::attempt:
  case form::optional: {
    const auto body = lower(at, 0);
    const bool handled = n.kids.size() > 1 && n.kids[1] != none;
    return make(op::attempt, {body, handled ? lower(at, 1) : none});
  }
  default:
    return lower_names(at);
  }
}

std::uint32_t lowering::lower(const place& at, std::size_t kid) {
  return lower({at.tree, at.tree->nodes[at.node].kids[kid], at.within});
}

lowering::kids lowering::all(const place& at) {
  kids made;
  for (std::size_t i = 0; i < at.tree->nodes[at.node].kids.size(); ++i)
    made.push_back(lower(at, i));
  return made;
}

std::uint32_t lowering::number(const place& at) {
  const auto got = parse_number(at.tree->nodes[at.node].text);
  if (!got) {
    fail(at, "This is no number.");
    return make(op::empty);
  }
  return constant(*got);
}

std::uint32_t lowering::string(const place& at) {
  kids pieces;
  for (const auto k : at.tree->nodes[at.node].kids) {
    const auto& piece = at.tree->nodes[k];
    if (piece.kind == form::text) {
      pieces.push_back(constant_text(piece.text));
      continue;
    }
    const auto body = lower({at.tree, piece.kids[0], at.within});
    const auto made = make(op::format, {body});
    node(made).constant = kept(piece.text);
    pieces.push_back(made);
  }
  return make(op::splice, std::move(pieces));
}

// Whether jq takes this for a constant when it compiles.
bool lowering::is_constant(const place& at) const {
  const auto& n = at.tree->nodes[at.node];
  const auto all_constant = [&] {
    return std::ranges::all_of(n.kids, [&](std::uint32_t k) {
      return k == none || is_constant({at.tree, k, at.within});
    });
  };
  switch (n.kind) {
  case form::number:
  case form::text:
    return true;
  case form::call:
    return n.kids.empty()
           && (n.text == "null" || n.text == "true" || n.text == "false");
  case form::binary:
    return n.text != "%" && all_constant();
  case form::array:
  case form::comma:
  case form::object:
    return all_constant();
  default:
    return false;
  }
}

// A key that is a literal must be a text, or nothing is compiled.
void lowering::check_key(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  if (n.kind == form::text || n.kind == form::comma || !is_constant(at))
    return;
  const bool texts = n.kind == form::binary && n.text == "+"
                     && at.tree->nodes[n.kids[1]].kind == form::text;
  if (!texts)
    fail(at, "An object key must be a string.");
}

std::uint32_t lowering::object(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  for (std::size_t i = 0; i < n.kids.size(); i += 2)
    if (n.kids[i] != none)
      check_key({at.tree, n.kids[i], at.within});
  return make(op::object, all(at));
}

std::uint32_t lowering::index(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  const auto& target = at.tree->nodes[n.kids[0]];
  const auto& key = at.tree->nodes[n.kids[1]];
  const bool field = key.kind == form::text;
  const auto of = field && target.kind == form::variable
                    ? variable({at.tree, n.kids[0], at.within}, key.text)
                    : lower(at, 0);
  const auto made
    = field ? make(op::field, {of}) : make(op::index, {of, lower(at, 1)});
  if (field)
    node(made).constant = kept(key.text);
  node(made).optional = n.optional;
  if (n.optional)
    node(made).single = false;
  return made;
}

std::uint32_t lowering::part(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  kids of{lower(at, 0)};
  for (std::size_t i = 1; i < n.kids.size(); ++i)
    of.push_back(n.kids[i] == none ? constant(val{}) : lower(at, i));
  const auto made
    = make(n.kind == form::iterate ? op::iterate : op::slice, std::move(of));
  node(made).optional = n.optional;
  if (n.optional)
    node(made).single = false;
  return made;
}

std::string_view lowering::function_of(std::string_view operation) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> names{
    {{"+", "_plus"},
     {"-", "_minus"},
     {"*", "_multiply"},
     {"/", "_divide"},
     {"%", "_mod"},
     {"==", "_equal"},
     {"!=", "_notequal"},
     {"<", "_less"},
     {"<=", "_lesseq"},
     {">", "_greater"},
     {">=", "_greatereq"}}};
  for (const auto& [symbol, name] : names)
    if (operation == symbol)
      return name;
  return {};
}

std::uint32_t lowering::binary(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  const auto left = lower(at, 0);
  const auto right = lower(at, 1);
  const auto folded = fold_constants(at, left, right);
  if (folded != none)
    return folded;
  return call(function_of(n.text), {left, right});
}

// jq computes with literals when it compiles; 1 / 0 is a fault then, and
// 0 / 0 is not a number.
std::uint32_t lowering::fold_constants(const place& at, std::uint32_t left,
                                       std::uint32_t right) {
  const auto& n = at.tree->nodes[at.node];
  if (n.text != "/" || node(left).what != op::constant
      || node(right).what != op::constant || !node(left).constant.is_number()
      || !node(right).constant.is_number())
    return none;
  const double got
    = node(left).constant.number() / node(right).constant.number();
  if (std::isinf(got))
    fail(at, "Division by zero.");
  return constant(val::of(got));
}

namespace {

// Moves the program's own slots behind those of the free variables.
void place_slots(code& c) {
  const auto by = static_cast<std::uint32_t>(c.variables.size());
  const auto fix = [by](std::uint32_t& slot) {
    if (slot != none && slot >= lowering::first_own)
      slot = slot - lowering::first_own + by;
  };
  for (auto& n : c.nodes)
    fix(n.slot);
  for (auto& p : c.patterns) {
    fix(p.slot);
    for (auto& part : p.parts)
      fix(part.slot);
  }
}

} // namespace

result<code> lower(const syntax& parsed, std::string_view text,
                   std::span<const std::string_view> known) {
  auto made = lowering{parsed, text, known}.run();
  if (made)
    place_slots(*made);
  return made;
}

} // namespace pawl::expression
