#include "http/handlers/handlers.hpp"
#include "http/handlers/reading.hpp"

namespace pawl::http::handlers {

outcome read_stats(const call& from) {
  actors::read_stats wish{.ns = text_of(from, "namespace").value_or(""),
                          .workflow = text_of(from, "workflow").value_or(""),
                          .by = from.by};
  return order{[&daemon = from.daemon, wish = std::move(wish)](auto done) {
    daemon.stats(wish, std::move(done));
  }};
}

} // namespace pawl::http::handlers
