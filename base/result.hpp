#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

/// What went wrong, as a caller must tell it apart. The slug is the `code` of
/// the problem that a client reads; every code has a page in docs/errors/, and
/// the HTTP status it maps to stands in http/problem.cpp.
enum class errc : std::uint8_t {
  malformed = 1,       ///< Text that does not parse: JSON, YAML, a cursor.
  invalid_definition,  ///< The workflow document breaks a rule of the DSL.
  invalid_input,       ///< The workflow input breaks its schema.
  invalid_request,     ///< A request that parses but makes no sense.
  unsupported,         ///< Known to the contract, but not built yet.
  invalid_state,       ///< The instance cannot do this in its present state.
  invalid_transition,  ///< The business state cannot move so.
  not_found,           ///< No such definition, instance, task or route.
  already_exists,      ///< The id or the version is taken by other content.
  ambiguous,           ///< The id is known in several namespaces.
  in_use,              ///< Live instances still need it.
  conflict,            ///< Somebody else wrote first; nothing was changed.
  key_reused,          ///< An Idempotency-Key came with another body.
  precondition_failed, ///< If-Match names another sequence.
  too_large,           ///< A body, value or state over its limit.
  overloaded,          ///< Shed: nothing was written, try again later.
  shutting_down,       ///< The daemon drains; nothing was written.
  disk_low,            ///< Too little free space to start new work.
  quarantined,         ///< The instance is set aside after repeated crashes.
  timed_out,           ///< A deadline passed; the effect is unknown.
  corrupt,             ///< Stored bytes do not decode; needs an operator.
  locked,              ///< Another process holds the data directory.
  io,                  ///< The disk or the network failed.
  no_secret_key,       ///< The key that seals stored secrets is not there.
  purged,              ///< The instance was there and has been purged.
  internal,            ///< A broken invariant of ours, contained.
};

/// The slug of a code: lower case, words joined by '-' ("invalid-state").
[[nodiscard]] std::string_view slug(errc code);

/// One fault in something a user wrote. Line and column count from 1; 0 means
/// that the place is not known.
struct fault {
  std::string pointer; ///< JSON Pointer into the document, "" for the whole.
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string detail; ///< A sentence that helps.
  bool operator==(const fault&) const = default;
};

/// A failure: a code for the program, a sentence for the person, and, where a
/// user's text is at fault, every fault in it.
struct error {
  errc code = errc::internal;
  std::string detail;
  std::vector<fault> faults = {};
};

/// Either a value or an error. Functions that can fail return this; they throw
/// only for bugs and for memory.
template <class T = void>
using result = boost::system::result<T, error>;

/// Lets result<T>::value() throw; in our code only tests call value().
[[noreturn]] void throw_exception_from_error(const error& e,
                                             const boost::source_location& at);

} // namespace pawl
