#pragma once

#include "base/result.hpp"
#include "workflow/document.hpp"
#include "workflow/near_miss.hpp"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl::parsing {

/// A value of the document, and how it is reached. Must not outlive it.
struct cursor {
  const json::value* value = nullptr;
  const place_tree* places = nullptr; ///< Null without a text.
  std::string pointer;

  /// The element `i`, which must be there.
  [[nodiscard]] cursor item(std::size_t i) const;
  /// The member at place `i` of the object, which must be there.
  [[nodiscard]] cursor member(std::size_t i) const;
  /// The member `name`; its value is null if there is none.
  [[nodiscard]] cursor member(std::string_view name) const;
  [[nodiscard]] place at() const { return places ? places->at : place{}; }
  /// Where its key stands, or itself if it has none.
  [[nodiscard]] place key_at() const;
  /// The text, or a null view.
  [[nodiscard]] std::string_view text() const;
};

/// The value that `pointer` leads to from `from`; as far as it can be followed.
[[nodiscard]] cursor descend(cursor from, std::string_view pointer);

/// A text beside the document that is read as a part of it.
struct resource_text {
  std::string uri;
  document source;
  cursor reference; ///< What asks for it, in the document itself.
  /// All of it; its pointers start with `prefix`.
  [[nodiscard]] cursor root(std::string prefix) const {
    return {&source.value, &source.places, std::move(prefix)};
  }
};

/// Collects what stands against a document: all faults, not the first only,
/// bounded at 256. Faults in the same words at the same pointer count once.
class report {
public:
  /// `source` must outlive the report.
  explicit report(const document& source) : source_{source} {}

  /// The document breaks a rule at `where`.
  void invalid(const cursor& where, std::string detail);
  /// As invalid, but it is the key of `where` that is wrong.
  void invalid_key(const cursor& where, std::string detail);
  /// As invalid, at `offset` bytes into the text `part` of the scalar `where`.
  void invalid_within(const cursor& where, std::string_view part, place offset,
                      std::string detail);
  /// `construct` at `where` is part of the contract, but not built yet; `hint`
  /// is a sentence behind that, with a blank before it.
  void unsupported(const cursor& where, std::string_view construct,
                   std::string_view hint = {});
  /// As unsupported, for what is not expected to come; `detail` says it all.
  void outside(const cursor& where, std::string detail);
  /// The document is valid, but `where` is likely not what is meant.
  void warn(const cursor& where, std::string detail);

  /// From now on all cursors lead into `part`, and what is said of them is told
  /// at its reference; null: into the document. Returns what it was before.
  const resource_text* enter(const resource_text* part) {
    return std::exchange(part_, part);
  }
  [[nodiscard]] const resource_text* part() const { return part_; }
  /// `detail` as a fault at `where`, which is not kept.
  [[nodiscard]] fault fault_at(const cursor& where, std::string detail) const {
    return make(where, where.at(), std::move(detail));
  }

  /// Whether faults are no longer kept, so that detail can be saved.
  [[nodiscard]] bool full() const { return faults_.size() >= faults_max; }
  /// Whether warnings are no longer kept.
  [[nodiscard]] bool warned_enough() const {
    return warnings_.size() >= faults_max;
  }
  /// Whether nothing stands against the document.
  [[nodiscard]] bool clean() const { return faults_.empty(); }
  /// The error that says all of it, in the order of the text. Call only if the
  /// document is not clean.
  [[nodiscard]] error take_error();
  /// All warnings, in the order of the text.
  [[nodiscard]] std::vector<fault> take_warnings();

private:
  static constexpr std::size_t faults_max = 256;
  void add(std::vector<fault>& to, const cursor& where, place at,
           std::string detail);
  [[nodiscard]] fault make(const cursor& where, place at,
                           std::string detail) const;

  const document& source_;
  const resource_text* part_ = nullptr;
  std::vector<fault> faults_;
  std::vector<fault> warnings_;
  std::set<std::pair<std::string, std::string>> seen_;
  bool breaks_rules_ = false; ///< Something is wrong, not only unsupported.
};

/// Cursors lead into `part` while this lives; null: into the document.
class reading_part {
public:
  reading_part(report& of, const resource_text* part)
      : of_{of}, before_{of.enter(part)} {}
  ~reading_part() { of_.enter(before_); }
  reading_part(const reading_part&) = delete;
  reading_part& operator=(const reading_part&) = delete;

private:
  report& of_;
  const resource_text* before_;
};

/// Reads an object whose members are all known: whoever is done with it calls
/// close(), which reports the members that nobody asked for.
class object_reader {
public:
  /// Reports a fault if `where` is not an object; then it has no members.
  object_reader(report& to, cursor where, std::string_view what);

  [[nodiscard]] bool is_object() const { return object_ != nullptr; }
  [[nodiscard]] const cursor& where() const { return where_; }
  [[nodiscard]] bool has(std::string_view name) const;

  /// The member `name`; its value is null if there is none.
  [[nodiscard]] cursor take(std::string_view name);
  /// As take, but reports a fault if there is none.
  cursor need(std::string_view name);
  /// Reports the member `name`, if there, as `construct`: not supported yet.
  void refuse(std::string_view name, std::string_view construct);
  /// Reports unknown members, with the name that is likely meant.
  void close();
  /// As close, but unknown members are only worth a warning.
  void close_leniently();

private:
  void close_with(bool lenient);

  report& to_;
  cursor where_;
  const json::object* object_ = nullptr;
  std::string what_;
  std::vector<std::string_view> known_;
  std::vector<std::string_view> refused_; ///< Known, but not to be offered.
};

} // namespace pawl::parsing
