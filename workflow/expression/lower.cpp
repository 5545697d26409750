#include "workflow/expression/code.hpp"
#include "workflow/expression/text.hpp"
#include "workflow/expression/token.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <ranges>

namespace pawl::expression {

namespace {

// Beyond these a program is left to libjq: expansion could grow without end,
// and evaluation uses the stack.
constexpr std::size_t nodes_max = 20'000;
constexpr std::uint32_t weight_max = 1'200;
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

// What a name means, from the inside out.
struct scope {
  enum class kind : std::uint8_t { variable, function, closure, label };
  const scope* outer = nullptr;
  kind is = kind::variable;
  std::string name;
  std::uint32_t slot = 0;        // Variable, label.
  const syntax* tree = nullptr;  // Function, closure.
  std::uint32_t node = none;     // Function: its `define`; closure: its text.
  const scope* within = nullptr; // Closure: where its text stands.
  std::size_t active = 0;        // Closure: expansions open there.
};

struct place {
  const syntax* tree;
  std::uint32_t node;
  const scope* within;
};

class lowering {
public:
  lowering(const syntax& parsed, std::string_view text,
           std::span<const std::string_view> known)
      : parsed_{parsed}, text_{text}, known_{known} {}

  result<code> run() {
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

private:
  using kids = std::vector<std::uint32_t>;

  void fail(const place& at, std::string detail) {
    // A fault within a builtin would be ours; it shows at the start.
    const auto where = at.tree == &parsed_ ? parsed_.nodes[at.node].place : 0;
    if (!fault_)
      fault_ = fault_at(text_, where, std::move(detail));
  }
  void sandbox(std::string why) {
    if (out_.reason.empty())
      out_.reason = std::move(why);
  }

  // Free variables take the first slots, which are known only at the end, so
  // slots of the program's own count from a mark far above them.
  std::uint32_t new_slot() { return first_own + out_.slots++; }

  const scope* add(scope s) {
    scopes_.push_back(std::move(s));
    return &scopes_.back();
  }

  code_node& node(std::uint32_t i) { return out_.nodes[i]; }

  std::uint32_t make(op what, kids of = {}) {
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
  static bool always_single(op what) {
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

  std::uint32_t constant(val v) {
    const auto made = make(op::constant);
    node(made).constant = v;
    return made;
  }
  std::uint32_t constant_text(std::string s) {
    out_.texts.push_back(std::move(s));
    return constant(val::of(std::string_view{out_.texts.back()}));
  }
  std::uint32_t call(std::string_view name, kids arguments) {
    const auto* const f = find_native(name, arguments.size());
    const auto made = make(op::call, std::move(arguments));
    node(made).function = f;
    if (f->may_be_empty)
      node(made).single = false;
    return made;
  }

  std::uint32_t lower(const place& at) {
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
      node(made).constant = node(constant_text(n.text)).constant;
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

  // The forms that bind or use names.
  std::uint32_t lower_names(const place& at) {
    const auto& n = at.tree->nodes[at.node];
    switch (n.kind) {
    case form::reduce:
    case form::foreach_loop:
      return fold(at);
    case form::define: {
      scope s;
      s.outer = at.within;
      s.is = scope::kind::function;
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
      scope s;
      s.outer = at.within;
      s.is = scope::kind::label;
      s.name = n.text;
      s.slot = new_slot();
      const auto slot = s.slot;
      const auto made
        = make(op::label, {lower({at.tree, n.kids[0], add(std::move(s))})});
      node(made).slot = slot;
      return made;
    }
    case form::leave: {
      const auto* const s = find(at.within, scope::kind::label, n.text);
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

  std::uint32_t lower(const place& at, std::size_t kid) {
    return lower({at.tree, at.tree->nodes[at.node].kids[kid], at.within});
  }
  kids all(const place& at) {
    kids made;
    for (std::size_t i = 0; i < at.tree->nodes[at.node].kids.size(); ++i)
      made.push_back(lower(at, i));
    return made;
  }

  std::uint32_t number(const place& at) {
    const auto got = parse_number(at.tree->nodes[at.node].text);
    if (!got) {
      fail(at, "This is no number.");
      return make(op::empty);
    }
    return constant(*got);
  }

  std::uint32_t string(const place& at) {
    kids pieces;
    for (const auto k : at.tree->nodes[at.node].kids) {
      const auto& piece = at.tree->nodes[k];
      if (piece.kind == form::text) {
        pieces.push_back(constant_text(piece.text));
        continue;
      }
      const auto body = lower({at.tree, piece.kids[0], at.within});
      const auto name = constant_text(piece.text);
      const auto made = make(op::format, {body});
      node(made).constant = node(name).constant;
      pieces.push_back(made);
    }
    return make(op::splice, std::move(pieces));
  }

  // Whether jq takes this for a constant when it compiles.
  [[nodiscard]] bool is_constant(const place& at) const {
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
  void check_key(const place& at) {
    const auto& n = at.tree->nodes[at.node];
    if (n.kind == form::text || n.kind == form::comma || !is_constant(at))
      return;
    const bool texts = n.kind == form::binary && n.text == "+"
                       && at.tree->nodes[n.kids[1]].kind == form::text;
    if (!texts)
      fail(at, "An object key must be a string.");
  }

  std::uint32_t object(const place& at) {
    const auto& n = at.tree->nodes[at.node];
    for (std::size_t i = 0; i < n.kids.size(); i += 2)
      if (n.kids[i] != none)
        check_key({at.tree, n.kids[i], at.within});
    return make(op::object, all(at));
  }

  std::uint32_t index(const place& at) {
    const auto& n = at.tree->nodes[at.node];
    const auto& target = at.tree->nodes[n.kids[0]];
    const auto& key = at.tree->nodes[n.kids[1]];
    const bool field = target.kind == form::variable && key.kind == form::text;
    const auto of = field ? variable({at.tree, n.kids[0], at.within}, key.text)
                          : lower(at, 0);
    const auto made = make(op::index, {of, lower(at, 1)});
    node(made).optional = n.optional;
    if (n.optional)
      node(made).single = false;
    return made;
  }

  std::uint32_t part(const place& at) {
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

  static std::string_view function_of(std::string_view operation) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 11>
      names{{{"+", "_plus"},
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

  std::uint32_t binary(const place& at) {
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
  std::uint32_t fold_constants(const place& at, std::uint32_t left,
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

  std::uint32_t assign(const place& at) {
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
    const auto operation
      = std::string_view{n.text}.substr(0, n.text.size() - 1);
    const auto update = operation == "//"
                          ? make(op::otherwise, {self, held})
                          : call(function_of(operation), {self, held});
    const auto body = make(op::modify, {paths, update});
    return bound(value, named_pattern(slot), body);
  }

  std::uint32_t bound(std::uint32_t source, std::uint32_t pattern,
                      std::uint32_t body) {
    const auto made = make(op::bind, {source, body});
    node(made).pattern = pattern;
    if (out_.patterns[pattern].kind != form::pattern_name)
      node(made).single = false;
    return made;
  }

  std::uint32_t named_pattern(std::uint32_t slot) {
    code_pattern p;
    p.slot = slot;
    out_.patterns.push_back(std::move(p));
    return static_cast<std::uint32_t>(out_.patterns.size() - 1);
  }

  const scope* with_variable(const scope* outer, std::string name,
                             std::uint32_t slot) {
    scope s;
    s.outer = outer;
    s.name = std::move(name);
    s.slot = slot;
    return add(std::move(s));
  }

  // Lowers a pattern; `inner` grows by its variables. Keys are lowered in the
  // scope outside.
  std::uint32_t pattern(const place& at, const scope*& inner) {
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

  std::uint32_t bind(const place& at) {
    const auto& n = at.tree->nodes[at.node];
    const auto source = lower(at, 0);
    const scope* inner = at.within;
    const auto into = pattern({at.tree, n.kids[1], at.within}, inner);
    return bound(source, into, lower({at.tree, n.kids[2], inner}));
  }

  std::uint32_t fold(const place& at) {
    const auto& n = at.tree->nodes[at.node];
    const auto source = lower(at, 0);
    const scope* inner = at.within;
    const auto into = pattern({at.tree, n.kids[1], at.within}, inner);
    const auto init = lower(at, 2);
    const auto update = lower({at.tree, n.kids[3], inner});
    kids of{source, init, update};
    if (n.kind == form::foreach_loop)
      of.push_back(n.kids[4] == none ? none
                                     : lower({at.tree, n.kids[4], inner}));
    const auto made = make(
      n.kind == form::reduce ? op::reduce : op::foreach_loop, std::move(of));
    node(made).pattern = into;
    // A reduction gives one value for each initial one.
    node(made).single = n.kind == form::reduce && node(init).single;
    return made;
  }

  static const scope* find(const scope* from, scope::kind is,
                           std::string_view name) {
    for (; from != nullptr; from = from->outer)
      if (from->is == is && from->name == name)
        return from;
    return nullptr;
  }

  std::uint32_t variable(const place& at, std::string_view key) {
    const auto& n = at.tree->nodes[at.node];
    const auto* const s = find(at.within, scope::kind::variable, n.text);
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

  std::uint32_t free_variable(std::string_view name, std::string_view key) {
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

  std::uint32_t named_call(const place& at) {
    const auto& n = at.tree->nodes[at.node];
    const auto arity = n.kids.size();
    for (const auto* s = at.within; s != nullptr; s = s->outer) {
      if (s->name != n.text)
        continue;
      if (s->is == scope::kind::closure && arity == 0)
        return expand_closure(*s);
      if (s->is == scope::kind::function
          && s->tree->nodes[s->node].params.size() == arity)
        return expand({s->tree, s->node, s}, arguments(at));
    }
    if (arity == 0 && (n.text == "true" || n.text == "false"))
      return constant(val::of(n.text == "true"));
    if (arity == 0 && n.text == "null")
      return constant(val{});
    return builtin(at);
  }

  std::vector<place> arguments(const place& at) {
    std::vector<place> made;
    for (const auto k : at.tree->nodes[at.node].kids)
      made.push_back({at.tree, k, at.within});
    return made;
  }

  std::uint32_t builtin(const place& at) {
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

  std::uint32_t expand_prelude(std::string_view name,
                               std::vector<place> given) {
    const auto found = find_prelude(name, given.size());
    return expand({&prelude(), found, nullptr}, std::move(given));
  }

  std::uint32_t expand_closure(const scope& s) {
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
  std::uint32_t expand(const place& what, std::vector<place> given) {
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
    const scope* inner = what.within;
    for (std::size_t i = 0; i < given.size(); ++i) {
      scope s;
      s.outer = inner;
      s.is = scope::kind::closure;
      s.name
        = n.params[i].starts_with('$') ? n.params[i].substr(1) : n.params[i];
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
    for (const auto& [source, slot] : values | std::views::reverse)
      made = bound(source, named_pattern(slot), made);
    --expanding_;
    return made;
  }

  struct open {
    const syntax* tree;
    std::uint32_t node;
    const scope* within;
    bool operator==(const open&) const = default;
  };

public:
  static constexpr std::uint32_t first_own = 1U << 24U;

private:
  const syntax& parsed_;
  std::string_view text_;
  std::span<const std::string_view> known_;
  code out_;
  std::deque<scope> scopes_;
  std::vector<open> open_;
  int expanding_ = 0;
  std::optional<error> fault_;
};

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
