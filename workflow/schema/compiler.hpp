#pragma once

#include "workflow/schema/node.hpp"

#include <map>
#include <unordered_map>

namespace pawl::schemas {

/// A value of the schema document, and how it is reached.
struct spot {
  const json::value* value = nullptr;
  std::string pointer;
  std::uint32_t resource = 0; ///< Of compiler::bases.

  [[nodiscard]] spot member(std::string_view name,
                            const json::value& value_there) const {
    return {&value_there, pointer_join(pointer, name), resource};
  }
  [[nodiscard]] spot item(std::size_t i) const {
    return {&value->get_array()[i], pointer + '/' + std::to_string(i),
            resource};
  }
};

/// Turns one schema document into nodes, collecting every fault. Used once.
class compiler {
public:
  compiler(compiled& out, std::size_t& pattern_budget)
      : out_{out}, pattern_budget_{pattern_budget} {}

  /// Compiles out.document; returns the faults, none if it is good.
  std::vector<fault> run();

private:
  friend struct keyword_table;
  enum class draft : std::uint8_t { both, draft_07, draft_2020_12 };
  struct pending_reference {
    node* from;
    std::string target;
    spot where;
  };

  void blame(const spot& where, std::string detail);
  void read_draft(const spot& root);

  // Where schemas stand, which URIs and anchors name them.
  void index(const spot& where);
  void index_names(spot& where);
  void index_children(const spot& where);
  void name(const std::string& uri, const spot& where);

  node* make(const spot& where);
  void fill(node& to, const spot& where);
  void resolve(const pending_reference& reference);
  [[nodiscard]] std::optional<spot> find(const std::string& target) const;
  void refuse_loops();

  // Values of keywords.
  std::optional<std::uint64_t> count(const spot& where);
  std::optional<json::value> number(const spot& where);
  std::vector<std::string> texts(const spot& where);
  std::vector<const node*> list(const spot& where);
  std::shared_ptr<const RE2> pattern(const std::string& text,
                                     const spot& where);
  template <class Take>
  void members(const spot& where, Take take);

  // Keywords; each is a row of the table in keywords.cpp.
  void ignore(node& to, const spot& where);
  void type(node& to, const spot& where);
  void enumeration(node& to, const spot& where);
  void multiple_of(node& to, const spot& where);
  void pattern_of(node& to, const spot& where);
  void format(node& to, const spot& where);
  void items(node& to, const spot& where);
  void unique_items(node& to, const spot& where);
  void properties(node& to, const spot& where);
  void pattern_properties(node& to, const spot& where);
  void dependent_required(node& to, const spot& where);
  void dependent_schemas(node& to, const spot& where);
  void dependencies(node& to, const spot& where);
  void reference(node& to, const spot& where);
  void unevaluated(node& to, const spot& where);

  compiled& out_;
  std::size_t& pattern_budget_;
  draft draft_ = draft::both;
  std::vector<fault> faults_;
  std::vector<std::string> bases_{""};
  /// Every schema position, with the resource it belongs to.
  std::unordered_map<const json::value*, std::uint32_t> positions_;
  std::map<std::string, spot> named_; ///< By absolute URI, with its anchor.
  std::unordered_map<const json::value*, node*> made_;
  std::vector<pending_reference> pending_;
  std::map<std::string, std::shared_ptr<const RE2>> patterns_;
};

} // namespace pawl::schemas
