#define BOOST_TEST_MODULE secrets.jwt
#include "secrets/jwt.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

using namespace pawl;
using namespace pawl::secrets;

namespace {

using pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

pkey rsa(unsigned bits) {
  return {EVP_RSA_gen(bits), EVP_PKEY_free};
}
pkey elliptic(const char* curve) {
  return {EVP_EC_gen(curve), EVP_PKEY_free};
}

std::string pem(EVP_PKEY* key, bool encrypted = false) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()),
                                                      BIO_free};
  unsigned char word[] = "word";
  BOOST_REQUIRE(PEM_write_bio_PrivateKey(
                  out.get(), key, encrypted ? EVP_aes_128_cbc() : nullptr,
                  encrypted ? word : nullptr, encrypted ? 4 : 0, nullptr,
                  nullptr)
                == 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string decode(std::string text) {
  for (auto& c : text)
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  const auto padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string out(text.size(), '\0');
  const int size
    = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  BOOST_REQUIRE(size >= 0);
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

struct parts {
  std::string text, header, signature;
  explicit parts(const std::string& token)
      : text{token.substr(0, token.rfind('.'))}, header{decode(token.substr(
                                                   0, token.find('.')))},
        signature{decode(token.substr(token.rfind('.') + 1))} {}
};

/// RFC 7518's r and s as OpenSSL wants them.
std::string asn1(const std::string& plain) {
  ECDSA_SIG* sig = ECDSA_SIG_new();
  const auto* at = reinterpret_cast<const unsigned char*>(plain.data());
  ECDSA_SIG_set0(sig, BN_bin2bn(at, 32, nullptr),
                 BN_bin2bn(at + 32, 32, nullptr));
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(sig, &bytes);
  std::string out{reinterpret_cast<char*>(bytes),
                  static_cast<std::size_t>(size)};
  OPENSSL_free(bytes);
  ECDSA_SIG_free(sig);
  return out;
}

bool verifies(EVP_PKEY* key, const std::string& text,
              const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx{
    EVP_MD_CTX_new(), EVP_MD_CTX_free};
  EVP_DigestVerifyInit(ctx.get(), nullptr, EVP_sha256(), nullptr, key);
  return EVP_DigestVerify(
           ctx.get(), reinterpret_cast<const unsigned char*>(signature.data()),
           signature.size(),
           reinterpret_cast<const unsigned char*>(text.data()), text.size())
         == 1;
}

const json::object claims{{"iss", "me"}, {"exp", 1'300'819'380}};

} // namespace

BOOST_AUTO_TEST_CASE(signs_with_a_shared_secret) {
  // Computed with: openssl dgst -sha256 -hmac secret -binary | basenc.
  const auto token
    = make_jwt({{"sub", "x"}}, signing::shared_secret, "secret", "").value();
  BOOST_TEST(token
             == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ4In0."
                "TKECX_pF_bzlcgrzGibhwL3tklDD4LdEEzXVQCw00qY");
}

BOOST_AUTO_TEST_CASE(signs_with_an_rsa_key) {
  const auto key = rsa(2048);
  const auto token
    = make_jwt(claims, signing::private_key, pem(key.get()), "k1").value();
  const parts p{token};
  BOOST_TEST(p.header == R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
  BOOST_TEST(verifies(key.get(), p.text, p.signature));
  BOOST_TEST(!verifies(key.get(), p.text + "x", p.signature));
}

BOOST_AUTO_TEST_CASE(signs_with_an_elliptic_key) {
  const auto key = elliptic("P-256");
  for (int i = 0; i < 50; ++i) { // r or s is short now and then.
    const auto token
      = make_jwt(claims, signing::private_key, pem(key.get()), "").value();
    const parts p{token};
    BOOST_TEST(p.header == R"({"alg":"ES256","typ":"JWT"})");
    BOOST_REQUIRE(p.signature.size() == 64u);
    BOOST_REQUIRE(verifies(key.get(), p.text, asn1(p.signature)));
  }
}

BOOST_AUTO_TEST_CASE(refuses_keys_that_are_none) {
  const auto weak = pem(rsa(1024).get());
  const auto other = pem(elliptic("P-384").get());
  const auto locked = pem(rsa(2048).get(), true);
  for (const auto& key :
       {std::string{}, std::string{"hunter2"}, weak, other, locked,
        std::string{"-----BEGIN PRIVATE KEY-----\nxx\n"}}) {
    const auto no = make_jwt(claims, signing::private_key, key, "");
    BOOST_REQUIRE(!no);
    BOOST_TEST((no.error().code == errc::invalid_input));
    BOOST_TEST(no.error().detail.find("hunter2") == std::string::npos);
  }
  BOOST_TEST(!make_jwt(claims, signing::shared_secret, "", ""));
}

BOOST_AUTO_TEST_CASE(reads_a_claim_of_a_token) {
  const auto token
    = make_jwt(claims, signing::shared_secret, "secret", "").value();
  BOOST_TEST(claim_of(token, "iss").as_string() == "me");
  BOOST_TEST(claim_of(token, "exp").as_int64() == 1'300'819'380);
  BOOST_TEST(claim_of(token, "none").is_null());
  for (const std::string text :
       {"", "opaque", "a.b", "a.b.c", "..", "a.!!!!.c", "a.bnVsbA.c", "a..c"})
    BOOST_TEST(claim_of(text, "iss").is_null(), text);
}

BOOST_AUTO_TEST_CASE(reads_what_it_has_signed_and_nothing_else) {
  const auto token
    = make_jwt(claims, signing::shared_secret, "secret", "").value();
  BOOST_TEST(json::value(read_jwt(token, "secret").value())
             == json::value(claims));
  BOOST_TEST(!read_jwt(token, "Secret"));
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    BOOST_TEST(!read_jwt(changed, "secret"), i);
  }
  for (const std::string& text :
       {std::string{}, std::string{"a"}, std::string{"a.b"}, std::string{".."},
        token + "A", token.substr(1)})
    BOOST_TEST(!read_jwt(text, "secret"), text);
}
