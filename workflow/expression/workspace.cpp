#include "workflow/expression/workspace.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>

namespace pawl::expression {

namespace {

// Below this a scan beats a hash.
constexpr std::uint32_t indexed_from = 17;

array_node& node_of(const val& v) {
  return const_cast<array_node&>(*v.array);
}
object_node& object_of(const val& v) {
  return const_cast<object_node&>(*v.object);
}

std::uint32_t grown(std::uint32_t n) {
  return n < 4 ? 4 : n + n / 2 + 1;
}

} // namespace

void workspace::spend_all_steps() {
  left_.steps = 0;
  throw budget_spent{"The expression takes too many steps."};
}

void workspace::spend_all_bytes() {
  left_.bytes = 0;
  throw budget_spent{"The expression builds too much data."};
}

void workspace::add_chunk(std::size_t n) {
  const std::size_t size = std::max(n, chunk_);
  chunk_ = std::min<std::size_t>(chunk_ * 2, 1U << 20U);
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
  at_ = chunks_.back().get();
  free_ = size;
}

val workspace::text(std::string_view s) {
  return joined(s, {});
}

val workspace::joined(std::string_view a, std::string_view b) {
  const std::size_t n = a.size() + b.size();
  auto* const to = static_cast<char*>(take(n));
  if (!a.empty())
    std::memcpy(to, a.data(), a.size());
  if (!b.empty())
    std::memcpy(to + a.size(), b.data(), b.size());
  step(n / 64);
  return val::of(std::string_view{to, n});
}

// A node, its room and the elements lie in one piece.
template <class Node, class Item>
const Node* workspace::new_node(std::uint32_t capacity) {
  auto* const at = static_cast<char*>(
    take(sizeof(Node) + sizeof(room) + sizeof(Item) * capacity));
  auto* const behind = new (at + sizeof(Node)) room{};
  behind->capacity = capacity;
  // Elements are written before they are read.
  auto* const items = reinterpret_cast<Item*>(at + sizeof(Node) + sizeof(room));
  return new (at) Node{items, 0, behind};
}

val workspace::new_array(std::uint32_t capacity) {
  return val::of(new_node<array_node, val>(capacity));
}

val workspace::own_array(const val& v, std::uint32_t spare) {
  const auto n = count(v);
  step(n / 16);
  const val made = new_array(n + spare);
  auto& node = node_of(made);
  for (std::uint32_t i = 0; i < n; ++i)
    node.items[i] = item(v, i);
  node.size = n;
  node.behind->used = n;
  return made;
}

void workspace::push(val& array, const val& v) {
  if (array.array->size == array.array->behind->capacity)
    array = own_array(array, grown(array.array->size));
  auto& node = node_of(array);
  node.items[node.size++] = v;
  node.behind->used = node.size;
}

val workspace::append(const val& array, const val& v) {
  const bool fits = array.kind == holds::array
                    && array.array->behind->used == array.array->size
                    && array.array->size < array.array->behind->capacity;
  if (!fits) {
    const val made = own_array(array, grown(count(array)));
    auto& node = node_of(made);
    node.items[node.size++] = v;
    node.behind->used = node.size;
    return made;
  }
  auto* const node = new (take(sizeof(array_node))) array_node{*array.array};
  node->items[node->size++] = v;
  node->behind->used = node->size;
  return val::of(node);
}

val workspace::slice(const val& array, std::uint32_t from, std::uint32_t upto) {
  const auto n = upto - from;
  step(n / 16);
  const val made = new_array(n);
  auto& node = node_of(made);
  for (std::uint32_t i = 0; i < n; ++i)
    node.items[i] = item(array, from + i);
  node.size = n;
  node.behind->used = n;
  return made;
}

val workspace::with_item(const val& array, std::uint32_t i, const val& v) {
  const auto n = count(array);
  if (i == n)
    return append(array, v);
  const auto size = std::max(n, i + 1);
  step(size / 16);
  const val made = own_array(array, size - n);
  auto& node = node_of(made);
  for (std::uint32_t k = n; k < size; ++k)
    node.items[k] = val{};
  node.items[i] = v;
  node.size = size;
  node.behind->used = size;
  return made;
}

val workspace::new_object(std::uint32_t capacity) {
  return val::of(new_node<object_node, entry>(capacity));
}

val workspace::own_object(const val& v, std::uint32_t spare) {
  const auto n = count(v);
  step(n / 16);
  const val made = new_object(n + spare);
  auto& node = object_of(made);
  entry e;
  for (pairs all{v}; all.next(e);)
    node.items[node.size++] = e;
  node.behind->used = node.size;
  return made;
}

void workspace::build_index(const object_node& o) {
  auto& behind = *o.behind;
  std::uint32_t slots = 32;
  while (slots < behind.capacity * 2)
    slots *= 2;
  behind.index = static_cast<std::uint32_t*>(take(slots * 4ULL));
  std::fill_n(behind.index, slots, 0U);
  behind.slots = slots;
  step(behind.used / 8);
  for (std::uint32_t i = 0; i < behind.used; ++i) {
    auto at = std::hash<std::string_view>{}(o.items[i].key.view());
    while (behind.index[at & (slots - 1)] != 0)
      ++at;
    behind.index[at & (slots - 1)] = i + 1;
  }
}

const entry* workspace::find(const object_node& o, std::string_view key) {
  if (o.size < indexed_from) {
    for (std::uint32_t i = 0; i < o.size; ++i)
      if (o.items[i].key.view() == key)
        return o.items + i;
    return nullptr;
  }
  if (o.behind->index == nullptr)
    build_index(o);
  const auto mask = o.behind->slots - 1;
  for (auto at = std::hash<std::string_view>{}(key);; ++at) {
    const auto got = o.behind->index[at & mask];
    if (got == 0)
      return nullptr;
    // A longer object with the same beginning may have indexed more.
    if (o.items[got - 1].key.view() == key)
      return got <= o.size ? o.items + (got - 1) : nullptr;
  }
}

val workspace::with_key(const val& object, const val& key, const val& v) {
  if (object.kind == holds::json_object)
    return with_key(own_object(object, 1), key, v);
  const auto& old = *object.object;
  const auto* const present = find(old, key.view());
  if (present != nullptr) {
    const val made = own_object(object);
    object_of(made).items[present - old.items].value = v;
    return made;
  }
  if (old.behind->used != old.size || old.size == old.behind->capacity) {
    const val made = own_object(object, grown(old.size));
    auto& node = object_of(made);
    node.items[node.size++] = {key, v};
    node.behind->used = node.size;
    return made;
  }
  auto* const node = new (take(sizeof(object_node))) object_node{old};
  add_pair(*node, {key, v});
  return val::of(node);
}

// `to` has room for one more pair, ends at `used` and lacks the key.
void workspace::add_pair(object_node& to, const entry& pair) {
  to.items[to.size++] = pair;
  auto& behind = *to.behind;
  behind.used = to.size;
  if (behind.index == nullptr)
    return;
  auto at = std::hash<std::string_view>{}(pair.key.view());
  while (behind.index[at & (behind.slots - 1)] != 0)
    ++at;
  behind.index[at & (behind.slots - 1)] = to.size;
}

void workspace::put(val& object, const val& key, const val& v) {
  const auto* const present = find(*object.object, key.view());
  if (present != nullptr) {
    const_cast<entry*>(present)->value = v;
    return;
  }
  if (object.object->size == object.object->behind->capacity)
    object = own_object(object, grown(object.object->size));
  add_pair(object_of(object), {key, v});
}

val workspace::without_key(const val& object, std::string_view key) {
  val ignored;
  if (!find(object, key, ignored))
    return object;
  const auto n = count(object);
  step(n / 16);
  const val made = new_object(n);
  auto& node = object_of(made);
  entry e;
  for (pairs all{object}; all.next(e);)
    if (e.key.view() != key)
      node.items[node.size++] = e;
  node.behind->used = node.size;
  return made;
}

} // namespace pawl::expression
