#pragma once

#include "workflow/schema/node.hpp"

namespace pawl::schemas {

inline std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

/// The way to the value that is checked, from the last step backwards.
struct path {
  const path* up = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool is_index = false;

  [[nodiscard]] std::string pointer() const {
    if (up == nullptr)
      return {};
    auto out = up->pointer();
    return is_index ? out + '/' + std::to_string(index)
                    : pointer_join(out, key);
  }
};

/// Which elements or members of one value were looked at by a schema that
/// passed, for `unevaluated...`.
using marks = std::vector<bool>;

/// One walk over a value. Quiet walks only want to know whether it is valid.
/// What a value is made of is checked in check_parts.cpp, the rest in
/// check.cpp.
class checker {
public:
  explicit checker(const compiled& schema) : schema_{schema} {}

  /// The faults of `value`, none if it is valid.
  std::vector<fault> run(const json::value& value);

private:
  /// Checks `value` against `by`; marks what was looked at if it is valid.
  bool apply(const node& by, const json::value& value, const path& at,
             marks& seen);
  bool apply_within(const node& by, const json::value& value, const path& at,
                    marks& seen);

  [[nodiscard]] marks fresh(const json::value& value) const;
  static void mark(marks& own, std::size_t i) {
    if (i < own.size())
      own[i] = true;
  }

  bool blame(const path& at, std::string detail);
  bool passes(const node& by, const json::value& value, const path& at,
              marks& seen);

  /// Takes `cost` from the steps for work that no apply() counts.
  void charge(std::size_t cost) { steps_ += cost; }

  bool check_any(const node& by, const json::value& value, const path& at);
  bool check_number(const node& by, const json::value& n, const path& at);
  bool check_string(const node& by, std::string_view text, const path& at);
  bool found(const RE2& pattern, std::string_view text);
  bool check_array(const node& by, const json::array& list, const path& at,
                   marks& own);

  /// Whether no more needs to be known.
  [[nodiscard]] bool done(bool good) const {
    return spent_ || (!good && quiet_ > 0);
  }
  bool are_unique(const json::array& list);
  bool check_contains(const node& by, const json::array& list, const path& at,
                      marks& own);
  bool check_object(const node& by, const json::object& object, const path& at,
                    marks& own);
  /// Checks the member number `at.index`.
  bool check_member(const node& by, const json::object& object, path at,
                    marks& own);

  bool check_in_place(const node& by, const json::value& value, const path& at,
                      marks& own);
  bool check_any_of(const node& by, const json::value& value, const path& at,
                    marks& own);
  bool check_one_of(const node& by, const json::value& value, const path& at,
                    marks& own);
  /// What the first faults of up to three alternatives are.
  std::string why(const std::vector<const node*>& rules,
                  const json::value& value, const path& at);
  bool check_unevaluated(const node& by, const json::value& value,
                         const path& at, marks& own);

  const compiled& schema_;
  std::vector<fault> faults_;
  std::uint64_t steps_ = 0;
  int depth_ = 0;
  int quiet_ = 0;
  bool spent_ = false;
};

} // namespace pawl::schemas
