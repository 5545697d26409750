#include "daemon/manual.hpp"

#include "base/roff.hpp"
#include "config/options.hpp"
#include "daemon/backup.hpp"
#include "daemon/flags.hpp"
#include "daemon/verify.hpp"

#include <fmt/format.h>

namespace pawl::daemon {

namespace {

struct entry {
  const char* term;
  const char* text;
};

constexpr entry codes[]
  = {{"0", "Drained after SIGTERM or SIGINT."},
     {"64", "The command line is wrong."},
     {"70", "A mistake of the program."},
     {"74", "The disk refused a write; it never goes on after one."},
     {"75", "Another process holds the directory or the address."},
     {"78", "The configuration is wrong, or the data is damaged; the log names "
            "the place."}};

constexpr entry signals[]
  = {{"SIGTERM, SIGINT",
      "Drain and end: running calls get drain_timeout. The second one ends "
      "it at once; what does not finish goes on after the next start."},
     {"SIGHUP", "Read the configuration again, and the TLS certificate."}};

std::string about(const config::option& one) {
  auto text = std::string{one.help};
  const auto preset = config::value_text(one, {});
  text += preset.empty() ? "" : fmt::format(" Default: {}.", preset);
  if (one.max != 0)
    text += fmt::format(" From {} to {}.", config::number_text(one.is, one.min),
                        config::number_text(one.is, one.max));
  if (!one.words.empty())
    text += fmt::format(" One of: {}.", one.words);
  text += fmt::format(" Variable: {}.", config::environment_name(one));
  return text + (one.reloadable ? " SIGHUP brings it in." : "");
}

} // namespace

std::string manual() {
  roff_page page{"pawld", "8", PAWL_VERSION, "run durable workflows"};
  page.section("SYNOPSIS");
  page.paragraph("pawld [OPTION...]");
  page.section("DESCRIPTION");
  page.paragraph(
    "pawld runs workflows of the Serverless Workflow DSL and keeps every step "
    "of them on disk before it takes the next, so that they go on where they "
    "were after a crash. It is controlled over HTTP, most easily with "
    "pawl(1).");
  page.section("OPTIONS");
  for (const auto& flag : all_flags())
    page.item(flag.name, flag.type, flag.help + ".");
  page.section("WITHOUT A DAEMON");
  page.paragraph("These need the data directory for themselves.");
  page.verbatim(verify_usage);
  page.verbatim(backup_usage);
  page.verbatim("usage: pawld token create --help\n");
  page.section("CONFIGURATION");
  page.paragraph(
    "Each of these can be set in the file of --config (a.b is the member b of "
    "the mapping a), in the environment, and by --set KEY=VALUE; of these the "
    "later wins. pawld --print-config writes such a file.");
  for (const auto& one : config::catalogue())
    page.item(one.key, "", about(one));
  page.section("SIGNALS");
  for (const auto& [term, text] : signals)
    page.item(term, "", text);
  page.section("EXIT STATUS");
  for (const auto& [term, text] : codes)
    page.item(term, "", text);
  page.section("SEE ALSO");
  page.paragraph("pawl(1)");
  return page.text();
}

} // namespace pawl::daemon
