#pragma once

#include "base/json.hpp"
#include "workflow/writing.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

/// Replaces what it was given to hide, as redact() does; made once for many
/// texts.
///
/// Thread safety: immutable.
class redactor {
public:
  /// Hides all texts and numbers within `secrets`.
  explicit redactor(const json::value& secrets);

  [[nodiscard]] bool idle() const { return hidden_.empty(); }
  [[nodiscard]] std::string operator()(std::string text) const;
  /// In every text and every key.
  [[nodiscard]] json::value operator()(json::value value) const;

private:
  [[nodiscard]] std::vector<byte_range> find_in(std::string_view text,
                                                int depth = 0) const;
  void collect(const json::value& secrets);
  void add(std::string_view text);
  void add_parts_of_uri(std::string_view uri);
  void add_whole(std::string_view text);
  void add_base64(std::string text);

  std::vector<std::string> hidden_;
};
using redactor_ptr = std::shared_ptr<const redactor>;

} // namespace pawl
