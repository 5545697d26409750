#include "workflow/schema.hpp"

#include "workflow/schema/node.hpp"

namespace pawl {

namespace {

/// What a regular expression's program may take over one schema, in RE2
/// instructions: a second or so of compiling at the very most.
constexpr std::size_t pattern_budget_default = 1'000'000;

class compiled_schema final : public schema {
public:
  explicit compiled_schema(std::shared_ptr<const schemas::compiled> made)
      : made_{std::move(made)} {}

  [[nodiscard]] std::vector<fault>
  check(const json::value& value) const override {
    return schemas::check(*made_, value);
  }

private:
  std::shared_ptr<const schemas::compiled> made_;
};

} // namespace

result<schema_ptr> compile_schema(const json::value& document,
                                  std::size_t& pattern_budget) {
  auto made = schemas::compile(document, pattern_budget);
  if (!made)
    return made.error();
  return schema_ptr{std::make_shared<compiled_schema>(std::move(*made))};
}

result<schema_ptr> compile_schema(const json::value& document) {
  auto budget = pattern_budget_default;
  return compile_schema(document, budget);
}

} // namespace pawl
