#pragma once

#include "trial/world.hpp"

#include <map>
#include <string>

namespace pawl::trial {

/// Notes down that the task `name` puts out `output`.
/// Fails with errc::not_found or errc::invalid_request and a sentence, if there
/// is no such task or it cannot be given an output.
[[nodiscard]] result<> give(const definition& of, std::string_view name,
                            json::value output,
                            std::map<std::string, datum>& given);

/// Runs a definition without effects: what `given` names by pointer puts out
/// what stands there, every other effect an empty object (a text or null where
/// it puts out nothing else); people approve at once, and events that are
/// awaited come at once, without data. Those are assumptions: the path marks
/// them, and each decision behind one.
[[nodiscard]] ending rehearse(const definition_ptr& of, terms by,
                              const std::map<std::string, datum>& given,
                              const helper& help);

} // namespace pawl::trial
