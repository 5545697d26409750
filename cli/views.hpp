#pragma once

#include "cli/output.hpp"

#include <string>
#include <string_view>
#include <vector>

/// How the API's objects look to a person. Pure.
namespace pawl::cli {

/// "default/story@1.0.0" of an object with namespace, name and version.
[[nodiscard]] std::string workflow_name(const json::value& workflow);

/// "review/callReviewer" of "/do/1/review/try/0/callReviewer".
[[nodiscard]] std::string task_name(std::string_view pointer);

/// One line an instance.
[[nodiscard]] table instance_table(const std::vector<json::value>& instances,
                                   timestamp now);

/// All that matters about one instance, with its output or error.
[[nodiscard]] std::string instance_summary(const json::value& instance,
                                           timestamp now, const painter& paint);

/// One line an event of the history.
[[nodiscard]] table history_table(const std::vector<json::value>& items);

/// What an event says beyond its type and task, in a few words.
[[nodiscard]] std::string event_detail(const json::value& item);

/// "communication (503) at review: Service Unavailable" of an RFC 7807 object;
/// the place is left out when it is `here`, which has been said already.
[[nodiscard]] std::string error_text(const json::value& error,
                                     std::string_view here = {});

/// "12:00:01.123" of an RFC 3339 text.
[[nodiscard]] std::string time_of_day(std::string_view time);

} // namespace pawl::cli
