#!/usr/bin/env python3
"""What holds keep, over HTTP and with `pawl`, against a real daemon that dies
in between."""

from cases import Suite, in_seconds, next_millisecond

import stub
from harness import same, wait_until

FLOWS = {
    "naps": "do: [{nap: {wait: PT0.3S}}, {after: {set: {done: true}}}]",
    "hears": """
do:
  - hear: {listen: {to: {one: {with: {type: com.example.go}}}}}
  - after: {set: {done: true}}
""",
    "calls": """
do:
  - before: {set: {n: 1}}
  - ask: {call: http, with: {method: get, endpoint: 'http://one.test/'}}
  - then: {call: http, with: {method: get, endpoint: 'http://two.test/'}}
  - after: {set: {done: true}}
""",
    "jobs": """
do:
  - job: {call: worker, with: {queue: review, input: {a: 1}}}
  - after: {set: {done: true}}
""",
}


class Holds(Suite):
    flows = FLOWS
    calls = True

    def __init__(self, daemon, services):
        super().__init__(daemon, services)
        services.service = lambda _: stub.answer(200, {"ok": True})

    def place(self, reason="why not", until=None, **selector):
        body = {"selector": selector, "reason": reason}
        if until:
            body["until"] = until
        return self.daemon.must("POST", "/v1/holds", body)["id"]

    def release(self, hold):
        status, _ = self.daemon.ask("DELETE", f"/v1/holds/{hold}")
        same(status, 204, "release")
        same(self.daemon.ask("DELETE", f"/v1/holds/{hold}")[0], 404, "again")

    def is_kept(self, name, hold, task=None):
        """Waits until the explanation names the hold."""
        def look():
            return [each for each in self.explain(name)["blockedBy"]
                    if each["kind"] == "hold" and each["id"] == hold
                    and (task is None or each.get("task") == task)]
        return wait_until(look, f"{hold} keeps {name}")[0]

    def asked_of(self, host):
        return [each for each in self.services.seen if each.host == host]

    def holding(self, hold):
        return self.daemon.must("GET", f"/v1/holds/{hold}")["holding"]

    # --- Whole instances -------------------------------------------------------

    def a_new_instance_stays_pending_through_kill_and_release(self):
        hold = self.place(workflow="tests/naps", reason="wrong prices")
        name = self.start("naps")
        other = self.start("hears")
        same(self.daemon.instance(name)["status"], "pending", "status")
        self.restart()
        why = self.is_kept(name, hold)
        same((why["reason"], why["movedBy"][0]["href"]),
             ("wrong prices", f"/v1/holds/{hold}"), "why")
        same(self.explain(name)["canProceed"], False, "can proceed")
        shown = self.daemon.instance(name)
        same((shown["status"], shown["holds"][0]["id"]), ("pending", hold),
             "shown")
        same(self.daemon.instance(other)["status"], "waiting", "another")
        self.release(hold)
        self.daemon.becomes(name, "completed")

    def a_timer_that_is_due_fires_at_the_release(self):
        name = self.start("naps")
        hold = self.place(namespace="tests")
        wait_until(lambda: self.holding(hold) >= 1, "its timer was due")
        same(self.daemon.instance(name)["status"], "waiting", "status")
        self.restart()
        wait_until(lambda: self.holding(hold) >= 1, "its timer was due again")
        same(self.daemon.instance(name)["status"], "waiting", "status")
        self.release(hold)
        self.daemon.becomes(name, "completed")

    def events_are_kept_and_verbs_are_granted(self):
        name, ended = self.start("hears"), self.start("hears")
        hold = self.place(workflow="hears", version="1.0.0", namespace="tests")
        self.daemon.must("POST", f"/v1/instances/{name}/events", {
            "specversion": "1.0", "type": "com.example.go", "source": "/t",
            "id": "1"}, {"Content-Type": "application/cloudevents+json"})
        same(self.daemon.instance(name)["status"], "waiting", "status")
        same(self.daemon.act(name, "pause")["status"], "suspended", "paused")
        self.daemon.act(name, "resume")
        same(self.daemon.act(ended, "cancel")["status"], "cancelled", "ended")
        self.restart()
        same(self.daemon.instance(name)["status"], "waiting", "status")
        self.release(hold)
        self.daemon.becomes(name, "completed")

    def what_is_out_is_finished_and_nothing_follows(self):
        self.services.seen.clear()
        self.services.service = lambda r: stub.answer(
            200, {"host": r.host}, delay=0.5 if r.host == "one.test" else 0)
        name = self.start("calls")
        wait_until(lambda: self.asked_of("one.test"), "it has called")
        hold = self.place(workflow="tests/calls")
        shown = self.daemon.becomes(name, "waiting")
        same(shown["progress"]["completed"], 2, "tasks")
        same([each["waitingFor"]["kind"] for each in shown["current"]],
             ["hold"], "it waits for")
        same(shown["current"][0]["task"], "/do/2/then", "next")
        self.restart()
        self.is_kept(name, hold)
        same(self.asked_of("two.test"), [], "calls")
        self.release(hold)
        self.daemon.becomes(name, "completed")

    # --- Parts of them ---------------------------------------------------------

    def a_task_is_not_begun(self):
        self.services.seen.clear()
        self.services.service = lambda _: stub.answer(200, {})
        hold = self.place(workflow="tests/calls", task="then")
        name = self.start("calls")
        self.is_kept(name, hold, "/do/2/then")
        self.restart()
        self.is_kept(name, hold, "/do/2/then")
        same((len(self.asked_of("one.test")), len(self.asked_of("two.test"))),
             (1, 0), "calls")
        self.release(hold)
        self.daemon.becomes(name, "completed")
        same(len(self.asked_of("two.test")), 1, "calls")

    def a_host_is_not_called(self):
        self.services.seen.clear()
        hold = self.place(host="two.test", reason="it is down")
        name, paused = self.start("calls"), self.start("calls")
        for each in (name, paused):
            why = self.is_kept(each, hold, "/do/2/then")
            same(why["selector"], {"host": "two.test"}, "selector")
        shown = self.daemon.instance(name)
        same((shown["status"], shown["current"][0]["waitingFor"]["id"]),
             ("waiting", hold), "shown")
        same(self.holding(hold), 2, "holding")
        self.daemon.act(paused, "pause")
        self.daemon.becomes(paused, "suspended")  # It does not wait for it.
        self.restart()
        self.is_kept(name, hold, "/do/2/then")
        same(self.asked_of("two.test"), [], "calls")
        self.release(hold)
        self.daemon.becomes(name, "completed")
        same(self.daemon.instance(paused)["status"], "suspended", "paused")
        self.daemon.act(paused, "resume")
        self.daemon.becomes(paused, "completed")

    def jobs_of_a_queue_are_not_given_away(self):
        hold = self.place(queue="review")
        name = self.start("jobs")
        ask = {"worker": {"id": "w"}, "max": 1}
        path = "/v1/queues/review/leases"
        same(self.daemon.ask("POST", path, ask)[0], 204, "nothing to do")
        self.is_kept(name, hold)
        self.restart()
        same(self.daemon.ask("POST", path, ask)[0], 204, "nothing to do")
        self.release(hold)
        given = self.daemon.must("POST", path, {**ask, "wait": "PT10S"})
        token = given["leases"][0]["token"]
        self.daemon.must("POST", f"/v1/leases/{token}/complete",
                         {"output": {}})
        self.daemon.becomes(name, "completed")

    # --- The hold itself -------------------------------------------------------

    def it_ends_by_itself_also_while_the_daemon_is_down(self):
        self.place(workflow="tests/naps", until=in_seconds(1.5))
        name = self.start("naps")
        same(self.daemon.instance(name)["status"], "pending", "status")
        same(self.explain(name)["canProceed"], True, "it ends by itself")
        self.daemon.becomes(name, "completed")
        until = in_seconds(1)
        self.place(workflow="tests/naps", until=until)
        name = self.start("naps")
        self.daemon.kill()
        wait_until(lambda: in_seconds(0) > until, "its time is over")
        self.daemon.start()
        self.daemon.becomes(name, "completed")
        wait_until(lambda: not self.daemon.must("GET", "/v1/holds")["items"],
                   "no hold is left")

    def a_bad_one_is_refused(self):
        for body in ({}, {"selector": {}, "reason": "x"},
                     {"selector": {"task": "a"}, "reason": "x"},
                     {"selector": {"version": "1"}, "reason": "x"},
                     {"selector": {"queue": "q", "host": "h"}, "reason": "x"},
                     {"selector": {"host": "http://h/"}, "reason": "x"},
                     {"selector": {"workflow": "a/b", "namespace": "c"},
                      "reason": "x"},
                     {"selector": {"what": "x"}, "reason": "x"},
                     {"selector": {"queue": "q"}},
                     {"selector": {"queue": "q"}, "reason": "x",
                      "until": in_seconds(-1)}):
            status, no = self.daemon.ask("POST", "/v1/holds", body)
            same(status in (400, 422), True, f"{body}: {status} {no}")
        same(self.daemon.must("GET", "/v1/holds")["items"], [], "holds")

    def a_repeat_under_a_key_places_one(self):
        body = {"selector": {"queue": "q"}, "reason": "x"}
        first, second = (self.daemon.must("POST", "/v1/holds", body,
                                          {"Idempotency-Key": "k1"})
                         for _ in range(2))
        same(first, second, "answers")
        others = []
        for n in range(3):
            next_millisecond()
            others.append(self.place(queue=f"q{n}"))
        listed, cursor = [], ""
        while cursor is not None:
            page = self.daemon.must("GET", "/v1/holds?limit=1" + (
                f"&cursor={cursor}" if cursor else ""))
            listed += [each["id"] for each in page["items"]]
            cursor = page["nextCursor"]
        same(listed, [*reversed(others), first["id"]], "newest first")
        for each in listed:
            self.release(each)

    def it_is_audited_and_measured(self):
        hold = self.place(namespace="tests", reason="measured")
        status, text = self.daemon.ask("GET", "/metrics")
        same((status, "pawl_holds 1" in str(text)), (200, True), "metrics")
        self.daemon.must("DELETE", f"/v1/holds/{hold}?reason=seen")
        actions = [(each["action"], each["reason"]) for each in self.daemon
                   .must("GET", f"/v1/audit?target={hold}")["items"]]
        same(actions, [("releaseHold", "seen"), ("createHold", "measured")],
             "audit")

    # --- With `pawl` -----------------------------------------------------------

    def the_client_has_it_all(self):
        self.cli("hold", "create", "--workflow", "tests/naps", "--until", "2h",
                 "--reason", "by hand")
        hold = self.cli("hold", "ls", "-o", "name").strip()
        name = self.start("naps")
        said = self.cli("explain", name)
        same(f"pawl hold release {hold}" in said, True, said)
        same("workflow=naps" in self.cli("hold", "ls"), True, "list")
        self.cli("hold", "create", "--workflow", "x", code=2)
        self.cli("hold", "release", hold[:20])
        self.cli("hold", "release", hold, code=3)
        self.daemon.becomes(name, "completed")


def main():
    Holds.main("What holds keep")


if __name__ == "__main__":
    main()
