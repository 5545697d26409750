#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Requests and answers as plain values, so that handlers know no socket and
/// no library.
namespace pawl::http {

/// One header field as it came.
struct field {
  std::string_view name;
  std::string_view value;
};

/// A request that was read whole. The views are valid until its answer has
/// been made.
struct request {
  std::string_view method; ///< As it came: case matters.
  std::string_view target; ///< As it came, undecoded.
  std::vector<field> fields;
  std::string_view body;

  /// The value of the first field called `name`, whatever its case; "" if
  /// there is none.
  [[nodiscard]] std::string_view operator[](std::string_view name) const;
  /// How often the field called `name` occurs.
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// An answer. Content-Length, Connection, Server and Date are added when it is
/// sent.
struct response {
  unsigned status = 200;
  std::string type; ///< Content-Type, "" for none.
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// What the connection, not the handler, decides about an answer.
struct framing {
  bool keep_alive = true;
  bool head_only = false; ///< HEAD: the length is told, the body is not sent.
  bool chunked = false;   ///< A stream: no length; the body is ignored.
};

/// An answer of JSON text.
[[nodiscard]] response json_response(unsigned status, std::string body);

/// The head of `answer` as HTTP/1.1 bytes, through the empty line. `date` is
/// the value of the Date field. Control characters in a field's value become
/// spaces, so that no value can add a field.
[[nodiscard]] std::string head_bytes(const response& answer, framing how,
                                     std::string_view date);

/// The standard phrase of a status; "Unknown" for one that is not ours.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

/// Compares header names, media types and hosts: ASCII letters without case.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);

/// Whether `text` begins with `prefix`, ASCII letters without case.
[[nodiscard]] bool starts_with_word(std::string_view text,
                                    std::string_view prefix);

/// `text` without spaces and tabs at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Whether `text` is well-formed UTF-8 without NUL.
[[nodiscard]] bool clean_utf8(std::string_view text);

/// An IMF-fixdate for the Date field: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(long long unix_seconds);

} // namespace pawl::http
