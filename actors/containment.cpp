#include "actors/containment.hpp"

#include <caf/sec.hpp>

#include <string>

namespace pawl::actors {

caf::error contained(std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error);
  }
}

std::string death_of_worker(const caf::error& why) {
  const std::string sentence{"The worker of this task died too often"};
  const auto& said = why.context();
  return said.match_elements<std::string>()
           ? sentence + ": " + said.get_as<std::string>(0)
           : sentence + '.';
}

} // namespace pawl::actors
