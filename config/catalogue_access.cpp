#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using a = options::access_options;
using t = options::tls_options;
constexpr option access[] = {
  {.key = "access.metrics_open",
   .is = unit::flag,
   .help = "Whether GET /metrics is answered without a token.",
   .at = at<&o::access, &a::metrics_open>},
  {.key = "access.bad_tokens_max",
   .is = unit::count,
   .min = 1,
   .max = 10'000,
   .help = "Bad tokens from one address within a minute, beyond which it is "
           "told to wait.",
   .at = at<&o::access, &a::bad_tokens_max>},
  {.key = "access.addresses_max",
   .is = unit::count,
   .min = 16,
   .max = 1'000'000,
   .help = "Addresses that bad tokens are counted for.",
   .at = at<&o::access, &a::addresses_max>},
  {.key = "tls.certificate",
   .is = unit::text,
   .help = "The file of the server's certificate (PEM), followed by what leads "
           "to its root. With it every TCP listener speaks TLS. Read again at "
           "SIGHUP. Empty: no TLS.",
   .at = at<&o::tls, &t::certificate>},
  {.key = "tls.key",
   .is = unit::text,
   .help = "The file of the certificate's private key (PEM).",
   .at = at<&o::tls, &t::key>},
};

} // namespace

std::span<const option> catalogue_of_access() {
  return access;
}

} // namespace pawl::config
