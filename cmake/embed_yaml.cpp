// A build step: reads a YAML document and writes it, as JSON, into a C++ source
// that defines `std::string_view FUNCTION()` in namespace pawl::http.
//
//   embed_yaml IN.yaml OUT.cpp FUNCTION

#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

namespace {

void put_text(std::string& out, const std::string& text) {
  out.push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

bool is_whole_number(const std::string& text) {
  return text.find_first_not_of("0123456789") == std::string::npos
         && !text.empty() && (text == "0" || text[0] != '0');
}

void put_json(std::string& out, const YAML::Node& node) {
  if (node.IsSequence() || node.IsMap()) {
    const char* separator = "";
    out.push_back(node.IsMap() ? '{' : '[');
    for (const auto& item : node) {
      out.append(separator);
      separator = ",";
      if (node.IsMap()) {
        put_text(out, item.first.Scalar());
        out.push_back(':');
      }
      put_json(out, node.IsMap() ? item.second : YAML::Node{item});
    }
    out.push_back(node.IsMap() ? '}' : ']');
  } else if (node.IsNull()) {
    out.append("null");
  } else if (node.Tag() == "?"
             && (node.Scalar() == "true" || node.Scalar() == "false"
                 || is_whole_number(node.Scalar()))) {
    out.append(node.Scalar());
  } else {
    put_text(out, node.Scalar());
  }
}

} // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: embed_yaml IN.yaml OUT.cpp FUNCTION\n";
    return 64;
  }
  std::string text;
  put_json(text, YAML::LoadFile(argv[1]));
  std::ofstream out{argv[2]};
  // An array of bytes: string literals have a length that compilers promise.
  out << "#include \"http/routes.hpp\"\n\nnamespace pawl::http {\n\n"
      << "namespace {\nconstexpr char text[] = {";
  for (std::size_t i = 0; i < text.size(); ++i)
    out << (i % 20 == 0 ? "\n" : "")
        << static_cast<int>(static_cast<signed char>(text[i])) << ",";
  out << "};\n} // namespace\n\nstd::string_view " << argv[3]
      << "() {\n  return {text, sizeof(text)};\n}\n\n} // namespace "
         "pawl::http\n";
  return out.good() ? 0 : 1;
} catch (const std::exception& failure) {
  std::cerr << "embed_yaml: " << failure.what() << "\n";
  return 1;
}
