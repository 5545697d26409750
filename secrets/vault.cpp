#include "secrets/vault.hpp"

#include "base/utf8.hpp"
#include "secrets/file.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <openssl/crypto.h>
#include <sys/stat.h>

namespace pawl::secrets {

namespace {

bool is_ours(std::string_view credential) {
  return credential.starts_with("pawl-");
}

/// What a file, or an opened seal, means.
json::value value_of(std::string_view text) {
  if (auto parsed = parse_json(text); parsed && parsed->is_object())
    return std::move(*parsed);
  if (text.ends_with('\n'))
    text.remove_suffix(1);
  if (text.ends_with('\r'))
    text.remove_suffix(1);
  return json::value(text);
}

error named(error why, std::string_view name) {
  why.detail = "The secret '" + std::string{name} + "': " + why.detail;
  return why;
}

/// The file of `name` in `directory`, if it is there.
std::optional<listed> file_of(const std::string& directory,
                              std::string_view name, origin from) {
  if (directory.empty() || (from == origin::credential && is_ours(name)))
    return std::nullopt;
  struct stat about {};
  const auto path = directory + '/' + std::string{name};
  if (stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode))
    return std::nullopt;
  const std::chrono::nanoseconds fraction{about.st_mtim.tv_nsec};
  return listed{std::string{name}, from,
                timestamp{std::chrono::seconds{about.st_mtim.tv_sec}
                          + std::chrono::floor<duration>(fraction)}};
}

void list_files(const std::string& directory, origin from,
                std::map<std::string, listed>& out) {
  if (directory.empty())
    return;
  // A directory that cannot be read has no secrets; find() says why.
  std::error_code failed;
  std::filesystem::directory_iterator at{directory, failed};
  for (; !failed && at != std::filesystem::directory_iterator{};
       at.increment(failed)) {
    const auto name = at->path().filename().string();
    if (!is_name(name))
      continue;
    if (auto found = file_of(directory, name, from))
      out.emplace(name, std::move(*found));
  }
}

} // namespace

bool is_name(std::string_view name) {
  constexpr std::size_t longest = 128;
  return !name.empty() && name.size() <= longest && name[0] != '.'
         && std::ranges::all_of(name, [](unsigned char c) {
              return (c < 0x80 && std::isalnum(c) != 0) || c == '.' || c == '_'
                     || c == '-';
            });
}

std::string_view to_text(origin from) {
  switch (from) {
  case origin::file:
    return "file";
  case origin::credential:
    return "credential";
  case origin::store:
    break;
  }
  return "store";
}

result<std::optional<listed>> vault::look(std::string_view name) const {
  if (!is_name(name))
    return std::optional<listed>{};
  if (auto found = file_of(where_.directory, name, origin::file))
    return std::optional{std::move(*found)};
  if (auto found = file_of(where_.credentials, name, origin::credential))
    return std::optional{std::move(*found)};
  const auto row = stored_.read_secret(name);
  if (row)
    return std::optional{listed{row->name, origin::store, row->updated}};
  if (row.error().code == errc::not_found)
    return std::optional<listed>{};
  return named(row.error(), name);
}

result<json::value> vault::find(std::string_view name) const {
  const auto where = look(name);
  if (!where)
    return where.error();
  if (!*where)
    return error{errc::not_found,
                 "There is no secret '" + std::string{name} + "'."};
  result<std::string> text = std::string{};
  if ((*where)->from == origin::store) {
    const auto row = stored_.read_secret(name);
    if (!row)
      return named(row.error(), name);
    text = keys_.open(name, row->sealed);
  } else {
    const auto& directory
      = (*where)->from == origin::file ? where_.directory : where_.credentials;
    text = read_file(directory + '/' + std::string{name}, secret_max);
    // JSON could not hold it, and it would come back changed and unnoticed.
    if (text && repaired_utf8(*text) != *text)
      text = error{errc::malformed, "not UTF-8; store it in base64"};
  }
  if (!text)
    return named(text.error(), name);
  auto value
    = (*where)->from == origin::store ? parse_json(*text) : value_of(*text);
  OPENSSL_cleanse(text->data(), text->size());
  if (!value)
    return error{errc::corrupt,
                 "The secret '" + std::string{name} + "' does not decode."};
  return value;
}

result<std::vector<listed>> vault::list() const {
  std::map<std::string, listed> all;
  list_files(where_.directory, origin::file, all);
  list_files(where_.credentials, origin::credential, all);
  auto rows = stored_.list_secrets();
  if (!rows)
    return rows.error();
  for (auto& row : *rows)
    all.emplace(row.name, listed{row.name, origin::store, row.updated});
  std::vector<listed> out;
  out.reserve(all.size());
  for (auto& [name, one] : all)
    out.push_back(std::move(one));
  return out;
}

result<storage::sealed_secret> vault::seal(std::string_view name,
                                           const json::value& value,
                                           timestamp now) const {
  auto text = pawl::to_text(value);
  if (text.size() > secret_max)
    return error{errc::too_large, "A secret has at most "
                                    + std::to_string(secret_max) + " bytes."};
  auto sealed = keys_.seal(name, text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!sealed)
    return sealed.error();
  return storage::sealed_secret{std::string{name}, std::move(*sealed), now};
}

} // namespace pawl::secrets
