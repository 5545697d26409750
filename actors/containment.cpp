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

} // namespace pawl::actors
