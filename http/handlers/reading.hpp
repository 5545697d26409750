#pragma once

#include "http/handler.hpp"
#include "http/members.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

/// What most handlers read from a request, read in one way.
namespace pawl::http::handlers {

/// The instance that the path's first name and `?namespace=` name.
/// Fails with errc::not_found if no instance can have that id.
[[nodiscard]] result<actors::instance_ref> instance_of(const call& from);

/// The guards of a mutation.
struct guards {
  std::optional<actors::tags> if_match;
  std::optional<actors::idempotency> once;
};

/// Reads If-Match and Idempotency-Key. The digest is over `content` and the
/// query, since both say what is asked; `content` is the body unless fields say
/// more than it.
/// Fails with errc::malformed.
[[nodiscard]] result<guards> guards_of(const call& from,
                                       std::string_view content);

/// As guards_of, for what has no ETag: an If-Match with a tag cannot hold.
/// Fails with errc::malformed or errc::precondition_failed.
[[nodiscard]] result<std::optional<actors::idempotency>>
once_of(const call& from, std::string_view content);

/// `Prefer: wait`, cut to the configured bound.
/// Fails with errc::malformed.
[[nodiscard]] result<std::optional<std::chrono::seconds>>
wait_of(const call& from);

/// Makes the answer as usual and adds Preference-Applied.
[[nodiscard]] std::function<response(const actors::answer&)>
telling_wait(std::chrono::seconds waited);

/// Last-Event-ID, which goes before where `out` begins: a browser repeats its
/// first URL for ever, and the field says where it is.
void read_last_event(const call& from, fault_list& faults, stream& out);

/// Whether who asks is an admin, or nobody is asked who he is.
[[nodiscard]] bool is_admin(const call& from);
/// `?after=` or `?cursor=`: the number before the first item; 0 without.
[[nodiscard]] sequence after_of(const call& from, fault_list& faults);

/// `?status=`, if it is there.
[[nodiscard]] std::optional<instance_status> status_of(const call& from,
                                                       fault_list& faults);

/// The query parameters that begin with `prefix`, by what is behind that.
[[nodiscard]] std::map<std::string, std::string>
parameters_of(const call& from, std::string_view prefix);

/// `labels`: an object of texts; empty if it is absent.
std::map<std::string, std::string> read_labels(const json::value* value,
                                               fault_list& faults);

/// The body as JSON; an empty object if there is none.
/// Fails with errc::malformed.
[[nodiscard]] result<json::value> body_of(const call& from);

/// What a mutation without an ETag is sent with.
struct mutation {
  std::optional<actors::idempotency> once;
  json::value body;
};
/// As once_of over the body, and body_of.
[[nodiscard]] result<mutation> mutation_of(const call& from);

/// The query parameter as true or false; absent if it is.
std::optional<bool> flag_of(const call& from, std::string_view name,
                            fault_list& faults);
/// As flag_of, for a time as in RFC 3339.
std::optional<timestamp> time_of(const call& from, std::string_view name,
                                 fault_list& faults);
/// As flag_of, for a text.
std::optional<std::string> text_of(const call& from, std::string_view name);
/// `name`, 1 to the configured page; 100 if it is absent.
std::uint32_t count_of(const call& from, std::string_view name,
                       fault_list& faults);
/// `?limit=`, as count_of.
std::uint32_t limit_of(const call& from, fault_list& faults);

/// Takes "namespace/name" in `workflow` apart; a name alone stays as it is.
/// What is wrong with it, to be read behind "The workflow"; empty if nothing.
[[nodiscard]] std::string_view split_workflow(std::string& ns,
                                              std::string& workflow);

/// `?namespace=` and `?workflow=`, of which the latter may be both.
struct workflow_filter {
  std::optional<std::string> ns;
  std::optional<std::string> name;
};
workflow_filter workflow_of(const call& from, fault_list& faults);

/// What part of a short list is wanted that the daemon gives whole; all of it
/// if nothing says otherwise.
struct page_wish {
  std::optional<std::uint32_t> limit;
  std::optional<std::string> cursor; ///< The `name` of the last item seen.
};
/// Fails with errc::malformed or errc::invalid_request.
[[nodiscard]] result<page_wish> page_of(const call& from);

/// Whether the item called `name` stands behind the one called `cursor`.
using is_behind = bool (*)(std::string_view name, std::string_view cursor);
/// Tells that part of a list of items that have a `name`.
[[nodiscard]] response tell_page(const actors::answer& said,
                                 const page_wish& page, is_behind behind);

} // namespace pawl::http::handlers
