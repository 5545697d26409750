#include "workflow/near_miss.hpp"
#include "workflow/schema/checker.hpp"
#include "workflow/schema/describe.hpp"

#include <algorithm>

namespace pawl::schemas {

namespace {

constexpr std::size_t faults_max = 32;
constexpr std::uint64_t steps_max = 5'000'000;
constexpr int depth_max = 1024;

void merge(marks& into, const marks& from) {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i])
      into[i] = true;
}

} // namespace

std::vector<fault> checker::run(const json::value& value) {
  const path root;
  marks seen;
  apply(*schema_.root, value, root, seen);
  if (spent_)
    faults_ = {{"", 0, 0,
                "the value is too large, or the schema too complex, to be "
                "checked within its bounds"}};
  return std::move(faults_);
}

bool checker::apply(const node& by, const json::value& value, const path& at,
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

bool checker::apply_within(const node& by, const json::value& value,
                           const path& at, marks& seen) {
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

marks checker::fresh(const json::value& value) const {
  if (!schema_.tracks)
    return {};
  if (const auto* list = value.if_array())
    return marks(list->size(), false);
  if (const auto* object = value.if_object())
    return marks(object->size(), false);
  return {};
}

bool checker::blame(const path& at, std::string detail) {
  if (quiet_ == 0 && faults_.size() < faults_max)
    faults_.push_back({at.pointer(), 0, 0, std::move(detail)});
  return false;
}

bool checker::passes(const node& by, const json::value& value, const path& at,
                     marks& seen) {
  ++quiet_;
  const bool good = apply(by, value, at, seen);
  --quiet_;
  return good;
}

bool checker::check_any(const node& by, const json::value& value,
                        const path& at) {
  bool good = true;
  if (by.types != 0 && (by.types & types_of(value)) == 0)
    good
      = blame(at, "it must be " + names_of(by.types) + ", not " + shown(value));
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

bool checker::check_number(const node& by, const json::value& n,
                           const path& at) {
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

bool checker::check_string(const node& by, std::string_view text,
                           const path& at) {
  bool good = true;
  if (by.min_length || by.max_length) {
    const auto length = characters(text);
    if (by.min_length && length < *by.min_length)
      good = blame(at, "it must have at least " + std::to_string(*by.min_length)
                         + " characters");
    if (by.max_length && length > *by.max_length)
      good = blame(at, "it must have at most " + std::to_string(*by.max_length)
                         + " characters");
  }
  if (by.pattern && !found(*by.pattern, text))
    good
      = blame(at, "it must match the pattern " + quoted(by.pattern->pattern()));
  if (by.format != nullptr && !by.format(text))
    good = blame(at, "it must have the format " + quoted(by.format_name));
  return good;
}

bool checker::found(const RE2& pattern, std::string_view text) {
  constexpr std::size_t bytes_a_step = 64;
  charge(text.size() / bytes_a_step);
  return RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, pattern);
}

bool checker::are_unique(const json::array& list) {
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

bool checker::check_in_place(const node& by, const json::value& value,
                             const path& at, marks& own) {
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

bool checker::check_any_of(const node& by, const json::value& value,
                           const path& at, marks& own) {
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

bool checker::check_one_of(const node& by, const json::value& value,
                           const path& at, marks& own) {
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

std::string checker::why(const std::vector<const node*>& rules,
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

std::vector<fault> check(const compiled& schema, const json::value& value) {
  return checker{schema}.run(value);
}

} // namespace pawl::schemas
