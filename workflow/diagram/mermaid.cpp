#include "workflow/diagram/mermaid.hpp"

#include <map>

namespace pawl::diagram {

namespace {

/// Whether a character means the same to Mermaid, Markdown and HTML as to us.
bool is_plain(char c) {
  constexpr std::string_view others = " ,./-:@?!()=+";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || others.find(c) != others.npos
         || static_cast<unsigned char>(c) >= 0x80;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text)
    if (is_plain(c))
      out.push_back(c);
    else
      out += '#' + std::to_string(static_cast<unsigned char>(c)) + ';';
  return out + '"';
}

std::string id_of(figure_index which) {
  return 'n' + std::to_string(which);
}

/// What stands in a figure, in quotes.
std::string text_of(const figure& f) {
  std::string head{sign_of(f.as)};
  if (!head.empty())
    head += ' ';
  head += f.name;
  if (f.as == mark::done && f.times > 1)
    head += " \u00d7" + std::to_string(f.times);
  auto out = quoted(head);
  if (f.note.empty())
    return out;
  out.pop_back();
  return out + "<br>" + quoted(f.note).substr(1);
}

/// The colours of a mark: border, and the shade behind the text.
struct colours {
  std::string_view line;
  std::string_view shade;
};

colours colours_of(mark m) {
  switch (m) {
  case mark::done:
    return {"#1a7f37", "#dafbe1"};
  case mark::running:
  case mark::current:
    return {"#0969da", "#ddf4ff"};
  case mark::waiting:
    return {"#9a6700", "#fff8c5"};
  case mark::faulted:
    return {"#cf222e", "#ffebe9"};
  case mark::suspended:
    return {"#8250df", "#fbefff"};
  case mark::none:
  case mark::skipped:
  case mark::undone:
  case mark::cancelled:
    break;
  }
  return {"#818b98", "#eaeef2"};
}

class writer {
public:
  explicit writer(const picture& of) : of_{of} {}

  std::string flowchart() {
    head("flowchart TD");
    put_column(of_.top, 1);
    for (const auto& one : of_.arrows) {
      out_ += "  " + id_of(one.from) + " -->";
      if (!one.label.empty())
        out_ += '|' + quoted(one.label) + '|';
      out_ += ' ' + id_of(one.to) + '\n';
    }
    classes();
    return std::move(out_);
  }

  std::string state_diagram() {
    head("stateDiagram-v2");
    for (const auto which : of_.top.figures)
      if (const auto& f = of_.figures[which]; f.form != shape::point)
        out_ += "  state " + text_of({.name = f.name, .as = f.as}) + " as "
                + id_of(which) + '\n';
    const auto end_of = [&](figure_index which) {
      return of_.figures[which].form == shape::point ? std::string{"[*]"}
                                                     : id_of(which);
    };
    for (const auto& one : of_.arrows)
      out_ += "  " + end_of(one.from) + " --> " + end_of(one.to) + '\n';
    classes();
    return std::move(out_);
  }

private:
  void head(std::string_view kind) {
    // A plain scalar would do, but for a name like "yes".
    out_ = "---\ntitle: \"" + of_.title + "\"\n---\n" + std::string{kind}
           + "\n  accTitle: " + of_.title + "\n  accDescr: " + of_.summary
           + '\n';
  }

  void put_column(const column& what, int depth) {
    for (const auto which : what.figures)
      put(which, depth);
  }

  void put(figure_index which, int depth) {
    const auto& f = of_.figures[which];
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += indent;
    switch (f.form) {
    case shape::box:
      return put_box(which, depth);
    case shape::task:
      out_ += id_of(which) + '[' + text_of(f) + "]\n";
      return;
    case shape::decision:
      out_ += id_of(which) + "{{" + text_of(f) + "}}\n";
      return;
    case shape::point:
      out_ += id_of(which) + "([" + text_of(f) + "])\n";
      return;
    }
  }

  void put_box(figure_index which, int depth) {
    const auto& f = of_.figures[which];
    const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += "subgraph " + id_of(which) + '[' + text_of(f) + "]\n" + indent
            + "  direction TB\n";
    for (std::size_t i = 0; i < f.columns.size(); ++i) {
      const auto& inner = f.columns[i];
      if (inner.title.empty()) {
        put_column(inner, depth + 1);
        continue;
      }
      out_ += indent + "  subgraph " + id_of(which) + 'c' + std::to_string(i)
              + '[' + quoted(inner.title) + "]\n" + indent
              + "    direction TB\n";
      put_column(inner, depth + 2);
      out_ += indent + "  end\n";
    }
    out_ += indent + "end\n";
  }

  void classes() {
    std::map<mark, std::string> marked;
    for (std::size_t i = 0; i < of_.figures.size(); ++i)
      if (const auto as = of_.figures[i].as; as != mark::none) {
        auto& list = marked[as];
        list += (list.empty() ? "" : ",") + id_of(static_cast<figure_index>(i));
      }
    for (const auto& [as, list] : marked) {
      const std::string name{word_of(as)};
      const auto by = colours_of(as);
      out_ += "  classDef " + name + " fill:" + std::string{by.shade}
              + ",stroke:" + std::string{by.line} + ",color:#1f2328\n";
      out_ += "  class " + list + ' ' + name + '\n';
    }
  }

  const picture& of_;
  std::string out_;
};

} // namespace

std::string to_mermaid(const picture& of) {
  writer by{of};
  return of.states ? by.state_diagram() : by.flowchart();
}

} // namespace pawl::diagram
