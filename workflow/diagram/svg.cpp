#include "workflow/diagram/svg.hpp"

#include "workflow/diagram/layout.hpp"

#include <algorithm>
#include <set>

namespace pawl::diagram {

namespace {

constexpr int legend_height = 28;
constexpr int title_height = 30;
constexpr int width_min = 320;

// Written out twice instead of with variables, which not every viewer knows.
constexpr std::string_view style = R"(
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-size:14px;fill:#1f2328}
.soft{font-size:11px;fill:#59636e}
.page{fill:#ffffff}
.figure{fill:#f6f8fa;stroke:#818b98;stroke-width:1.2}
.box{fill:none;stroke:#818b98;stroke-dasharray:5 3}
.line{fill:none;stroke:#59636e;stroke-width:1.2}
.tip{fill:#59636e}
.done{stroke:#1a7f37;stroke-width:2}
.running,.current{stroke:#0969da;stroke-width:3}
.waiting{stroke:#9a6700;stroke-width:2.5}
.faulted{stroke:#cf222e;stroke-width:3}
.suspended{stroke:#8250df;stroke-width:2.5}
.skipped,.cancelled,.undone{stroke-dasharray:2 3}
@media(prefers-color-scheme:dark){
text{fill:#f0f6fc}
.soft{fill:#9198a1}
.page{fill:#0d1117}
.figure{fill:#151b23;stroke:#656c76}
.box{fill:none;stroke:#656c76}
.line{stroke:#9198a1}
.tip{fill:#9198a1}
.done{stroke:#3fb950}
.running,.current{stroke:#4493f8}
.waiting{stroke:#d29922}
.faulted{stroke:#f85149}
.suspended{stroke:#ab7df8}
}
)";

/// `text` as it may stand in XML, in quotes too. What XML cannot hold becomes
/// a question mark.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto rest = text.substr(i, 3);
    if (rest == "\xef\xbf\xbe" || rest == "\xef\xbf\xbf") {
      out += '?';
      i += 2;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

std::string number(std::string_view name, int value) {
  return ' ' + std::string{name} + "=\"" + std::to_string(value) + '"';
}

class writer {
public:
  explicit writer(const picture& of) : of_{of}, at_{lay_out(of)} {}

  std::string write() {
    const auto legend = legend_text();
    const auto longest = std::max(columns_of(of_.title), columns_of(legend));
    const int width
      = std::max({at_.width, width_min, static_cast<int>(longest) * 9 + 32});
    const int height
      = at_.height + title_height + (legend.empty() ? 0 : legend_height);
    out_
      = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\""
        + escaped(of_.title + ". " + of_.summary) + '"' + number("width", width)
        + number("height", height) + " viewBox=\"0 0 " + std::to_string(width)
        + ' ' + std::to_string(height) + "\">\n<title>" + escaped(of_.title)
        + "</title>\n<desc>" + escaped(of_.summary) + "</desc>\n<style>"
        + std::string{style}
        + "</style>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" "
          "refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
          "orient=\"auto\"><path class=\"tip\" d=\"M0 0 8 4 0 8z\"/>"
          "</marker></defs>\n<rect class=\"page\" width=\"100%\" "
          "height=\"100%\"/>\n<text x=\"16\" y=\"24\">"
        + escaped(of_.title) + "</text>\n<g transform=\"translate(0 "
        + std::to_string(title_height) + ")\">\n";
    column_of(of_.top);
    for (const auto& title : at_.titles)
      text(title.text, title.at, "soft\" text-anchor=\"middle");
    for (std::size_t i = 0; i < of_.arrows.size(); ++i)
      put_arrow(of_.arrows[i], at_.arrows[i]);
    out_ += "</g>\n";
    if (!legend.empty())
      text(legend, {16, height - 10}, "soft");
    out_ += "</svg>\n";
    return std::move(out_);
  }

private:
  /// `look` is the value of `class`, and may close it and go on.
  void text(std::string_view what, spot where, std::string_view look) {
    out_ += "<text class=\"" + std::string{look} + '"' + number("x", where.x)
            + number("y", where.y) + '>' + escaped(what) + "</text>\n";
  }

  void column_of(const column& what) {
    for (const auto which : what.figures)
      put(which);
  }

  static std::string name_of(const figure& f) {
    std::string out{sign_of(f.as)};
    if (!out.empty())
      out += ' ';
    out += f.name;
    if (f.as == mark::done && f.times > 1)
      out += " \u00d7" + std::to_string(f.times);
    return out;
  }

  static std::string hint_of(const figure& f) {
    auto out = f.place.empty() ? f.name : f.place;
    if (f.as != mark::none)
      out += ": " + std::string{word_of(f.as)};
    return out;
  }

  void outline(const figure& f, const area& at) {
    std::string look = f.form == shape::box ? "figure box" : "figure";
    if (f.as != mark::none)
      look += ' ' + std::string{word_of(f.as)};
    if (f.form == shape::decision) {
      const auto x = [&](int by) { return std::to_string(at.x + by); };
      const auto y = [&](int by) { return std::to_string(at.y + by); };
      constexpr int cut = 8;
      out_ += "<polygon class=\"" + look + "\" points=\"" + x(cut) + ',' + y(0)
              + ' ' + x(at.width - cut) + ',' + y(0) + ' ' + x(at.width) + ','
              + y(cut) + ' ' + x(at.width) + ',' + y(at.height - cut) + ' '
              + x(at.width - cut) + ',' + y(at.height) + ' ' + x(cut) + ','
              + y(at.height) + ' ' + x(0) + ',' + y(at.height - cut) + ' '
              + x(0) + ',' + y(cut) + "\"/>\n";
      return;
    }
    const int round = f.form == shape::point ? 13 : 6;
    out_ += "<rect class=\"" + look + '"' + number("x", at.x)
            + number("y", at.y) + number("width", at.width)
            + number("height", at.height) + number("rx", round) + "/>\n";
  }

  void put(figure_index which) {
    const auto& f = of_.figures[which];
    const auto& at = at_.figures[which];
    out_ += "<g><title>" + escaped(hint_of(f)) + "</title>\n";
    outline(f, at);
    const int head = f.form == shape::box ? box_head : at.height;
    const spot middle{at.x + at.width / 2, at.y + head / 2};
    constexpr std::string_view centred = "\" text-anchor=\"middle";
    if (f.note.empty()) {
      text(name_of(f), {middle.x, middle.y + 5}, centred);
    } else {
      text(name_of(f), {middle.x, middle.y - 1}, centred);
      text(f.note, {middle.x, middle.y + 14}, "soft\" text-anchor=\"middle");
    }
    for (const auto& inner : f.columns)
      column_of(inner);
    out_ += "</g>\n";
  }

  void put_arrow(const arrow& one, const route& at) {
    out_ += "<path class=\"line\" marker-end=\"url(#tip)\" d=\"M";
    for (const auto& by : at.through)
      out_ += std::to_string(by.x) + ' ' + std::to_string(by.y) + ' ';
    out_.back() = '"';
    out_ += "/>\n";
    if (!one.label.empty())
      text(one.label, at.label,
           at.label_ends ? "soft\" text-anchor=\"end" : "soft");
  }

  [[nodiscard]] std::string legend_text() const {
    std::set<mark> used;
    for (const auto& f : of_.figures)
      if (f.as != mark::none)
        used.insert(f.as);
    std::string out;
    for (const auto as : used)
      out += (out.empty() ? "" : "   ") + std::string{sign_of(as)} + ' '
             + std::string{word_of(as)};
    return out;
  }

  const picture& of_;
  const layout at_;
  std::string out_;
};

} // namespace

std::string to_svg(const picture& of) {
  return writer{of}.write();
}

} // namespace pawl::diagram
