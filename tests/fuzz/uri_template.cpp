// A URI template, and behind the first line the data to expand it over.
#include "workflow/uri_template.hpp"

#include "tests/fuzz/driver.hpp"
#include "workflow/uri.hpp"

using namespace pawl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto line = text.find('\n');
  const auto pattern = text.substr(0, line);
  const auto rest
    = line == text.npos ? std::string_view{} : text.substr(line + 1);
  const auto given = parse_json(rest);
  const json::value values
    = given ? *given : json::object{{"a", rest.substr(0, 64)}, {"n", 1.5}};
  const auto sound = check_uri_template(pattern);
  const auto made = expand_uri_template(pattern, values);
  fuzz::require(sound || !made, "a broken template does not expand");
  if (made)
    fuzz::require(made->size() <= std::size_t{64} * 1024,
                  "what is made is bounded");
  std::string encoded;
  append_encoded(encoded, pattern);
  fuzz::require(percent_decode(encoded) == pattern,
                "what is encoded decodes to itself");
  static_cast<void>(resolve_uri(pattern, rest));
  return 0;
}
