#pragma once

#include "base/json.hpp"
#include "base/time.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Mail as text (RFC 5322, MIME). Pure.
namespace pawl::actors {

/// "ann@example.com", or "Ann Lee <ann@example.com>" with its name.
struct mail_address {
  std::string name;    ///< UTF-8; "" for none.
  std::string address; ///< ASCII.
};
/// Fails with errc::invalid_input and a sentence.
[[nodiscard]] result<mail_address> parse_mail_address(std::string_view text);

struct mail {
  mail_address from;
  std::vector<mail_address> to;
  std::vector<mail_address> cc;
  std::vector<mail_address> reply_to;
  std::string subject; ///< UTF-8 without control characters.
  std::string text;    ///< UTF-8.
  std::string html;    ///< The same as HTML; "" for none.
  std::string key;     ///< What the Message-ID is made of.
  timestamp at;
};

/// The mail that `with` of `call: notify` asks for (to, subject, text, html,
/// from, cc, replyTo), of which nothing is an expression any more. `from`: the
/// sender, unless `with` names one.
/// Fails with errc::invalid_input and a sentence that names the member: an
/// address that is none, a line break where a header has none.
[[nodiscard]] result<mail> mail_of(const json::object& with,
                                   std::string_view from);

/// "<hex@domain>": the same for the same key and sender.
[[nodiscard]] std::string message_id_of(const mail& what);

/// All of it, lines ended by CRLF and of at most 76 characters but for
/// addresses. Names and the subject are encoded words where they are not plain
/// ASCII, the text is quoted-printable.
[[nodiscard]] std::string to_mime(const mail& what);

/// As RFC 5322 has it: "Sun, 22 Nov 2026 04:13:21 +0000".
[[nodiscard]] std::string mail_date(timestamp at);
/// `text` where a header has words: itself if it is plain ASCII, else encoded
/// words (RFC 2047), each on a line of its own.
[[nodiscard]] std::string header_words(std::string_view text);
[[nodiscard]] std::string quoted_printable(std::string_view text);

} // namespace pawl::actors
