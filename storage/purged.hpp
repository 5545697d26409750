#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "workflow/event.hpp"

#include <cstdint>
#include <string>

/// Words of purging: what goes, and what is remembered of it.
namespace pawl::storage {

/// What is remembered of a purged instance.
struct tombstone {
  std::string ns;
  std::string id;
  timestamp purged;
  timestamp expires;
  bool operator==(const tombstone&) const = default;
};
/// How an instance is purged.
struct purge_terms {
  timestamp now;
  timestamp remembered_until; ///< Not after `now`: it is not remembered.
};
/// An instance that had ended when somebody judged it.
struct ended_instance {
  instance_key key;
  timestamp ended;
};
/// What an instance takes, before compression.
struct footprint {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  bool complete = true; ///< False: it has more rows than were counted.
};

} // namespace pawl::storage
