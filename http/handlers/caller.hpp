#pragma once

#include "http/handler.hpp"
#include "http/members.hpp"

/// Who sends a request. As long as callers do not prove that, they are trusted
/// to say it.
namespace pawl::http::handlers {

/// Who acts: the member `by` of the body. "" if nobody says so.
[[nodiscard]] std::string name_of_caller(const call& from,
                                         member_reader& members);

/// As whom the caller decides: the members `by` ("anonymous" without it) and
/// `groups`.
[[nodiscard]] actors::approver approver_of(const call& from,
                                           member_reader& members);

} // namespace pawl::http::handlers
