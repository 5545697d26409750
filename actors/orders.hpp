#pragma once

#include "access/guard.hpp"
#include "actors/holds/hold.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/list_order.hpp"
#include "base/time.hpp"
#include "workflow/event.hpp"
#include "workflow/status.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What may be asked of the control plane, and how it answers.
///
/// Where a request has `by`, that says who asks, what he sees and where he may
/// do it. What he does not see is answered as what does not exist; what he sees
/// but may not do, as a refusal with `role`.
namespace pawl::actors {

using access::mandate_ptr;

/// A request that went through. What a mutation says is on disk.
struct answer {
  std::uint32_t status = 200; ///< HTTP status: 200, 201, 202, 204 or 304.
  std::string body = {};      ///< JSON text, "" for none.
  std::string location = {};  ///< Path for the Location header, "" for none.
  std::optional<sequence> etag = {}; ///< Of an instance.
  bool replayed = false; ///< The first answer to this Idempotency-Key again.
  bool finished = false; ///< Of an instance: it is known to have ended.
};

/// A request that was refused. Nothing was written, unless `what.code` is
/// errc::timed_out.
struct refusal {
  error what;
  /// More members of the problem: `from`, `allowed`, `allowedActions`, `error`.
  json::object members = {};
  std::string location = {}; ///< already-exists: of what holds the id.
  std::string role = {};     ///< Not "": forbidden for want of this role.
  std::optional<duration> retry_after = {}; ///< When shedding.
  bool forbidden = false;                   ///< Others may, but not who asks.
};

/// What a gateway function answers, exactly once, on any thread, maybe before
/// it returns.
using reply = std::variant<answer, refusal>;
using reply_to = std::function<void(reply)>;

/// What an Idempotency-Key names.
struct idempotency {
  std::string scope = {}; ///< Credential, method, path and key.
  /// SHA-256 of the body. Empty: nobody repeats it but we, so that it was done
  /// is kept, and not what was said.
  std::string body_digest = {};
};

/// The entity tags of If-Match or If-None-Match: sequences of an instance.
struct tags {
  tags() = default;
  tags(sequence one) : listed{one} {} // NOLINT: one tag is a list of it.
  std::vector<sequence> listed = {};
  bool any = false; ///< `*`: whatever there is.

