#pragma once

#include <string>
#include <string_view>

namespace pawl {

/// A page of the manual, written in roff's `man` macros (man-pages(7)). All
/// that is given as text comes out as it is, whatever it holds. Pure.
class roff_page {
public:
  /// `name` is "pawl", `section` "1", `version` that of the program and
  /// `purpose` half a sentence.
  roff_page(std::string_view name, std::string_view section,
            std::string_view version, std::string_view purpose);

  /// Begins a section: "OPTIONS".
  void section(std::string_view title);

  /// Begins a part of a section: "pawl def apply".
  void part(std::string_view title);

  /// A paragraph, filled.
  void paragraph(std::string_view text);

  /// A term, in bold, with what is said of it below; `rest` stands behind the
  /// term, in italics.
  void item(std::string_view term, std::string_view rest,
            std::string_view text);

  /// Lines as they are.
  void verbatim(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }

private:
  void begin_paragraph();

  std::string text_;
  bool after_heading_ = false; ///< Where a paragraph begins by itself.
};

} // namespace pawl
