#include "workflow/near_miss.hpp"
#include "workflow/schema/describe.hpp"
#include "workflow/schema/node.hpp"

#include <algorithm>

namespace pawl::schemas {

namespace {

constexpr std::size_t faults_max = 32;
constexpr std::uint64_t steps_max = 5'000'000;
constexpr int depth_max = 1024;

std::string_view view(json::string_view text) {
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

void merge(marks& into, const marks& from) {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i])
      into[i] = true;
}

/// One walk over a value. Quiet walks only want to know whether it is valid.
class checker {
public:
  explicit checker(const compiled& schema) : schema_{schema} {}

  std::vector<fault> run(const json::value& value) {
    const path root;
    marks seen;
    apply(*schema_.root, value, root, seen);
    if (spent_)
      faults_ = {{"", 0, 0,
                  "the value is too large, or the schema too complex, to be "
                  "checked within its bounds"}};
    return std::move(faults_);
  }

private:
  /// Checks `value` against `by`; marks what was looked at if it is valid.
  bool apply(const node& by, const json::value& value, const path& at,
             marks& seen) {
    if (spent_ || ++steps_ > steps_max || depth_ >= depth_max) {
      spent_ = true;
      return false;
    }
    ++depth_;
    const bool good = apply_within(by, value, at, seen);
    --depth_;
    return good;
  }

  bool apply_within(const node& by, const json::value& value, const path& at,
                    marks& seen) {
    if (by.never)
      return blame(at, "nothing is allowed here");
    marks own = fresh(value);
    bool good = check_any(by, value, at);
    if (!good && quiet_ > 0)
      return false;
    if (value.is_number())
      good = check_number(by, value, at) && good;
    else if (const auto* text = value.if_string())
      good = check_string(by, view(*text), at) && good;
    else if (const auto* list = value.if_array())
      good = check_array(by, *list, at, own) && good;
    else if (const auto* object = value.if_object())
      good = check_object(by, *object, at, own) && good;
    if (!good && quiet_ > 0)
      return false;
    good = check_in_place(by, value, at, own) && good;
    good = check_unevaluated(by, value, at, own) && good;
    if (good)
      merge(seen.empty() ? seen = fresh(value) : seen, own);
    return good;
  }

  [[nodiscard]] marks fresh(const json::value& value) const {
    if (!schema_.tracks)
      return {};
    if (const auto* list = value.if_array())
      return marks(list->size(), false);
    if (const auto* object = value.if_object())
      return marks(object->size(), false);
    return {};
  }

  static void mark(marks& own, std::size_t i) {
    if (i < own.size())
      own[i] = true;
  }

  bool blame(const path& at, std::string detail) {
    if (quiet_ == 0 && faults_.size() < faults_max)
      faults_.push_back({at.pointer(), 0, 0, std::move(detail)});
    return false;
  }

  bool passes(const node& by, const json::value& value, const path& at,
              marks& seen) {
    ++quiet_;
    const bool good = apply(by, value, at, seen);
    --quiet_;
    return good;
  }

  /// Takes `cost` from the steps for work that no apply() counts.
  void charge(std::size_t cost) { steps_ += cost; }

  bool check_any(const node& by, const json::value& value, const path& at) {
    bool good = true;
    if (by.types != 0 && (by.types & types_of(value)) == 0)
      good = blame(at, "it must be " + names_of(by.types) + ", not "
                         + shown(value));
    if (by.constant && !same_value(*by.constant, value))
      good = blame(at, "it must be " + shown(*by.constant));
    if (by.enumeration) {
      charge(by.enumeration->size());
      if (std::none_of(by.enumeration->begin(), by.enumeration->end(),
                       [&value](const json::value& each) {
                         return same_value(each, value);
                       }))
        good = blame(at, shown(value) + " is not one of the allowed values: "
                           + allowed(*by.enumeration));
    }
    return good;
  }

  bool check_number(const node& by, const json::value& n, const path& at) {
    bool good = true;
    if (by.minimum && compare_numbers(n, *by.minimum) < 0)
      good = blame(at, "it must be at least " + shown(*by.minimum));
    if (by.maximum && compare_numbers(n, *by.maximum) > 0)
      good = blame(at, "it must be at most " + shown(*by.maximum));
    if (by.exclusive_minimum && compare_numbers(n, *by.exclusive_minimum) <= 0)
      good = blame(at, "it must be more than " + shown(*by.exclusive_minimum));
    if (by.exclusive_maximum && compare_numbers(n, *by.exclusive_maximum) >= 0)
      good = blame(at, "it must be less than " + shown(*by.exclusive_maximum));
    if (by.multiple_of && !is_multiple(n, *by.multiple_of))
      good = blame(at, "it must be a multiple of " + shown(*by.multiple_of));
    return good;
  }