  [[nodiscard]] bool has(sequence n) const {
    return any || std::find(listed.begin(), listed.end(), n) != listed.end();
  }
  bool operator==(const tags&) const = default;
};

/// An instance as a client names it.
struct instance_ref {
  std::string id = {};
  std::optional<std::string> ns = {}; ///< Absent: in whichever namespace it is.
  mandate_ptr by = {};
};

struct register_definition {
  std::string text = {};
  std::string content_type = {};
  bool dry_run = false;
  std::optional<idempotency> once = {};
  mandate_ptr by = {};
};

/// A definition as a client names it; no version: the highest by semver.
struct definition_ref {
  std::string ns = {};
  std::string name = {};
  std::optional<std::string> version = {};
  mandate_ptr by = {};
};

struct start_instance {
  definition_ref workflow;
  json::value input = {}; ///< Absent input is an empty object.
  std::optional<std::string> id = {};
  std::map<std::string, std::string> labels = {};
  std::optional<timestamp> start_at = {};
  bool held = false;
  std::string by = {};               ///< Who starts it; "" if nobody knows.
  std::string reason = {};           ///< Why, for the audit log.
  std::string traceparent = {};      ///< W3C Trace Context; "" for none.
  std::optional<duration> wait = {}; ///< Prefer: wait
  std::optional<idempotency> once = {};
};

/// Prefer: wait with If-None-Match: answers 200 on change, else 304.
struct read_instance {
  instance_ref which;
  std::optional<duration> wait = {};
  std::optional<tags> unless = {}; ///< If-None-Match
};

/// How tasks of an instance ran, the newest first.
struct list_runs {
  instance_ref which;
  std::string task = {};     ///< Pointer; "" for all.
  std::uint32_t item = 0;    ///< The branch or item it ran in; 0: any.
  std::uint32_t attempt = 0; ///< Which of its runs, from 1; 0: all.
  std::uint32_t limit = 100;
  std::uint64_t before = 0; ///< The sequence of the last run of the page
                            ///< before; 0 for the newest.
};

/// What an operator wants of an instance.
struct act_on_instance {
  enum class verb : std::uint8_t {
    pause,
    resume,
    cancel,
    retry,
    skip,
    complete,
    fail,
    rollback,
    redo
  };
  instance_ref which;
  verb what = verb::pause;
  std::string reason = {};
  pause_mode mode = pause_mode::drain;   ///< pause only
  bool freeze = false;                   ///< pause only
  std::optional<timestamp> until = {};   ///< pause only
  std::optional<json::value> input = {}; ///< retry, redo: a replacement
  std::string task = {};  ///< retry, rollback: where from; skip, complete,
                          ///< fail, redo: which
  std::uint32_t lane = 0; ///< skip, complete, fail, redo
  std::optional<json::value> output = {}; ///< skip, complete
  json::object error = {};                ///< fail
  bool dry_run = false; ///< Nothing is written; the answer is what would be.
  std::optional<tags> if_match = {};
  std::optional<idempotency> once = {};
};

/// A new instance of the workflow of another, with its input.
struct restart_instance {
  instance_ref which;
  std::optional<json::value> input = {};   ///< In place of the old one.
  std::optional<std::string> version = {}; ///< Absent: the same; "latest".
  std::optional<std::string> id = {};
  std::map<std::string, std::string> labels = {}; ///< Added to the old ones.
  bool held = false;
  std::string by = {}; ///< Who starts it.
  std::string reason = {};
  std::optional<tags> if_match = {};
  std::optional<idempotency> once = {};
};

/// One CloudEvent (a validated envelope) for one instance.
struct deliver_event {
  instance_ref which;
  json::value event = {};
  bool buffer = true; ///< False: refuse if no `listen` waits for it.
  /// Of an event that its workflow has named so: `event` is then its data.
  std::string route = {};
  std::optional<tags> if_match = {};
  std::optional<idempotency> once = {};
};

/// CloudEvents for whoever listens.
struct publish_events {
  std::vector<json::value> events = {};
  std::optional<std::string> ns = {};
  std::optional<idempotency> once = {};
  mandate_ptr by = {};
};

/// A worker asks for jobs of a queue.
struct ask_for_jobs {
  std::string queue = {};
  std::string worker = {};                        ///< What it calls itself.
  std::map<std::string, std::string> labels = {}; ///< What it can do.
  std::uint32_t max = 1;
  duration wait{}; ///< For a first one.
  std::optional<duration> lease = {};
  std::optional<idempotency> once = {};
  mandate_ptr by = {};
};

/// A worker tells of a job that it has.
struct lease_wish {
  enum class verb : std::uint8_t { heartbeat, complete, fail, release };
  std::string token = {};
  verb what = verb::heartbeat;
  std::optional<json::value> progress = {};   ///< heartbeat
  std::optional<json::value> checkpoint = {}; ///< heartbeat
  std::optional<duration> extend = {};        ///< heartbeat
  json::value output = {};                    ///< complete
  json::object error = {};                    ///< fail: never empty
  json::object usage = {}; ///< complete, fail: what it has used, numbers.
  std::string digest = {}; ///< complete, fail: SHA-256 of verb and body.
  std::optional<idempotency> once = {}; ///< heartbeat, release
  mandate_ptr by = {};
  access::caller_ptr proven = {}; ///< Whose roles say which queues he serves.
};

/// What /v1/stats is to tell; "" for all.
struct read_stats {
  std::string ns = {};
  std::string workflow = {};
  mandate_ptr by = {};
};

/// An approval as a client names it.
struct approval_ref {
  std::string id = {};
  std::optional<std::string> ns = {};
  mandate_ptr by = {};
};
/// The approvals that wait for people.
struct list_approvals {
  std::optional<std::string> ns = {};
  std::optional<std::string> workflow = {};
  std::optional<std::string> group = {}; ///< That may decide.
  std::optional<std::string> user = {};  ///< Who may decide by name.
  std::optional<timestamp> due_before = {};
  std::uint32_t limit = 100;
  std::string cursor = {};
  mandate_ptr by = {};
};
/// Who wishes to decide, and as what.
struct approver {
  std::string by = {};
  std::vector<std::string> groups = {};
  bool operates = false; ///< He may decide where nobody is named.
  /// Not null: his roles say for which groups he may decide.
  access::caller_ptr proven = {};
};
struct vote_on_approval {
  approval_ref which;
  approver who = {};
  std::string outcome = {}; ///< "approved" or "rejected".
  std::string comment = {};
  std::optional<json::value> data = {};
  std::optional<tags> if_match = {};
  std::optional<idempotency> once = {};
};
/// A signed link by which somebody can decide without more ado.
struct link_approval {
  approval_ref which;
  approver who = {};
  std::string outcome = {};
  std::optional<timestamp> expires = {}; ///< Absent: with the approval, or in a
                                         ///< week.
  std::string root = {}; ///< What URLs begin with: "http://host".
};
/// What somebody does with the token of such a link.
struct follow_link {
  std::string token = {};
  bool decides = false; ///< False: he only reads what it is about.
  std::string comment = {};
};

/// Purges an instance that has ended.
struct purge_instance {
  instance_ref which;
  std::optional<tags> if_match = {};
};

struct list_instances {
  std::optional<std::string> ns = {};
  std::optional<std::string> workflow = {};
  std::optional<std::string> version = {};
  std::optional<instance_status> status = {};
  std::optional<std::string> state = {}; ///< The business state.
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> index = {}; ///< `metadata.index`
  std::optional<timestamp> started_after = {};
  std::optional<timestamp> started_before = {};
  std::optional<bool> quarantined = {};
  list_order order = {};
  std::uint32_t limit = 100;
  std::string cursor = {};
  mandate_ptr by = {};
};

/// Which lifecycle CloudEvents; "" for all. What they say of an instance is
/// how it stands behind the commit that they tell of.
struct lifecycle_filter {
  std::string ns = {};
  std::string workflow = {};
  std::string version = {};
  std::string type = {}; ///< What the type begins with.
  std::string instance = {};
  std::optional<instance_status> status = {};
  std::optional<std::string> state = {}; ///< The business state.
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> index = {}; ///< `metadata.index`
  std::optional<timestamp> started_after = {};
  std::optional<timestamp> started_before = {};
  mandate_ptr by = {};
};

struct list_definitions {
  std::string ns = {};   ///< "" for all.
  std::string name = {}; ///< "" for all.
  std::uint32_t limit = 100;
  std::string cursor = {};
  mandate_ptr by = {};
};

/// Stores a secret, in place of a former one.
struct put_secret {
  std::string name = {};
  json::value value = {}; ///< A text or an object.
  mandate_ptr by = {};
};

struct secret_ref {
  std::string name = {};
  mandate_ptr by = {};
};

/// Their names; the cursor is the last one of the page before.
struct list_secrets {
  std::uint32_t limit = 100;
  std::string cursor = {};
};

/// What retention would purge now. What is given here is asked in place of what
/// is configured for all namespaces.
struct preview_retention {
  std::optional<duration> completed = {}; ///< Zero: for ever.
  std::optional<duration> faulted = {};
  std::optional<duration> cancelled = {};
};

/// A backup now; 202 if it is not complete after `wait`.
struct take_backup {
  duration wait{};
  std::optional<idempotency> once = {};
  mandate_ptr by = {};
};

/// A new hold. One that is not bound to a namespace needs an admin.
struct create_hold {
  hold_selector on = {};
  std::string reason = {};
  std::optional<timestamp> until = {};
  bool rules = false; ///< Who asks is an admin.
  std::optional<idempotency> once = {};
  mandate_ptr by = {};
};
struct hold_ref {
  std::string id = {};
  bool rules = false; ///< As above.
  mandate_ptr by = {};
};
struct list_holds {
  std::string ns = {}; ///< "" for all.
  std::uint32_t limit = 100;
  std::string cursor = {}; ///< The last id of the page before.
  mandate_ptr by = {};
};

/// A new bearer token. Its text is in the first answer and nowhere else, so a
/// repeat with the same key gets errc::already_exists.
struct create_token {
  access::token_wish what = {};
  std::optional<idempotency> once = {};
  mandate_ptr by = {};
};
struct token_ref {
  std::string id = {};
  mandate_ptr by = {};
};
struct list_tokens {
  std::uint32_t limit = 100;
  std::string cursor = {}; ///< The last id of the page before.
};

/// The audit log; "" for all.
struct list_audit {
  std::string who = {};
  std::string action = {};
  std::string ns = {};
  std::string target = {};
  std::optional<timestamp> after = {};
  std::optional<timestamp> before = {};
  bool oldest_first = false;
  std::uint32_t limit = 100;
  std::uint64_t from = 0; ///< 0: its end.
};
struct verify_audit {
  std::uint64_t after = 0;
  std::uint64_t limit = 0; ///< Records.
};

} // namespace pawl::actors
