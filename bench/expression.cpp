// What one expression costs, evaluated in place. Prints for each the CPU time
// in nanoseconds of the quickest of many rounds, so that a busy machine does
// not count, and the steps and bytes that it takes from the budget.
//
// Usage: bench-expression [EXPRESSION ...]
#include "workflow/expression/expression.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string_view>

namespace {

using namespace pawl;

// A field or two, as in conditions; small objects, as in `set` and `with`; and
// work over a list.
constexpr std::array<std::string_view, 15> texts{
  "1",
  ".",
  ".who",
  ".a.b == 3",
  "$context.user.id",
  ".n // 0",
  ".a.b > 2 and .who != \"bob\"",
  "{n: ((.n // 0) + 1), who: .who}",
  ". + {done: true}",
  "\"order \\(.id) of \\(.who)\"",
  "if .n > 1 then .who else \"none\" end",
  ".items[0].price * 2",
  ".items | map(.price) | add",
  "[.items[] | select(.price > 20) | .name]",
  "reduce .items[] as $i (0; . + $i.price * $i.count)",
};

constexpr std::string_view data_text = R"({
  "a": {"b": 3, "c": [1, 2, 3]}, "n": 41, "who": "alice", "id": "o-1871",
  "items": [{"name": "pen", "price": 12, "count": 3},
            {"name": "ink", "price": 25, "count": 1},
            {"name": "pad", "price": 31, "count": 2},
            {"name": "cap", "price": 8, "count": 9}]})";

constexpr std::string_view context_text
  = R"({"user": {"id": 17, "roles": ["admin"]}})";

constexpr int rounds = 1'000;
constexpr int evaluations_a_round = 500;

double thread_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct cost {
  double ns = std::numeric_limits<double>::max();
  std::uint64_t steps = 0;
  std::uint64_t bytes = 0;
};

result<cost> measure(const expression::program& p,
                     const expression::scope& in) {
  cost least;
  for (int round = 0; round < rounds; ++round) {
    const double before = thread_ns();
    for (int i = 0; i < evaluations_a_round; ++i) {
      expression::budget left;
      const expression::budget whole;
      const auto got = expression::evaluate(p, in, left);
      if (!got)
        return got.error();
      least.steps = whole.steps - left.steps;
      least.bytes = whole.bytes - left.bytes;
    }
    least.ns = std::min(least.ns, (thread_ns() - before) / evaluations_a_round);
  }
  return least;
}

bool report(std::string_view text, const expression::scope& in) {
  constexpr std::array<std::string_view, 1> known{"context"};
  const auto p = expression::compile(text, known);
  const auto got = p ? measure(**p, in) : result<cost>{p.error()};
  if (!got) {
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(text.size()),
                 text.data(), got.error().detail.c_str());
    return false;
  }
  std::printf("%8.0f %8llu %8llu  %.*s\n", got->ns,
              static_cast<unsigned long long>(got->steps),
              static_cast<unsigned long long>(got->bytes),
              static_cast<int>(text.size()), text.data());
  return true;
}

} // namespace

int main(int argc, char** argv) {
  const auto data = parse_json(data_text);
  const auto context = parse_json(context_text);
  if (!data || !context)
    return 1;
  const expression::variable variables[]{{"context", &*context}};
  const expression::scope in{.data = &*data, .variables = variables, .now = {}};
  std::printf("%8s %8s %8s  expression\n", "ns", "steps", "bytes");
  bool fine = true;
  if (argc > 1)
    for (int i = 1; i < argc; ++i)
      fine = report(argv[i], in) && fine;
  else
    for (const auto text : texts)
      fine = report(text, in) && fine;
  return fine ? 0 : 1;
}
