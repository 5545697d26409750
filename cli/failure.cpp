#include "cli/failure.hpp"

#include <stdexcept>

namespace pawl::cli {

void throw_exception_from_error(const failure& f,
                                const boost::source_location&) {
  throw std::runtime_error{f.text};
}

} // namespace pawl::cli
