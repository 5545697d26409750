#pragma once

#include "workflow/diagram/picture.hpp"

#include <string>

namespace pawl::diagram {

/// `of` as Mermaid (mermaid.js.org, 10 or later): a `flowchart TD`, or a
/// `stateDiagram-v2` of business states. What people wrote stands only in
/// quotes, as entities where it could mean something to Mermaid.
[[nodiscard]] std::string to_mermaid(const picture& of);

} // namespace pawl::diagram
