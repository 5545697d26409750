#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::secrets {

/// A key of AES-256. Its bytes are wiped when it goes.
class key {
public:
  static constexpr std::size_t size = 32;
  /// Reads a key as a file has it: 32 raw bytes, or 64 hexadecimal digits, or
  /// 44 characters of base64, the latter two with white space around them.
  /// Fails with errc::malformed; the detail does not show the text.
  static result<std::shared_ptr<const key>> parse(std::string_view text);
  ~key();
  key(const key&) = delete;
  key& operator=(const key&) = delete;

  [[nodiscard]] std::span<const unsigned char, size> bytes() const {
    return bytes_;
  }
  /// What names the key without telling anything of it: four bytes.
  [[nodiscard]] const std::string& id() const { return id_; }

private:
  key() = default;
  std::array<unsigned char, size> bytes_{};
  std::string id_;
};

/// Seals what is stored (AES-256-GCM) under the newest key, and opens what was
/// sealed under any. docs/format/secrets.md has the bytes.
///
/// Thread safety: all functions may be called from any thread.
class keyring {
public:
  /// Holds no key: seals and opens nothing.
  keyring() = default;
  /// The first key seals; all of them open.
  explicit keyring(std::vector<std::shared_ptr<const key>> keys)
      : keys_{std::move(keys)} {}

  /// Reads the keys of files, the sealing one first. A file that everybody may
  /// read is refused.
  /// Fails with errc::malformed; the detail names the file.
  static result<keyring> load(std::span<const std::string> files);

  [[nodiscard]] bool empty() const { return keys_.empty(); }

  /// Seals `plain` as the value of `name`: opened under another name it is
  /// refused. Fails with errc::no_secret_key if there is no key.
  [[nodiscard]] result<std::string> seal(std::string_view name,
                                         std::string_view plain) const;
  /// What was sealed as the value of `name`. Fails with errc::no_secret_key
  /// if the key it was sealed with is not here, errc::corrupt if it was
  /// tampered with.
  [[nodiscard]] result<std::string> open(std::string_view name,
                                         std::string_view sealed) const;

private:
  std::vector<std::shared_ptr<const key>> keys_;
};

} // namespace pawl::secrets
