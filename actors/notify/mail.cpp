#include "actors/notify/mail.hpp"

#include "base/bytes.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace pawl::actors {

namespace {

constexpr std::size_t addresses_max = 100;
constexpr std::size_t subject_max = 2000;

bool is_control(unsigned char c) {
  return c < 0x20 || c == 0x7f;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, is_control);
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(
    text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

/// What stands between the two of a mail, before it is quoted.
bool is_address(std::string_view text) {
  constexpr std::size_t bytes_max = 254;
  constexpr std::string_view never = " ()<>[]:;,\\\"";
  const auto at = text.find('@');
  return at != text.npos && at > 0 && at + 1 < text.size()
         && text.find('@', at + 1) == text.npos && text.size() <= bytes_max
         && is_plain(text) && text.find_first_of(never) == text.npos;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

error wrong(std::string detail) {
  return {errc::invalid_input, std::move(detail)};
}

/// Reads the members of `with`, up to the first that does not fit.
class mail_reader {
public:
  explicit mail_reader(const json::object& with) : with_{with} {}

  std::string text(std::string_view name, bool needed) {
    const auto* value = with_.if_contains(name);
    if (value == nullptr || value->is_null()) {
      if (needed)
        blame(name, "is missing");
      return {};
    }
    if (!value->is_string()) {
      blame(name, "must be text");
      return {};
    }
    return std::string{value->get_string()};
  }

  std::vector<mail_address> addresses(std::string_view name) {
    std::vector<mail_address> out;
    const auto* value = with_.if_contains(name);
    if (value == nullptr || value->is_null())
      return out;
    json::array all;
    if (value->is_array())
      all = value->get_array();
    else
      all.push_back(*value);
    if (all.size() > addresses_max)
      blame(name, "names more than 100 addresses");
    for (const auto& one : all) {
      auto read = one.is_string() ? parse_mail_address(one.get_string())
                                  : wrong("an address is text");
      if (read)
        out.push_back(std::move(*read));
      else
        blame(name, read.error().detail);
    }
    return out;
  }

  void blame(std::string_view name, std::string_view why) {
    if (why_.empty())
      why_ = fmt::format("`{}`: {}", name, why);
  }
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  const json::object& with_;
  std::string why_;
};

/// A name where an address has one.
std::string phrase(std::string_view name) {
  if (!is_plain(name) || name.find("=?") != name.npos)
    return header_words(name);
  std::string out{'"'};
  for (const char c : name) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

std::string shown(const mail_address& one) {
  return one.name.empty() ? one.address
                          : phrase(one.name) + " <" + one.address + '>';
}

std::string shown(const std::vector<mail_address>& all) {
  std::string out;
  for (const auto& one : all)
    out += (out.empty() ? "" : ",\r\n ") + shown(one);
  return out;
}

void add_part(std::string& out, std::string_view type, std::string_view text) {
  out += fmt::format("Content-Type: {}; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                     type);
  out += quoted_printable(text);
}

/// The length of the UTF-8 sequence that begins with `lead`.
std::size_t sequence_of(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

} // namespace

result<mail_address> parse_mail_address(std::string_view text) {
  if (has_control(text))
    return wrong("an address holds no line break");
  const auto open = text.rfind('<');
  mail_address out;
  if (open != text.npos && text.ends_with('>')) {
    out.address = text.substr(open + 1, text.size() - open - 2);
    auto name = trimmed(text.substr(0, open));
    if (name.size() > 1 && name.starts_with('"') && name.ends_with('"'))
      name = name.substr(1, name.size() - 2);
    out.name = name;
  } else {
    out.address = trimmed(text);
  }
  if (!is_address(out.address))
    return wrong("'" + std::string{text}
                 + "' is no mail address; several stand in a list");
  return out;
}

result<mail> mail_of(const json::object& with, std::string_view from) {
  mail_reader members{with};
  mail out;
  out.to = members.addresses("to");
  out.cc = members.addresses("cc");
  out.reply_to = members.addresses("replyTo");
  out.subject = members.text("subject", true);
  out.text = members.text("text", true);
  out.html = members.text("html", false);
  if (out.to.empty())
    members.blame("to", "names nobody");
  if (has_control(out.subject) || out.subject.size() > subject_max)
    members.blame("subject", "must be one line of at most 2,000 bytes");
  auto senders = members.addresses("from");
  if (senders.empty() && from.empty())
    members.blame("from", "is missing, and `smtp.from` is not set");
  else if (senders.empty()) {
    auto own = parse_mail_address(from);
    if (own)
      senders.push_back(std::move(*own));
    else
      members.blame("smtp.from", own.error().detail);
  }
  if (!members.why().empty())
    return wrong(members.why());
  if (senders.size() != 1)
    return wrong("`from`: one address is needed");
  out.from = std::move(senders.front());
  return out;
}

std::string message_id_of(const mail& what) {
  const auto domain = what.from.address.substr(what.from.address.find('@') + 1);
  return '<' + to_hex(sha256(what.key)).substr(0, 40) + '@' + domain + '>';
}

std::string header_words(std::string_view text) {
  // So much of it that the word is not longer than 75 characters.
  constexpr std::size_t piece_max = 45;
  constexpr std::size_t line_max = 70;
  if (is_plain(text) && text.size() <= line_max && text.find("=?") == text.npos)
    return std::string{text};
  std::string out;
  while (!text.empty()) {
    std::size_t size = 0;
    while (size < text.size()) {
      const auto next = sequence_of(static_cast<unsigned char>(text[size]));
      if (size + next > piece_max)
        break;
      size += next;
    }
    size = std::min(size, text.size());
    out += (out.empty() ? "" : "\r\n ")
           + ("=?UTF-8?B?" + to_base64(text.substr(0, size)) + "?=");
    text.remove_prefix(size);
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  constexpr std::size_t line_max = 75; // And the mark of a soft break.
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > line_max) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char next = i + 1 < text.size() ? text[i + 1] : '\n';
    if (byte == '\r' && next == '\n' && i + 1 < text.size())
      continue;
    if (byte == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool at_end = next == '\n' || next == '\r';
    const bool blank = byte == ' ' || byte == '\t';
    if ((byte > ' ' && byte < 0x7f && byte != '=') || (blank && !at_end))
      put(text.substr(i, 1));
    else
      put(std::string{'=', digits[byte >> 4], digits[byte & 15]});
  }
  return out + "\r\n";
}

std::string mail_date(timestamp at) {
  constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                 "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr",
                                                    "May", "Jun", "Jul", "Aug",
                                                    "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const auto time = to_text(at).substr(11, 8);
  return fmt::format("{}, {} {} {} {} +0000",
                     days.at(std::chrono::weekday{day}.c_encoding()),
                     static_cast<unsigned>(date.day()),
                     months.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), time);
}

std::string to_mime(const mail& what) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty())
      out.append(name).append(": ").append(value).append("\r\n");
  };
  add("Date", mail_date(what.at));
  add("From", shown(what.from));
  add("To", shown(what.to));
  add("Cc", shown(what.cc));
  add("Reply-To", shown(what.reply_to));
  add("Subject", header_words(what.subject));
  add("Message-ID", message_id_of(what));
  add("Auto-Submitted", "auto-generated");
  add("MIME-Version", "1.0");
  if (what.html.empty()) {
    add_part(out, "text/plain", what.text);
    return out;
  }
  // Nothing that is quoted-printable holds "=_".
  const auto boundary = "=_" + to_hex(sha256(what.key)).substr(0, 32);
  out += fmt::format("Content-Type: multipart/alternative;\r\n"
                     " boundary=\"{}\"\r\n\r\n--{}\r\n",
                     boundary, boundary);
  add_part(out, "text/plain", what.text);
  out += fmt::format("--{}\r\n", boundary);
  add_part(out, "text/html", what.html);
  return out + fmt::format("--{}--\r\n", boundary);
}

} // namespace pawl::actors
