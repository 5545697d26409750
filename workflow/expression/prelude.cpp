#include "workflow/expression/code.hpp"

#include <map>

namespace pawl::expression {

namespace {

// Those builtins that jq 1.6 itself defines in jq, with its definitions
// (builtin.jq; MIT licence, Stephen Dolan), as far as they always end. What
// is missing here and is not native either is left to the sandbox.
constexpr std::string_view definitions = R"jq(
def map(f): [.[] | f];
def select(f): if f then . else empty end;
def sort_by(f): _sort_by_impl(map([f]));
def group_by(f): _group_by_impl(map([f]));
def unique: group_by(.) | map(.[0]);
def unique_by(f): group_by(f) | map(.[0]);
def max_by(f): _max_by_impl(map([f]));
def min_by(f): _min_by_impl(map([f]));
def del(f): delpaths([path(f)]);
def _assign(paths; value): value as $v | reduce path(paths) as $p (.; setpath($p; $v));
def map_values(f): .[] |= f;
def recurse: ..;
def recurse_down: ..;
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: map({(.key // .Key // .name // .Name): (if has("value") then .value else .Value end)}) | add | .//={};
def with_entries(f): to_entries | map(f) | from_entries;
def reverse: [.[length - 1 - range(0;length)]];
def indices($i): if type == "array" and ($i|type) == "array" then .[$i]
  elif type == "array" then .[[$i]]
  elif type == "string" and ($i|type) == "string" then _strindices($i)
  else .[$i] end;
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:][0];
def paths: path(..)|select(length > 0);
def paths(node_filter): . as $dot|paths|select(. as $p|$dot|getpath($p)|node_filter);
def leaf_paths: paths(scalars);
def any(generator; condition):
  [label $out | foreach generator as $i (false;
     if . then break $out elif $i | condition then true else . end;
     if . then . else empty end)] | length == 1;
def any(condition): any(.[]; condition);
def any: any(.);
def all(generator; condition):
  [label $out | foreach generator as $i (true;
     if .|not then break $out elif $i | condition then . else false end;
     if .|not then . else empty end)] | length == 0;
def all(condition): all(.[]; condition);
def all: all(.);
def isfinite: type == "number" and (isinfinite | not);
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: arrays, objects;
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def normals: select(isnormal);
def finites: select(isfinite);
def strings: select(type == "string");
def nulls: select(type == "null");
def values: select(. != null);
def scalars: select(. == null or . == true or . == false or type == "number" or type == "string");
def scalars_or_empty: select(. == null or . == true or . == false or type == "number" or type == "string" or ((type=="array" or type=="object") and length==0));
def range($x): range(0;$x);
def limit($n; exp): if $n < 0 then exp
  else label $out | foreach exp as $item ($n; .-1; $item, if . <= 0 then break $out else empty end)
  end;
def isempty(g): 0 == ((label $go | g | (1, break $go)) // 0);
def first(g): label $out | g | ., break $out;
def last(g): reduce g as $item (null; $item);
def nth($n; g): if $n < 0 then error("nth doesn't support negative indices") else last(limit($n + 1; g)) end;
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def transpose: if . == [] then []
  else . as $in
  | (map(length) | max) as $max
  | length as $length
  | reduce range(0; $max) as $j
      ([]; . + [reduce range(0;$length) as $i ([]; . + [ $in[$i][$j] ] )] )
  end;
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def INDEX(stream; idx_expr):
  reduce stream as $row ({};
    .[$row|idx_expr| if type != "string" then tojson else . end] |= $row);
def INDEX(idx_expr): INDEX(.[]; idx_expr);
def IN(s): reduce (first(select(. == s)) | true) as $v (false; if . or $v then true else false end);
def IN(src; s): reduce (src|IN(s)) as $v (false; if . or $v then true else false end);
)jq";

struct parsed_prelude {
  syntax tree;
  std::map<std::pair<std::string, std::size_t>, std::uint32_t, std::less<>>
    by_name;
};

const parsed_prelude& whole() {
  static const parsed_prelude made = [] {
    parsed_prelude p;
    p.tree = parse_definitions(definitions).value();
    for (auto i = p.tree.root; i != none; i = p.tree.nodes[i].kids[1]) {
      const auto& n = p.tree.nodes[i];
      p.by_name.emplace(std::pair{n.text, n.params.size()}, i);
    }
    return p;
  }();
  return made;
}

} // namespace

const syntax& prelude() {
  return whole().tree;
}

std::uint32_t find_prelude(std::string_view name, std::size_t arity) {
  const auto& all = whole().by_name;
  const auto at = all.find(std::pair{std::string{name}, arity});
  return at == all.end() ? none : at->second;
}

} // namespace pawl::expression
