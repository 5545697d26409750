#pragma once

#include "base/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The inside of workflow/openapi/: what the document says, in one form for
/// all versions.
namespace pawl::openapi {

/// Where a parameter goes.
enum class location : std::uint8_t { path, query, header, cookie, form, body };

/// How lists and objects are written (OpenAPI 3, "Style Values"); `tab` is
/// Swagger's `tsv`.
enum class style : std::uint8_t {
  simple,
  label,
  matrix,
  form,
  space,
  pipe,
  tab,
  deep_object,
};

struct parameter {
  std::string name;
  location in = location::query;
  bool required = false;
  style how = style::form;
  bool explode = false;
  bool allow_reserved = false;
  bool file = false;      ///< A file of a form.
  std::string media_type; ///< Written as this, if it has `content`.
};

/// What an operation takes as its body, beside form parameters.
struct body_rule {
  std::string name = "body"; ///< Of the member of `parameters` that is it.
  bool required = false;
  std::vector<std::string> media_types;  ///< As the document orders them.
  const json::object* content = nullptr; ///< OpenAPI 3: by media type.
};

/// One operation, resolved.
struct operation {
  std::string method; ///< Upper case.
  std::string path;   ///< The template, as in `paths`.
  std::vector<parameter> parameters;
  bool has_body = false;
  body_rule body;
  std::string server;               ///< Absolute, without a slash at the end.
  std::vector<std::string> answers; ///< Media types of good answers.
};

/// A document, its references followed. Does not own it.
class contract {
public:
  /// Fails with errc::invalid_definition if `document` is of no known version.
  static result<contract> of(const json::value& document);

  /// Fails as openapi_request() does.
  [[nodiscard]] result<operation> find(std::string_view operation_id,
                                       std::string_view document_uri) const;
  /// `value`, or what its `$ref` leads to.
  /// Fails with errc::unsupported if that leaves the document,
  /// errc::invalid_definition if it leads nowhere, not to an object or in a
  /// circle.
  [[nodiscard]] result<const json::object*>
  follow(const json::value& value) const;
  [[nodiscard]] bool swagger() const { return swagger_; }

private:
  struct place; // An operation as it stands in `paths`.
  contract(const json::object& root, bool swagger)
      : root_{&root}, swagger_{swagger} {}
  [[nodiscard]] result<place> locate(std::string_view operation_id) const;
  result<> read_parameters(const json::object& holder, operation& into) const;
  result<> read_body(const json::object& from, operation& into) const;
  result<> read_keys(const json::object& from, operation& into) const;
  result<> read_answers(const json::object& from, operation& into) const;

  const json::object* root_;
  bool swagger_;
};

/// The member of an object, null if it is not there or not of that kind.
[[nodiscard]] const json::object* object_in(const json::object& of,
                                            std::string_view name);
[[nodiscard]] const json::array* list_in(const json::object& of,
                                         std::string_view name);
[[nodiscard]] std::string_view text_in(const json::object& of,
                                       std::string_view name);
[[nodiscard]] bool flag_in(const json::object& of, std::string_view name,
                           bool otherwise = false);

/// One entry of a parameter list, in the words of its version.
/// Fails with errc::invalid_definition, errc::unsupported.
[[nodiscard]] result<parameter> read_parameter(const json::object& from,
                                               bool swagger);

/// The URL that an operation's path is appended to.
/// `holders` may have `servers`, the nearest first.
[[nodiscard]] result<std::string>
server_of(const json::object& root, bool swagger,
          const std::vector<const json::object*>& holders,
          std::string_view document_uri);

[[nodiscard]] error broken(std::string detail);

} // namespace pawl::openapi
