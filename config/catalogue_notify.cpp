#include "config/catalogue_part.hpp"

namespace pawl::config {

namespace {

using o = options;
using n = options::notify_options;
using s = options::smtp_options;
constexpr option notify[] = {
  {.key = "notify.timeout",
   .is = unit::time,
   .min = 100,
   .max = 10 * minute,
   .help = "How long one delivery to a subscriber may take.",
   .at = at<&o::notify, &n::timeout>},
  {.key = "notify.retry_for",
   .is = unit::time,
   .min = 1 * second,
   .max = 30 * day,
   .help = "How long a message that cannot be delivered is tried again; then "
           "it is set aside as dead.",
   .at = at<&o::notify, &n::retry_for>},
  {.key = "notify.retry_max",
   .is = unit::time,
   .min = 100,
   .max = 1 * day,
   .help = "The longest wait between two tries of a message.",
   .at = at<&o::notify, &n::retry_max>},
  {.key = "notify.queue_max",
   .is = unit::count,
   .min = 1,
   .max = 10'000'000,
   .help = "How many messages of one subscription may wait; those beyond are "
           "set aside as dead.",
   .at = at<&o::notify, &n::queue_max>},
  {.key = "notify.concurrency",
   .is = unit::count,
   .min = 1,
   .max = 1'000,
   .help = "How many messages are on their way to subscribers at a time.",
   .at = at<&o::notify, &n::concurrency>},
  {.key = "smtp.url",
   .is = unit::text,
   .help = "The mail server that `call: notify` sends by, as "
           "smtp://host:587 or smtps://host:465; empty: no mail is sent.",
   .at = at<&o::smtp, &s::url>},
  {.key = "smtp.from",
   .is = unit::text,
   .help = "The address that mail comes from.",
   .at = at<&o::smtp, &s::from>},
  {.key = "smtp.user",
   .is = unit::text,
   .help = "As whom the mail server is asked; empty: as nobody.",
   .at = at<&o::smtp, &s::user>},
  {.key = "smtp.password",
   .is = unit::text,
   .help = "The name of the secret that holds the password for it.",
   .at = at<&o::smtp, &s::password>},
  {.key = "smtp.require_tls",
   .is = unit::flag,
   .help = "Refuse to send mail over a connection that is not encrypted.",
   .at = at<&o::smtp, &s::require_tls>},
};

} // namespace

std::span<const option> catalogue_of_notify() {
  return notify;
}

} // namespace pawl::config
