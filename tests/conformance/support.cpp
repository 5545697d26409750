// What Pawl supports of the DSL, as the parser has it. Each row of support.yaml
// is a definition; what the parser says of it stands in docs/dsl/support.md,
// which this writes if PAWL_WRITE_PAGES is set.
#define BOOST_TEST_MODULE conformance.support

#include "tests/conformance/corpus.hpp"
#include "workflow/document.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <set>

using namespace pawl;
using namespace pawl::conformance;

namespace {

const std::filesystem::path root
  = spec.parent_path().parent_path().parent_path();
const std::filesystem::path page = root / "docs" / "dsl" / "support.md";

constexpr std::string_view introduction =
  R"(<!-- Written by the test conformance.support from tests/conformance/support.yaml:
     PAWL_WRITE_PAGES=1 ctest -R conformance.support -->
# What is supported

Each line is a definition that was put before the parser, and what it answered;
every property and every enumerated value that the schema of Serverless Workflow
DSL 1.0.3 names is among them.

* **supported**: the definition can be registered.
* **refused**: known, but not built. The code is `unsupported`.
* **stricter**: the schema would let it through. The code is
  `invalid-definition`, and the decision says why.

What is refused is refused when the definition is registered, in the words of
the last column, with line, column and JSON Pointer.
)";

struct row {
  std::string label, form, state, says, see;
  std::string member;
  bool free = false;
  std::vector<json::value> flows; ///< The definitions, each with its value.
  std::string pointer;            ///< The object that holds the member.
};

struct section {
  std::string title, text;
  std::vector<row> rows;
};

std::string text_in(const json::object& from, std::string_view name,
                    const std::string& otherwise = {}) {
  const auto* found = from.if_contains(name);
  return found != nullptr ? std::string{found->as_string()} : otherwise;
}

json::value read_yaml(const std::filesystem::path& file) {
  auto made = read_document(text_of(file));
  BOOST_TEST_REQUIRE(static_cast<bool>(made), file.string());
  return std::move(made->value);
}

/// The object in `flow` that the row's member is one of.
json::object& holder(json::value& flow, const std::string& pointer) {
  boost::system::error_code none;
  auto* found = flow.find_pointer(pointer, none);
  BOOST_TEST_REQUIRE(found != nullptr, pointer);
  return found->as_object();
}

json::value definition_of(const json::object& in) {
  json::object out{{"document",
                    {{"dsl", "1.0.3"},
                     {"namespace", "shop"},
                     {"name", "order"},
                     {"version", "1.0.0"}}}};
  for (const auto& [name, value] : in)
    out[name] = value;
  return out;
}

/// `value` as it would be written.
std::string shown(const json::value& value) {
  return value.is_string() ? std::string{value.as_string()} : to_text(value);
}

row read_row(const json::object& from, const json::object& in) {
  row out;
  out.member = text_in(from, "member");
  out.label = '`' + out.member + '`';
  out.state = text_in(from, "state", "supported");
  out.says = text_in(from, "says");
  out.see = text_in(from, "see");
  out.free = from.contains("free");
  out.pointer = text_in(in, "at");
  const auto values = from.contains("each") ? from.at("each").as_array()
                                            : json::array{from.at("to")};
  for (const auto& to : values) {
    auto flow = definition_of(in.at("in").as_object());
    auto& at = holder(flow, out.pointer);
    if (const auto without = text_in(from, "without"); !without.empty())
      at.erase(without);
    at[out.member] = to;
    out.flows.push_back(std::move(flow));
    out.form += (out.form.empty() ? "`" : ", `") + shown(to) + '`';
  }
  out.form = text_in(from, "form", out.form);
  return out;
}

struct table {
  std::vector<section> sections;
  resource_map resources;
};

const table& all() {
  static const table made = [] {
    table out;
    const auto source = read_yaml(spec.parent_path() / "support.yaml");
    for (const auto& [uri, text] : source.at("resources").as_object())
      out.resources.emplace(uri, text.as_string());
    for (const auto& each : source.at("sections").as_array()) {
      const auto& in = each.as_object();
      section made_section{text_in(in, "title"), text_in(in, "text"), {}};
      for (const auto& from : in.at("rows").as_array())
        made_section.rows.push_back(read_row(from.as_object(), in));
      out.sections.push_back(std::move(made_section));
    }
    return out;
  }();
  return made;
}

struct verdict {
  std::string state, says;
  bool warned = false;
};

verdict judge(const json::value& flow) {
  const auto got = parse_definition(to_text(flow), all().resources);
  if (got && got->made != nullptr)
    return {"supported", {}, !got->made->warnings.empty()};
  if (got)
    return {"not complete", got->wanted.front().uri};
  const auto why = got.error(); // A copy: error() returns by value.
  const auto said = why.faults.empty() ? why.detail : why.faults.front().detail;
  if (why.code == errc::unsupported)
    return {"refused", said};
  if (why.code == errc::invalid_definition)
    return {"stricter", said};
  return {std::string{slug(why.code)}, said};
}

