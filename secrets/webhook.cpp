#include "secrets/webhook.hpp"

#include "base/bytes.hpp"
#include "secrets/hmac.hpp"

#include <openssl/evp.h>
#include <optional>

namespace pawl::secrets {

namespace {

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const auto size
    = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (size < 0)
    return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  // It counts what pads the text as bytes, too.
  for (; text.ends_with('='); text.remove_suffix(1))
    out.pop_back();
  return out;
}

std::string key_of(std::string_view secret) {
  constexpr std::string_view mark = "whsec_";
  if (secret.starts_with(mark))
    if (auto key = from_base64(secret.substr(mark.size())))
      return std::move(*key);
  return std::string{secret};
}

} // namespace

std::vector<std::pair<std::string, std::string>>
sign_webhook(std::string_view secret, std::string id, timestamp at,
             std::string_view body) {
  const auto seconds = std::to_string(unix_ms(at) / 1000);
  const auto text = id + '.' + seconds + '.' + std::string{body};
  return {{"Webhook-Id", std::move(id)},
          {"Webhook-Timestamp", seconds},
          {"Webhook-Signature",
           "v1," + to_base64(hmac_sha256(key_of(secret), text))}};
}

} // namespace pawl::secrets
