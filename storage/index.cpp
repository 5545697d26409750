#include "storage/index.hpp"

#include <algorithm>

namespace pawl::storage {

namespace {

struct entry {
  index_kind kind;
  std::uint64_t value;
  bool operator==(const entry&) const = default;
};

std::vector<entry> entries_of(const head& h) {
  std::vector<entry> out;
  out.reserve(7 + h.labels.size());
  const char status = static_cast<char>(h.status);
  out.push_back({index_kind::all, 0});
  out.push_back({index_kind::ns, index_value(h.ns)});
  out.push_back({index_kind::status, index_value({&status, 1})});
  out.push_back({index_kind::workflow, index_value(h.workflow.name)});
  out.push_back(
    {index_kind::version, index_value(h.workflow.name, h.workflow.version)});
  out.push_back({index_kind::id, index_value(h.id)});
  if (!ended(h.status))
    out.push_back({index_kind::live, index_value(h.digest)});
  for (const auto& [key, value] : h.labels)
    out.push_back({index_kind::label, index_value(key, value)});
  if (!h.state.empty())
    out.push_back({index_kind::state, index_value(h.state)});
  if (!h.approvals.empty())
    out.push_back({index_kind::approval, 0});
  return out;
}

bool has(const std::vector<entry>& all, const entry& one) {
  return std::ranges::find(all, one) != all.end();
}

/// Whether a turn that leads from one head to the other moves no index row:
/// the common case, told without hashing anything.
bool same_rows(const head& a, const head& b) {
  return a.status == b.status && a.created == b.created && a.ns == b.ns
         && a.id == b.id && a.workflow == b.workflow && a.digest == b.digest
         && a.labels == b.labels && a.state == b.state
         && a.approvals.empty() == b.approvals.empty();
}

} // namespace

void change_indexes(row_list& rows, const instance_key& key, const head* before,
                    const head* after) {
  if (before != nullptr && after != nullptr && same_rows(*before, *after))
    return;
  const auto old
    = before == nullptr ? std::vector<entry>{} : entries_of(*before);
  const auto now = after == nullptr ? std::vector<entry>{} : entries_of(*after);
  const bool moved = before != nullptr && after != nullptr
                     && before->created != after->created;
  for (const auto& e : old)
    if (moved || !has(now, e))
      rows.erase(family::index,
                 index_key(e.kind, e.value, before->created, key));
  for (const auto& e : now)
    if (moved || !has(old, e))
      rows.put(family::index, index_key(e.kind, e.value, after->created, key),
               {});
}

std::vector<std::string> index_rows(const instance_key& key, const head& of) {
  std::vector<std::string> out;
  for (const auto& e : entries_of(of))
    out.push_back(index_key(e.kind, e.value, of.created, key));
  return out;
}

} // namespace pawl::storage
