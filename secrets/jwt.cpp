#include "secrets/jwt.hpp"

#include "base/bytes.hpp"
#include "secrets/hmac.hpp"

#include <algorithm>
#include <memory>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <optional>

namespace pawl::secrets {

namespace {

using private_key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* raw(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string base64url(std::string_view data) {
  auto out = to_base64(data);
  out.erase(out.find_last_not_of('=') + 1);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string padded{text};
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  const auto missing = (4 - padded.size() % 4) % 4;
  padded.append(missing, '=');
  std::string out(padded.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(raw(out), raw(std::string_view{padded}),
                                   static_cast<int>(padded.size()));
  if (missing > 2 || size < 0 || static_cast<std::size_t>(size) < missing)
    return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - missing);
  return out;
}

private_key read_key(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> from{
    BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
  // Answers that there is no passphrase, or OpenSSL would ask the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  private_key out{
    PEM_read_bio_PrivateKey(from.get(), nullptr, no_passphrase, nullptr),
    EVP_PKEY_free};
  ERR_clear_error();
  return out;
}

/// The algorithm that goes with a key; "" if none does.
std::string_view algorithm_of(EVP_PKEY* key) {
  constexpr int rsa_bits_min = 2048;
  if (EVP_PKEY_base_id(key) == EVP_PKEY_RSA
      && EVP_PKEY_bits(key) >= rsa_bits_min)
    return "RS256";
  std::string curve(64, '\0');
  std::size_t size = 0;
  if (EVP_PKEY_base_id(key) == EVP_PKEY_EC
      && EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) == 1
      && curve.substr(0, size) == "prime256v1")
    return "ES256";
  return {};
}

/// OpenSSL's signature (ASN.1) as RFC 7518 has it: r and s, 32 bytes each.
std::optional<std::string> plain_ecdsa(std::string_view asn1) {
  constexpr int half = 32;
  const auto* at = raw(asn1);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parts{
    d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(asn1.size())),
    ECDSA_SIG_free};
  std::string out(2UL * half, '\0');
  if (!parts
      || BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), raw(out), half) != half
      || BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), raw(out) + half, half)
           != half)
    return std::nullopt;
  return out;
}

std::optional<std::string> sign(EVP_PKEY* key, bool elliptic,
                                std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx{
    EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::size_t size = 0;
  if (EVP_DigestSignInit(ctx.get(), nullptr, EVP_sha256(), nullptr, key) != 1
      || EVP_DigestSign(ctx.get(), nullptr, &size, raw(text), text.size()) != 1)
    return std::nullopt;
  std::string out(size, '\0');
  if (EVP_DigestSign(ctx.get(), raw(out), &size, raw(text), text.size()) != 1)
    return std::nullopt;
  out.resize(size);
  return elliptic ? plain_ecdsa(out) : out;
}

std::string unsigned_text(std::string_view algorithm, std::string_view key_id,
                          const json::object& claims) {
  json::object header{{"alg", algorithm}, {"typ", "JWT"}};
  if (!key_id.empty())
    header["kid"] = key_id;
  return base64url(to_text(json::value(std::move(header)))) + '.'
         + base64url(to_text(json::value(claims)));
}

} // namespace

result<std::string> make_jwt(const json::object& claims, signing how,
                             std::string_view key, std::string_view key_id) {
  if (key.empty())
    return error{errc::invalid_input, "There is no key to sign with."};
  if (how == signing::shared_secret) {
    const auto text = unsigned_text("HS256", key_id, claims);
    return text + '.' + base64url(hmac_sha256(key, text));
  }
  const auto with = read_key(key);
  if (!with)
    return error{errc::invalid_input,
                 "The key to sign with is no unencrypted private key in PEM."};
  const auto algorithm = algorithm_of(with.get());
  if (algorithm.empty())
    return error{errc::invalid_input,
                 "The key to sign with must be RSA of 2,048 bits or more, or "
                 "P-256."};
  const auto text = unsigned_text(algorithm, key_id, claims);
  const auto signature = sign(with.get(), algorithm == "ES256", text);
  if (!signature)
    return error{errc::internal, "OpenSSL refuses to sign."};
  return text + '.' + base64url(*signature);
}

std::optional<json::object> read_jwt(std::string_view token,
                                     std::string_view key) {
  const auto end = token.rfind('.');
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto text = token.substr(0, end);
  const auto signature = base64url(hmac_sha256(key, text));
  const auto given = token.substr(end + 1);
  if (given.size() != signature.size()
      || CRYPTO_memcmp(given.data(), signature.data(), given.size()) != 0)
    return std::nullopt;
  const auto claims = from_base64url(text.substr(text.find('.') + 1));
  if (!claims)
    return std::nullopt;
  const auto parsed = parse_json(*claims);
  if (!parsed || !parsed->is_object())
    return std::nullopt;
  return parsed->get_object();
}

json::value claim_of(std::string_view token, std::string_view name) {
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    return nullptr;
  const auto text = from_base64url(token.substr(first + 1, second - first - 1));
  if (!text)
    return nullptr;
  const auto claims = parse_json(*text);
  if (!claims || !claims->is_object())
    return nullptr;
  const auto* found = claims->get_object().if_contains(name);
  return found == nullptr ? json::value{} : *found;
}

} // namespace pawl::secrets
