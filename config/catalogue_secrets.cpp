#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using y = options::secrets_options;
constexpr option secrets[] = {
  {.key = "secrets.directory",
   .is = unit::text,
   .help = "A directory whose files are secrets: the name of the file is that "
           "of the secret, its text the value, or a JSON object. Read each "
           "time.",
   .at = at<&o::secrets, &y::directory>},
  {.key = "secrets.credentials",
   .is = unit::text,
   .help = "Where systemd puts the credentials of the unit, which are secrets "
           "too unless they are called pawl-*. Empty: $CREDENTIALS_DIRECTORY.",
   .at = at<&o::secrets, &y::credentials>},
  {.key = "secrets.key_file",
   .is = unit::text,
   .help = "The key that seals the secrets of the API: 32 bytes, raw, "
           "hexadecimal or base64. Empty: the systemd credential "
           "pawl-secret-key, else none can be stored.",
   .at = at<&o::secrets, &y::key_file>},
  {.key = "secrets.old_key_files",
   .is = unit::list,
   .help = "Former keys, by which secrets that were sealed with them are still "
           "read.",
   .at = at<&o::secrets, &y::old_key_files>},
};

} // namespace

std::span<const option> catalogue_of_secrets() {
  return secrets;
}

} // namespace pawl::config
