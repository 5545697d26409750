#pragma once

#include "trial/verdict.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

/// Test files and definitions as texts, tried in the process.
namespace pawl::trying {

/// The definition of what stands behind its header: `do: ...`.
inline definition_ptr made_of(std::string_view text) {
  auto made = trial::load_definition(
    "document: {dsl: 1.0.3, namespace: t, name: flow, version: 1.0.0}\n"
      + std::string{text},
    {});
  if (!made)
    throw std::runtime_error{made.error().detail};
  return *made;
}

/// A program that no expression of these tests needs.
inline result<std::vector<json::value>> no_helper(const sandbox::question& q) {
  return error{errc::internal, "there is no helper for " + q.program};
}

/// What comes of the only test, of which `text` is all but the name.
inline trial::verdict tried(const definition_ptr& of, std::string_view text,
                            const trial::helper& help = no_helper) {
  std::string file = "workflow: flow.yaml\ntests:\n- name: it\n";
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    file += "  " + std::string{text.substr(at, end - at)} + "\n";
    at = end + 1;
  }
  const auto suite = trial::read_suite(file, *of);
  if (!suite) {
    std::string all;
    for (const auto why = suite.error(); const auto& f : why.faults)
      all += f.pointer + ": " + f.detail + "\n";
    throw std::runtime_error{all + file};
  }
  return trial::run_test(suite->tests.at(0), of, help);
}

/// "" if it has passed, else all that is wrong, one a line.
inline std::string wrong(const trial::verdict& what) {
  auto out = what.trouble;
  for (const auto& one : what.differences)
    out += (out.empty() ? "" : "\n") + one.path + ": " + one.expected + " | "
           + one.got;
  return out;
}

inline std::string wrong(const definition_ptr& of, std::string_view text) {
  return wrong(tried(of, text));
}

} // namespace pawl::trying