  bool check_string(const node& by, std::string_view text, const path& at) {
    bool good = true;
    if (by.min_length || by.max_length) {
      const auto length = characters(text);
      if (by.min_length && length < *by.min_length)
        good = blame(at, "it must have at least "
                           + std::to_string(*by.min_length) + " characters");
      if (by.max_length && length > *by.max_length)
        good = blame(at, "it must have at most "
                           + std::to_string(*by.max_length) + " characters");
    }
    if (by.pattern && !found(*by.pattern, text))
      good = blame(at, "it must match the pattern "
                         + quoted(by.pattern->pattern()));
    if (by.format != nullptr && !by.format(text))
      good = blame(at, "it must have the format " + quoted(by.format_name));
    return good;
  }

  bool found(const RE2& pattern, std::string_view text) {
    constexpr std::size_t bytes_a_step = 64;
    charge(text.size() / bytes_a_step);
    return RE2::PartialMatch(re2::StringPiece{text.data(), text.size()},
                             pattern);
  }

  bool check_array(const node& by, const json::array& list, const path& at,
                   marks& own) {
    bool good = true;
    if (by.min_items && list.size() < *by.min_items)
      good = blame(at, "it must have at least " + std::to_string(*by.min_items)
                         + " elements");
    if (by.max_items && list.size() > *by.max_items)
      good = blame(at, "it must have at most " + std::to_string(*by.max_items)
                         + " elements");
    if (by.unique_items && !are_unique(list))
      good = blame(at, "its elements must differ from one another");
    for (std::size_t i = 0; i < list.size() && !done(good); ++i) {
      const auto* rule = i < by.prefix.size() ? by.prefix[i] : by.items;
      if (rule == nullptr)
        continue;
      marks inner;
      good = apply(*rule, list[i], {&at, {}, i, true}, inner) && good;
      mark(own, i);
    }
    return check_contains(by, list, at, own) && good;
  }

  /// Whether no more needs to be known.
  [[nodiscard]] bool done(bool good) const {
    return spent_ || (!good && quiet_ > 0);
  }

  bool are_unique(const json::array& list) {
    std::vector<std::string> texts;
    texts.reserve(list.size());
    constexpr std::size_t bytes_a_step = 64;
    for (const auto& each : list) {
      texts.push_back(to_canonical_text(each));
      charge(1 + texts.back().size() / bytes_a_step);
    }
    std::sort(texts.begin(), texts.end());
    return std::adjacent_find(texts.begin(), texts.end()) == texts.end();
  }

  bool check_contains(const node& by, const json::array& list, const path& at,
                      marks& own) {
    if (by.contains == nullptr)
      return true;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < list.size() && !spent_; ++i) {
      marks inner;
      if (passes(*by.contains, list[i], {&at, {}, i, true}, inner)) {
        ++count;
        mark(own, i);
      }
    }
    if (count < by.min_contains)
      return blame(at, "it must contain at least "
                         + std::to_string(by.min_contains)
                         + " elements as the schema's 'contains' says, not "
                         + std::to_string(count));
    if (by.max_contains && count > *by.max_contains)
      return blame(at, "it must contain at most "
                         + std::to_string(*by.max_contains)
                         + " elements as the schema's 'contains' says, not "
                         + std::to_string(count));
    return true;
  }

  bool check_object(const node& by, const json::object& object, const path& at,
                    marks& own) {
    bool good = true;
    if (by.min_properties && object.size() < *by.min_properties)
      good = blame(at, "it must have at least "
                         + std::to_string(*by.min_properties) + " members");
    if (by.max_properties && object.size() > *by.max_properties)
      good = blame(at, "it must have at most "
                         + std::to_string(*by.max_properties) + " members");
    charge(by.required.size() + by.dependent_required.size());
    for (const auto& name : by.required)
      if (!object.contains(name))
        good = blame(at, "the member " + quoted(name) + " is missing");
    for (const auto& [name, needed] : by.dependent_required)
      for (const auto& other : needed)
        if (object.contains(name) && !object.contains(other))
          good = blame(at, "the member " + quoted(other) + " is missing, which "
                             + quoted(name) + " needs");
    for (std::size_t i = 0; i < object.size() && !done(good); ++i)
      good = check_member(by, object, {&at, {}, i, false}, own) && good;
    return good;
  }

