#include "workflow/expression/lowering.hpp"

#include <algorithm>

namespace pawl::expression {

// The forms that bind or use names.
std::uint32_t lowering::lower_names(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  switch (n.kind) {
  case form::reduce:
  case form::foreach_loop:
    return fold(at);
  case form::define: {
    binding s;
    s.outer = at.within;
    s.is = binding::kind::function;
    s.name = n.text;
    s.tree = at.tree;
    s.node = at.node;
    return lower({at.tree, n.kids[1], add(std::move(s))});
  }
  case form::call:
    return named_call(at);
  case form::variable:
    return variable(at, "");
  case form::bind:
    return bind(at);
  case form::label: {
    binding s;
    s.outer = at.within;
    s.is = binding::kind::label;
    s.name = n.text;
    s.slot = new_slot();
    const auto slot = s.slot;
    const auto made
      = make(op::label, {lower({at.tree, n.kids[0], add(std::move(s))})});
    node(made).slot = slot;
    return made;
  }
  case form::leave: {
    const auto* const s = find(at.within, binding::kind::label, n.text);
    if (s == nullptr) {
      fail(at, "No label '$" + n.text + "' stands around this 'break'.");
      return make(op::empty);
    }
    const auto made = make(op::leave);
    node(made).slot = s->slot;
    return made;
  }
  default:
    fail(at, "'$__loc__' is refused.");
    return make(op::empty);
  }
}

std::uint32_t lowering::assign(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  if (n.text == "|=")
    return make(op::modify, {lower(at, 0), lower(at, 1)});
  if (n.text == "=")
    return expand_prelude("_assign", {{at.tree, n.kids[0], at.within},
                                      {at.tree, n.kids[1], at.within}});
  const auto value = lower(at, 1);
  const auto slot = new_slot();
  const auto paths = lower(at, 0);
  const auto self = make(op::identity);
  const auto held = make(op::load);
  node(held).slot = slot;
  const auto operation = std::string_view{n.text}.substr(0, n.text.size() - 1);
  const auto update = operation == "//"
                        ? make(op::otherwise, {self, held})
                        : call(function_of(operation), {self, held});
  const auto body = make(op::modify, {paths, update});
  return bound(value, named_pattern(slot), body);
}

std::uint32_t lowering::bound(std::uint32_t source, std::uint32_t pattern,
                              std::uint32_t body) {
  const auto made = make(op::bind, {source, body});
  node(made).pattern = pattern;
  if (out_.patterns[pattern].kind != form::pattern_name)
    node(made).single = false;
  return made;
}

std::uint32_t lowering::named_pattern(std::uint32_t slot) {
  code_pattern p;
  p.slot = slot;
  out_.patterns.push_back(std::move(p));
  return static_cast<std::uint32_t>(out_.patterns.size() - 1);
}

const binding* lowering::with_variable(const binding* outer, std::string name,
                                       std::uint32_t slot) {
  binding s;
  s.outer = outer;
  s.name = std::move(name);
  s.slot = slot;
  return add(std::move(s));
}

// Lowers a pattern; `inner` grows by its variables. Keys are lowered in the
// scope outside.
std::uint32_t lowering::pattern(const place& at, const binding*& inner) {
  if (at.node == none || fault_)
    return named_pattern(new_slot());
  const auto& n = at.tree->nodes[at.node];
  if (n.kind == form::alternatives) {
    sandbox("uses '?//'");
    for (const auto k : n.kids)
      (void)pattern({at.tree, k, at.within}, inner);
    return named_pattern(new_slot());
  }
  if (n.kind == form::pattern_name) {
    const auto slot = new_slot();
    inner = with_variable(inner, n.text, slot);
    return named_pattern(slot);
  }
  code_pattern made;
  made.kind = n.kind;
  const bool object = n.kind == form::pattern_object;
  for (std::size_t i = 0; i < n.kids.size(); i += object ? 2 : 1) {
    code_pattern::part p;
    if (object) {
      const auto& key = at.tree->nodes[n.kids[i]];
      if (key.kind == form::variable) {
        p.slot = new_slot();
        inner = with_variable(inner, key.text, p.slot);
        p.key = constant_text(key.text);
      } else {
        check_key({at.tree, n.kids[i], at.within});
        p.key = lower({at.tree, n.kids[i], at.within});
      }
    }
    const auto sub = n.kids[object ? i + 1 : i];
    if (sub != none)
      p.pattern = pattern({at.tree, sub, at.within}, inner);
    made.parts.push_back(p);
  }
  out_.patterns.push_back(std::move(made));
  return static_cast<std::uint32_t>(out_.patterns.size() - 1);
}

std::uint32_t lowering::bind(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  const auto source = lower(at, 0);
  const binding* inner = at.within;
  const auto into = pattern({at.tree, n.kids[1], at.within}, inner);
  return bound(source, into, lower({at.tree, n.kids[2], inner}));
}

std::uint32_t lowering::fold(const place& at) {
  const auto& n = at.tree->nodes[at.node];
  const auto source = lower(at, 0);
  const binding* inner = at.within;
  const auto into = pattern({at.tree, n.kids[1], at.within}, inner);
  const auto init = lower(at, 2);
  const auto update = lower({at.tree, n.kids[3], inner});
  kids of{source, init, update};
  if (n.kind == form::foreach_loop)
    of.push_back(n.kids[4] == none ? none : lower({at.tree, n.kids[4], inner}));
  const auto made = make(n.kind == form::reduce ? op::reduce : op::foreach_loop,
                         std::move(of));
  node(made).pattern = into;
  // A reduction gives one value for each initial one.
  node(made).single = n.kind == form::reduce && node(init).single;
  return made;
}

const binding* lowering::find(const binding* from, binding::kind is,
                              std::string_view name) {
  for (; from != nullptr; from = from->outer)
    if (from->is == is && from->name == name)
      return from;
  return nullptr;
}

std::uint32_t lowering::variable(const place& at, std::string_view key) {
  const auto& n = at.tree->nodes[at.node];
  const auto* const s = find(at.within, binding::kind::variable, n.text);
  std::uint32_t slot = 0;
  if (s != nullptr) {
    slot = s->slot;
  } else if (n.text == "ENV") {
    fail(at, "'$ENV' is refused: the environment is the daemon's own.");
  } else if (std::ranges::find(known_, n.text) == known_.end()) {
    fail(at, "The variable '$" + n.text + "' is not known here.");
  } else {
    slot = free_variable(n.text, key);
  }
  const auto made = make(op::load);
  node(made).slot = slot;
  return made;
}

std::uint32_t lowering::free_variable(std::string_view name,
                                      std::string_view key) {
  auto at = std::ranges::find(out_.variables, name, &variable_use::name);
  if (at == out_.variables.end()) {
    out_.variables.push_back({std::string{name}, false, {}});
    at = out_.variables.end() - 1;
  }
  if (key.empty())
    at->whole = true;
  else if (std::ranges::find(at->keys, key) == at->keys.end())
    at->keys.emplace_back(key);
  return static_cast<std::uint32_t>(at - out_.variables.begin());
}

} // namespace pawl::expression