/// The page of decision `number`, as a link.
std::string link_to(const std::string& number) {
  for (const auto& each :
       std::filesystem::directory_iterator{root / "docs" / "decisions"}) {
    const auto name = each.path().filename().string();
    if (name.starts_with(number + '-'))
      return '[' + number + "](../decisions/" + name + ')';
  }
  BOOST_ERROR("there is no decision " << number);
  return {};
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|')
      out += '\\';
    out += c;
  }
  return out;
}

std::string line_of(const row& of) {
  const auto found = judge(of.flows.front());
  auto remark = of.says;
  const auto add = [&remark](const std::string& more) {
    if (!more.empty())
      remark += (remark.empty() ? "" : "; ") + more;
  };
  add(found.says);
  add(of.see.empty() ? "" : link_to(of.see));
  return "| " + of.label + " | " + cell(of.form) + " | " + found.state + " | "
         + cell(remark) + " |\n";
}

std::string render() {
  std::string out{introduction};
  for (const auto& part : all().sections) {
    out += "\n## " + part.title + "\n\n";
    if (!part.text.empty())
      out += part.text + "\n\n";
    out += "| member | as | state | |\n|---|---|---|---|\n";
    for (const auto& each : part.rows)
      out += line_of(each);
  }
  return out;
}

/// All keys and texts within `value`.
void collect(const json::value& value, std::set<std::string>& into) {
  if (const auto* object = value.if_object())
    for (const auto& [name, member] : *object) {
      into.emplace(name);
      collect(member, into);
    }
  else if (const auto* array = value.if_array())
    for (const auto& item : *array)
      collect(item, into);
  else if (const auto* text = value.if_string())
    into.emplace(*text);
}

/// What a schema gives names to: properties, and texts of enumerations.
void collect_named(const json::value& schema, std::set<std::string>& into) {
  if (const auto* array = schema.if_array())
    for (const auto& item : *array)
      collect_named(item, into);
  const auto* object = schema.if_object();
  if (object == nullptr)
    return;
  for (const auto& [name, member] : *object) {
    if (name == "properties" && member.is_object())
      for (const auto& [property, what] : member.as_object())
        into.emplace(property);
    if (name == "enum" && member.is_array())
      for (const auto& item : member.as_array())
        if (item.is_string())
          into.emplace(item.as_string());
    collect_named(member, into);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(each_row_is_what_it_is_said_to_be) {
  for (const auto& part : all().sections)
    for (const auto& each : part.rows)
      for (const auto& flow : each.flows)
        BOOST_TEST_CONTEXT(part.title << ": " << to_text(flow)) {
          const auto found = judge(flow);
          BOOST_TEST(found.state == each.state, found.says);
          BOOST_TEST(found.says == judge(each.flows.front()).says);
          BOOST_TEST((found.state != "stricter" || !each.see.empty()));
        }
}

// A member that the parser did not look at would be supported in no sense.
BOOST_AUTO_TEST_CASE(supported_members_are_known_by_their_names) {
  for (const auto& part : all().sections)
    for (const auto& each : part.rows) {
      if (each.state != "supported" || each.free)
        continue;
      auto flow = each.flows.front();
      auto& at = holder(flow, each.pointer);
      const auto to = at.at(each.member);
      at.erase(each.member);
      at[each.member + "Misspelt"] = to;
      BOOST_TEST_CONTEXT(part.title << ": " << to_text(flow)) {
        const auto found = judge(flow);
        BOOST_TEST((found.state != "supported" || found.warned));
      }
    }
}

BOOST_AUTO_TEST_CASE(nothing_that_the_schema_names_is_left_out) {
  std::set<std::string> tried;
  for (const auto& part : all().sections)
    for (const auto& each : part.rows)
      for (const auto& flow : each.flows)
        collect(flow, tried);
  for (const auto* name : {"workflow.yaml", "workflow.main.yaml"}) {
    std::set<std::string> named;
    collect_named(read_yaml(spec / name), named);
    BOOST_TEST(named.size() > 100U);
    for (const auto& each : named)
      BOOST_TEST(tried.contains(each), name << ": " << each);
  }
}

BOOST_AUTO_TEST_CASE(the_page_says_what_the_parser_does) {
  const auto made = render();
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (std::getenv("PAWL_WRITE_PAGES") != nullptr)
    std::ofstream{page, std::ios::binary} << made;
  BOOST_TEST((text_of(page) == made), page.string()
                                        << " is stale; write it anew with "
                                           "PAWL_WRITE_PAGES=1");
}
