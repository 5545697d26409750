#include "workflow/expression/code.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace pawl::expression {

namespace {

/// Functions whose results are as many as they like, whatever their arguments.
constexpr std::array<std::string_view, 13> generators{
  "range",    "recurse",         "repeat",       "while",   "combinations",
  "tostream", "match",           "fromstream",   "capture", "scan",
  "splits",   "truncate_stream", "recurse_down",
};

/// Functions of one result at most whose definitions do not look like it.
constexpr std::array<std::string_view, 3> singles{"first", "isempty",
                                                  "iterables"};

/// What decides how many results a part of a program may give: whether it is a
/// generator itself, and which parameters would make it one.
struct shape {
  bool many = false;
  std::set<const std::string*> params; ///< By their place in a `define`.

  void add(const shape& other) {
    many = many || other.many;
    if (many)
      params.clear();
    else
      params.insert(other.params.begin(), other.params.end());
  }
};

/// A name of a function, from the inside out.
struct known {
  const known* outer;
  std::string_view name;
  const syntax_node* define;  // A function, or ...
  const std::string* closure; // ... a parameter of one.
};

/// Looks along the spine of a program: at the parts whose results become
/// results of the whole.
class spine {
public:
  shape of(const syntax& tree, std::uint32_t at, const known* within);

private:
  shape all(const syntax& tree, std::span<const std::uint32_t> kids,
            const known* within);
  shape call(const syntax& tree, const syntax_node& n, const known* within);
  shape builtin(const syntax& tree, const syntax_node& n, const known* within);
  shape applied(const syntax_node& define, const syntax& tree,
                const syntax_node& n, const known* within);
  void learn(const syntax& tree, const syntax_node& define,
             const known* within);

  // What the body of a function is; absent while it is looked at.
  std::map<const syntax_node*, shape> bodies_;
};

shape spine::of(const syntax& tree, std::uint32_t at, const known* within) {
  if (at == none)
    return {};
  const auto& n = tree.nodes[at];
  const std::span kids{n.kids};
  switch (n.kind) {
  case form::descend:
  case form::iterate:
  case form::comma:
  case form::foreach_loop:
    return {.many = true, .params = {}};
  case form::array:
    return {};
  case form::reduce:
    return of(tree, kids[2], within); // One result for each initial value.
  case form::assign:
    return n.text == "|=" ? shape{} : of(tree, kids[1], within);
  case form::define: {
    const known self{within, n.text, &n, nullptr};
    learn(tree, n, &self);
    return of(tree, kids[1], &self);
  }
  case form::call:
    return call(tree, n, within);
  default: // A result for each of all parts, or those of one of them.
    return all(tree, kids, within);
  }
}

shape spine::all(const syntax& tree, std::span<const std::uint32_t> kids,
                 const known* within) {
  shape made;
  for (const auto k : kids)
    if (!made.many)
      made.add(of(tree, k, within));
  return made;
}

void spine::learn(const syntax& tree, const syntax_node& define,
                  const known* within) {
  std::vector<known> params;
  params.reserve(define.params.size());
  for (const auto& p : define.params) {
    const auto name = std::string_view{p}.substr(p.starts_with('$') ? 1 : 0);
    params.push_back({within, name, nullptr, &p});
    within = &params.back();
  }
  auto body = of(tree, define.kids[0], within);
  // A value is taken before the body begins, even if that has no use for it.
  for (const auto& p : define.params)
    if (p.starts_with('$') && !body.many)
      body.params.insert(&p);
  bodies_.emplace(&define, std::move(body));
}

shape spine::call(const syntax& tree, const syntax_node& n,
                  const known* within) {
  for (const auto* k = within; k != nullptr; k = k->outer) {
    if (k->name != n.text)
      continue;
    if (k->closure != nullptr && n.kids.empty())
      return {.many = false, .params = {k->closure}};
    if (k->define != nullptr && k->define->params.size() == n.kids.size())
      return applied(*k->define, tree, n, within);
  }
  return builtin(tree, n, within);
}

shape spine::builtin(const syntax& tree, const syntax_node& n,
                     const known* within) {
  if (std::ranges::find(generators, n.text) != generators.end())
    return {.many = true, .params = {}};
  if (std::ranges::find(singles, n.text) != singles.end())
    return {};
  const auto found = find_prelude(n.text, n.kids.size());
  if (found == none)
    return all(tree, n.kids, within);
  const auto& define = prelude().nodes[found];
  if (!bodies_.contains(&define)) {
    const known self{nullptr, define.text, &define, nullptr};
    learn(prelude(), define, &self);
  }
  return applied(define, tree, n, within);
}

shape spine::applied(const syntax_node& define, const syntax& tree,
                     const syntax_node& n, const known* within) {
  const auto body = bodies_.find(&define);
  if (body == bodies_.end()) // It calls itself.
    return all(tree, n.kids, within);
  auto made = body->second;
  for (std::size_t i = 0; i < n.kids.size() && !made.many; ++i)
    if (made.params.erase(&define.params[i]) != 0)
      made.add(of(tree, n.kids[i], within));
  return made;
}

} // namespace

bool may_give_several(const syntax& parsed) {
  return spine{}.of(parsed, parsed.root, nullptr).many;
}

} // namespace pawl::expression
