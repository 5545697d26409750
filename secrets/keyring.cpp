#include "secrets/keyring.hpp"

#include "base/bytes.hpp"
#include "secrets/file.hpp"

#include <algorithm>
#include <cctype>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

namespace pawl::secrets {

namespace {

constexpr char format = 1;
constexpr std::size_t id_size = 4;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t head_size = 1 + id_size + nonce_size;
constexpr std::size_t key_file_max = 1024;

using cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char* raw(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool from_hex(std::string_view text, std::span<unsigned char> out) {
  const auto digit
    = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  if (text.size() != 2 * out.size()
      || !std::ranges::all_of(
        text, [](unsigned char c) { return std::isxdigit(c) != 0; }))
    return false;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<unsigned char>(digit(text[2 * i]) << 4
                                        | digit(text[2 * i + 1]));
  return true;
}

bool from_base64(std::string_view text, std::span<unsigned char> out) {
  constexpr std::size_t encoded = 44; // Of 32 bytes: one '=' at the end.
  std::array<unsigned char, 33> decoded{};
  if (text.size() != encoded || text.back() != '=' || text[encoded - 2] == '=')
    return false;
  const int size = EVP_DecodeBlock(decoded.data(), raw(text), encoded);
  if (size == static_cast<int>(decoded.size()))
    std::copy_n(decoded.begin(), out.size(), out.begin());
  OPENSSL_cleanse(decoded.data(), decoded.size());
  return size == static_cast<int>(decoded.size());
}

/// What is authenticated beside the value: where it belongs.
std::string context_of(std::string_view name, std::string_view head) {
  std::string out{"pawl secret\0", 12};
  out.append(head.substr(0, 1 + id_size));
  return out.append(name);
}

error broken(std::string_view what) {
  return {errc::internal, "OpenSSL refuses " + std::string{what}};
}

} // namespace

key::~key() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

result<std::shared_ptr<const key>> key::parse(std::string_view text) {
  const std::shared_ptr<key> out{new key};
  const auto word = trimmed(text);
  if (text.size() == size)
    std::copy_n(raw(text), size, out->bytes_.begin());
  else if (!from_hex(word, out->bytes_) && !from_base64(word, out->bytes_))
    return error{errc::malformed,
                 "is no key: 32 bytes are wanted, as they are, as 64 "
                 "hexadecimal digits or as base64 (openssl rand -hex 32)"};
  std::string named{"pawl secret key id"};
  named.append(reinterpret_cast<const char*>(out->bytes_.data()), size);
  out->id_ = sha256(named).substr(0, id_size);
  OPENSSL_cleanse(named.data(), named.size());
  return std::shared_ptr<const key>{out};
}

result<keyring> keyring::load(std::span<const std::string> files) {
  std::vector<std::shared_ptr<const key>> keys;
  for (const auto& path : files) {
    struct stat about {};
    if (stat(path.c_str(), &about) == 0 && (about.st_mode & S_IROTH) != 0)
      return error{errc::malformed,
                   "the key " + path
                     + " may be read by everybody; chmod o-r it"};
    auto text = read_file(path, key_file_max);
    if (!text)
      return error{errc::malformed,
                   "the key " + path + ": " + text.error().detail};
    auto made = key::parse(*text);
    OPENSSL_cleanse(text->data(), text->size());
    if (!made)
      return error{errc::malformed,
                   "the key " + path + ' ' + made.error().detail};
    keys.push_back(std::move(*made));
  }
  return keyring{std::move(keys)};
}

result<std::string> keyring::seal(std::string_view name,
                                  std::string_view plain) const {
  if (keys_.empty())
    return error{errc::no_secret_key,
                 "There is no key to seal secrets with. Set "
                 "secrets.key_file, or the systemd "
                 "credential pawl-secret-key."};
  const auto& with = *keys_.front();
  std::string out{format};
  out += with.id();
  out.resize(head_size + plain.size() + tag_size);
  auto* const nonce = raw(out) + 1 + id_size;
  if (RAND_bytes(nonce, nonce_size) != 1)
    return broken("to make a nonce");
  const auto bound = context_of(name, out);
  const cipher ctx{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  int size = 0;
  const bool sealed
    = EVP_EncryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr,
                         with.bytes().data(), nonce)
        == 1
      && EVP_EncryptUpdate(ctx.get(), nullptr, &size, raw(bound),
                           static_cast<int>(bound.size()))
           == 1
      && EVP_EncryptUpdate(ctx.get(), raw(out) + head_size, &size, raw(plain),
                           static_cast<int>(plain.size()))
           == 1
      && EVP_EncryptFinal_ex(ctx.get(), raw(out) + head_size + size, &size) == 1
      && EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, tag_size,
                             raw(out) + head_size + plain.size())
           == 1;
  if (!sealed)
    return broken("to seal a secret");
  return out;
}

result<std::string> keyring::open(std::string_view name,
                                  std::string_view sealed) const {
  if (sealed.size() < head_size + tag_size || sealed[0] != format)
    return error{errc::corrupt, "The stored secret is damaged."};
  const auto with = std::ranges::find_if(
    keys_, [&](const auto& k) { return k->id() == sealed.substr(1, id_size); });
  if (with == keys_.end())
    return error{errc::no_secret_key,
                 "The key that the secret was sealed with is not configured."};
  const auto body
    = sealed.substr(head_size, sealed.size() - head_size - tag_size);
  std::string tag{sealed.substr(sealed.size() - tag_size)};
  const auto bound = context_of(name, sealed);
  std::string plain(body.size(), '\0');
  const cipher ctx{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  int size = 0;
  const bool opened
    = EVP_DecryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr,
                         (*with)->bytes().data(), raw(sealed) + 1 + id_size)
        == 1
      && EVP_DecryptUpdate(ctx.get(), nullptr, &size, raw(bound),
                           static_cast<int>(bound.size()))
           == 1
      && EVP_DecryptUpdate(ctx.get(), raw(plain), &size, raw(body),
                           static_cast<int>(body.size()))
           == 1
      && EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, tag_size,
                             tag.data())
           == 1
      && EVP_DecryptFinal_ex(ctx.get(), raw(plain) + size, &size) == 1;
  if (!opened) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return error{errc::corrupt,
                 "The stored secret was changed since it was sealed."};
  }
  return plain;
}

} // namespace pawl::secrets
