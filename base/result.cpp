#include "base/result.hpp"

#include <boost/throw_exception.hpp>

#include <stdexcept>

namespace pawl {

std::string_view slug(errc code) {
  switch (code) {
  case errc::malformed:
    return "malformed";
  case errc::invalid_definition:
    return "invalid-definition";
  case errc::invalid_input:
    return "invalid-input";
  case errc::invalid_request:
    return "invalid-request";
  case errc::unsupported:
    return "unsupported";
  case errc::invalid_state:
    return "invalid-state";
  case errc::invalid_transition:
    return "invalid-transition";
  case errc::not_found:
    return "not-found";
  case errc::already_exists:
    return "already-exists";
  case errc::ambiguous:
    return "ambiguous";
  case errc::in_use:
    return "in-use";
  case errc::conflict:
    return "conflict";
  case errc::key_reused:
    return "key-reused";
  case errc::precondition_failed:
    return "precondition-failed";
  case errc::too_large:
    return "too-large";
  case errc::overloaded:
    return "overloaded";
  case errc::shutting_down:
    return "shutting-down";
  case errc::disk_low:
    return "disk-low";
  case errc::quarantined:
    return "quarantined";
  case errc::timed_out:
    return "timed-out";
  case errc::corrupt:
    return "corrupt";
  case errc::locked:
    return "locked";
  case errc::io:
    return "io";
  case errc::no_secret_key:
    return "no-secret-key";
  case errc::purged:
    return "purged";
  case errc::internal:
    break;
  }
  return "internal";
}

void throw_exception_from_error(const error& e,
                                const boost::source_location& at) {
  boost::throw_with_location(std::runtime_error{e.detail}, at);
}

} // namespace pawl
