#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using p = options::resources_options;
constexpr option resources[] = {
  {.key = "resources.file_roots",
   .is = unit::list,
   .help = "Directories below which workflows may read files (file:///...): "
           "functions of catalogs, schemas, scripts, OpenAPI documents. None: "
           "no file is read.",
   .at = at<&o::resources, &p::file_roots>},
  {.key = "resources.size_max",
   .is = unit::bytes,
   .min = 1 * kib,
   .max = 256 * mib,
   .help = "Size of such a document, by file or by http.",
   .at = at<&o::resources, &p::size_max>},
  {.key = "resources.timeout",
   .is = unit::time,
   .min = 100,
   .max = 10 * minute,
   .help = "For one to be fetched.",
   .at = at<&o::resources, &p::timeout>},
  {.key = "resources.fresh_for",
   .is = unit::time,
   .max = 1 * day,
   .help = "How long one that was fetched is used without asking the server "
           "again; it may ask for less.",
   .at = at<&o::resources, &p::fresh_for>},
  {.key = "resources.cache_max",
   .is = unit::bytes,
   .max = 16 * gib,
   .help = "What the kept ones may take together.",
   .at = at<&o::resources, &p::cache_max>},
};

} // namespace

std::span<const option> catalogue_of_resources() {
  return resources;
}

} // namespace pawl::config
