#include "http/tls.hpp"

namespace pawl::http {

result<tls_context> load_tls(const std::string& certificate,
                             const std::string& key) {
  using net::ssl::context;
  auto out = std::make_shared<context>(context::tls_server);
  net_error failure;
  const auto refused = [&](const char* option, const std::string& file) {
    return error{errc::invalid_request, std::string{option} + ": cannot use "
                                          + file + ": " + failure.message()
                                          + "."};
  };
  out->set_options(context::default_workarounds | context::no_sslv2
                     | context::no_sslv3 | context::no_tlsv1
                     | context::no_tlsv1_1 | context::no_compression,
                   failure);
  if (failure)
    return error{errc::internal, "TLS: " + failure.message()};
  out->use_certificate_chain_file(certificate, failure);
  if (failure)
    return refused("tls.certificate", certificate);
  out->use_private_key_file(key, context::pem, failure);
  if (failure)
    return refused("tls.key", key);
  return out;
}

} // namespace pawl::http
