#pragma once

#include "workflow/expression/expression.hpp"
#include "workflow/expression/value.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::expression {

/// The member `key` of `object`, or null. Small objects, which most are, are
/// looked through in place.
[[nodiscard]] inline const json::value* member(const json::object& object,
                                               std::string_view key) {
  constexpr std::size_t small = 8;
  if (object.size() > small)
    return object.if_contains(key);
  for (const auto& pair : object)
    if (pair.key().size() == key.size()
        && std::memcmp(pair.key().data(), key.data(), key.size()) == 0)
      return &pair.value();
  return nullptr;
}

/// Thrown when the budget is spent: nothing in the program may catch it. Left
/// only by evaluate_all.
struct budget_spent {
  const char* sentence;
};

/// The memory and the counters of one evaluation. All values it makes live
/// until it ends; nothing is freed one by one.
class workspace {
public:
  /// Counts down `left`, which must outlive the workspace.
  explicit workspace(budget& left) : left_{left} {}
  workspace(const workspace&) = delete;
  workspace& operator=(const workspace&) = delete;

  /// Counts `n` steps; throws budget_spent.
  void step(std::uint64_t n = 1) {
    if (left_.steps < n)
      spend_all_steps();
    left_.steps -= n;
  }

  /// Memory for `n` bytes, aligned for any value; throws budget_spent.
  void* take(std::size_t n) {
    n = (n + 7) & ~std::size_t{7};
    if (left_.bytes < n)
      spend_all_bytes();
    left_.bytes -= n;
    if (free_ < n)
      add_chunk(n);
    free_ -= n;
    auto* const got = at_;
    at_ += n;
    return got;
  }

  /// Counts `n` bytes that are built elsewhere; throws budget_spent.
  void charge(std::size_t n) {
    if (left_.bytes < n)
      spend_all_bytes();
    left_.bytes -= n;
  }

  /// A copy of `s`.
  val text(std::string_view s);
  /// `a` and `b` joined.
  val joined(std::string_view a, std::string_view b);

  /// A new array with room for `capacity` elements.
  val new_array(std::uint32_t capacity);
  /// `array` with `v` behind it; in place if nobody can tell.
  val append(const val& array, const val& v);
  /// As append, for an array that nobody else holds yet: it changes.
  void push(val& array, const val& v);
  /// Elements [from, upto) of `array`.
  val slice(const val& array, std::uint32_t from, std::uint32_t upto);
  /// `array` with element `i` set; nulls fill a gap.
  val with_item(const val& array, std::uint32_t i, const val& v);

  /// A new object with room for `capacity` pairs.
  val new_object(std::uint32_t capacity);
  /// `object` with `key` set to `v`; a key keeps its place.
  val with_key(const val& object, const val& key, const val& v);
  /// As with_key, for an object that nobody else holds yet: it changes.
  void put(val& object, const val& key, const val& v);
  /// `object` without `key`.
  val without_key(const val& object, std::string_view key);

  /// The value under `key`, or null if there is none.
  [[nodiscard]] const entry* find(const object_node& o, std::string_view key);
  /// Sets `out` to the value under `key` of an object; false if absent.
  [[nodiscard]] bool find(const val& object, std::string_view key, val& out) {
    if (object.kind == holds::json_object) {
      const auto* const got = member(*object.json_object, key);
      if (got != nullptr)
        out = val::of(*got);
      return got != nullptr;
    }
    const auto* const got = find(*object.object, key);
    if (got != nullptr)
      out = got->value;
    return got != nullptr;
  }

  /// An array or object of ours that equals `v`, which is an array or object.
  val own_array(const val& v, std::uint32_t spare = 0);
  val own_object(const val& v, std::uint32_t spare = 0);

  [[nodiscard]] budget& left() { return left_; }

private:
  [[noreturn]] void spend_all_steps();
  [[noreturn]] void spend_all_bytes();
  void add_chunk(std::size_t n);
  template <class Node, class Item>
  const Node* new_node(std::uint32_t capacity);
  static void add_pair(object_node& to, const entry& pair);
  void build_index(const object_node& o);

  budget& left_;
  alignas(8) char first_[2048];
  char* at_ = first_;
  std::size_t free_ = sizeof first_;
  std::size_t chunk_ = 8192;
  std::vector<std::unique_ptr<char[]>> chunks_;
};

/// The pairs of an object, in the order of insertion.
class pairs {
public:
  explicit pairs(const val& object) : of_{object} {
    if (of_.kind == holds::json_object)
      json_ = of_.json_object->begin();
  }
  /// Sets `out` to the next pair; false at the end.
  bool next(entry& out) {
    if (of_.kind == holds::json_object) {
      if (json_ == of_.json_object->end())
        return false;
      out.key = val::of(std::string_view{json_->key()});
      out.value = val::of(json_->value());
      ++json_;
      return true;
    }
    if (at_ == of_.object->size)
      return false;
    out = of_.object->items[at_++];
    return true;
  }

private:
  val of_;
  json::object::const_iterator json_{};
  std::uint32_t at_ = 0;
};

/// The keys of `object` in bytewise order; takes memory from `w`.
val sorted_keys(workspace& w, const val& object);

/// jq's order over all values: negative, 0, positive.
[[nodiscard]] int compare(workspace& w, const val& a, const val& b,
                          int depth = 0);

/// jq's equality.
[[nodiscard]] bool equal(workspace& w, const val& a, const val& b,
                         int depth = 0);

/// Copies `v` out of the workspace to `to`, which is null and of the default
/// storage. Throws budget_spent, also where `v` nests too deeply.
void to_json(workspace& w, const val& v, json::value& to, int depth = 0);

/// The most levels a value may nest where it is walked.
inline constexpr int depth_max = 512;

} // namespace pawl::expression