  /// Checks the member number `at.index`.
  bool check_member(const node& by, const json::object& object, path at,
                    marks& own) {
    const auto& member = *(object.begin() + at.index);
    at.key = view(member.key());
    bool good = true;
    marks inner;
    if (by.names != nullptr) {
      const json::value name(member.key());
      if (!passes(*by.names, name, at, inner))
        good = blame(*at.up, "the name " + quoted(at.key)
                               + " is not allowed for a member");
    }
    bool known = false;
    if (const auto found_at = by.properties.find(at.key);
        found_at != by.properties.end()) {
      known = true;
      good = apply(*found_at->second, member.value(), at, inner) && good;
    }
    for (const auto& [pattern, rule] : by.patterns) {
      if (!found(*pattern, at.key))
        continue;
      known = true;
      marks also;
      good = apply(*rule, member.value(), at, also) && good;
    }
    if (!known && by.additional != nullptr) {
      known = true;
      marks also;
      good = (by.additional->never
                ? blame(at, "the member " + quoted(at.key) + " is not allowed")
                : apply(*by.additional, member.value(), at, also))
             && good;
    }
    if (known)
      mark(own, at.index);
    return good;
  }

  bool check_in_place(const node& by, const json::value& value, const path& at,
                      marks& own) {
    bool good = true;
    for (const auto* rule : by.all_of)
      good = apply(*rule, value, at, own) && good;
    if (!by.any_of.empty())
      good = check_any_of(by, value, at, own) && good;
    if (!by.one_of.empty())
      good = check_one_of(by, value, at, own) && good;
    if (by.not_ != nullptr) {
      marks unused;
      if (passes(*by.not_, value, at, unused))
        good = blame(at, "it must not match the schema's 'not'");
    }
    if (by.if_ != nullptr) {
      const auto* rule = passes(*by.if_, value, at, own) ? by.then : by.else_;
      if (rule != nullptr)
        good = apply(*rule, value, at, own) && good;
    }
    if (const auto* object = value.if_object())
      for (const auto& [name, rule] : by.dependent_schemas)
        if (object->contains(name))
          good = apply(*rule, value, at, own) && good;
    return good;
  }

  bool check_any_of(const node& by, const json::value& value, const path& at,
                    marks& own) {
    bool any = false;
    for (const auto* rule : by.any_of) {
      any = passes(*rule, value, at, own) || any;
      if (any && !schema_.tracks)
        break;
    }
    return any
           || blame(at,
                    "it matches none of the " + std::to_string(by.any_of.size())
                      + " alternatives of 'anyOf'" + why(by.any_of, value, at));
  }

  bool check_one_of(const node& by, const json::value& value, const path& at,
                    marks& own) {
    std::size_t count = 0;
    for (const auto* rule : by.one_of)
      if (passes(*rule, value, at, own))
        ++count;
    if (count == 1)
      return true;
    const auto total = std::to_string(by.one_of.size());
    if (count == 0)
      return blame(at, "it matches none of the " + total
                         + " alternatives of 'oneOf'"
                         + why(by.one_of, value, at));
    return blame(at, "it matches " + std::to_string(count) + " of the " + total
                       + " alternatives of 'oneOf', but must match exactly "
                         "one");
  }

  /// What the first faults of up to three alternatives are.
  std::string why(const std::vector<const node*>& rules,
                  const json::value& value, const path& at) {
    if (quiet_ > 0)
      return {};
    std::string out;
    constexpr std::size_t shown_max = 3;
    for (std::size_t i = 0; i < rules.size() && i < shown_max; ++i) {
      std::vector<fault> kept;
      kept.swap(faults_);
      marks unused;
      apply(*rules[i], value, at, unused);
      kept.swap(faults_);
      if (!kept.empty())
        out += (out.empty() ? ": " : "; ")
               + (kept.front().pointer.empty()
                    ? std::string{}
                    : "at " + quoted(kept.front().pointer) + " ")
               + kept.front().detail;
    }
    return out;
  }

  bool check_unevaluated(const node& by, const json::value& value,
                         const path& at, marks& own) {
    bool good = true;
    const auto* object = value.if_object();
    if (by.unevaluated_properties != nullptr && object != nullptr)
      for (std::size_t i = 0; i < object->size() && !done(good); ++i) {
        if (own[i])
          continue;
        const auto& member = *(object->begin() + i);
        const path there{&at, view(member.key()), i, false};
        marks inner;
        good = (by.unevaluated_properties->never
                  ? blame(there,
                          "the member " + quoted(there.key) + " is not allowed")
                  : apply(*by.unevaluated_properties, member.value(), there,
                          inner))
               && good;
        own[i] = true;
      }
    const auto* list = value.if_array();
    if (by.unevaluated_items != nullptr && list != nullptr)
      for (std::size_t i = 0; i < list->size() && !done(good); ++i) {
        if (own[i])
          continue;
        marks inner;
        good
          = apply(*by.unevaluated_items, (*list)[i], {&at, {}, i, true}, inner)
            && good;
        own[i] = true;
      }
    return good;
  }

  const compiled& schema_;
  std::vector<fault> faults_;
  std::uint64_t steps_ = 0;
  int depth_ = 0;
  int quiet_ = 0;
  bool spent_ = false;
};

} // namespace

std::vector<fault> check(const compiled& schema, const json::value& value) {
  return checker{schema}.run(value);
}

} // namespace pawl::schemas
