#pragma once

#include "cli/client.hpp"
#include "cli/failure.hpp"

#include <string>

namespace pawl::cli {

/// The exit code that an HTTP status of 300 or more stands for.
[[nodiscard]] exit_code exit_code_for(long status);

/// Makes of a refusal (problem+json, or whatever came instead) what a person
/// reads: title and detail, each fault as `file:line:column: pointer: text`,
/// and what is allowed instead as commands to try. `file` names the document
/// that was sent, "" for none; `id` the instance the request was about.
[[nodiscard]] failure to_failure(const response& refusal,
                                 const std::string& file = {},
                                 const std::string& id = {});

/// One fault or warning of the API: `file:line:column: pointer: detail`, with
/// what is unknown left out.
[[nodiscard]] std::string to_line(const json::value& fault,
                                  const std::string& file,
                                  const std::string& severity = {});

} // namespace pawl::cli
