#!/usr/bin/env python3
"""Undoing and business states, over HTTP and with `pawl`, against a real daemon
that dies in between."""

import json

from cases import Suite

import stub
from harness import same

BOOK = """
  - {name}:
      call: http
      with: {{method: post, endpoint: 'http://svc.test/{name}'}}
      metadata:
        compensate:
          - undo:
              call: http
              with:
                method: delete
                endpoint: 'http://svc.test/{name}'
                body: '${{ .output }}'
"""
TRIP = "do:" + BOOK.format(name="flight") + BOOK.format(name="hotel") + """
  - pay: {call: http, with: {method: post, endpoint: 'http://svc.test/pay'}}
"""
STATES = """
    states:
      initial: draft
      terminal: [submitted]
      transitions:
        draft: [matched]
        matched: [draft, approved]
        approved: [submitted]
    events:
      matches.approved:
        route: approve-matches
        schema: {document: {type: object, required: [sections]}}
        when: '${ .sections > 0 }'
      handed.in: {route: hand-in}
"""
PROJECT = """
do:
  - match: {set: {found: 3}, metadata: {state: {done: matched}}}
  - approve:
      listen: {to: {one: {with: {type: matches.approved}}}}
      metadata: {state: {done: approved}}
  - submit:
      listen: {to: {one: {with: {type: handed.in}}}}
      metadata: {state: {done: submitted}}
"""
FLOWS = {
    "trip": ("", TRIP),
    "saga": ("\n    saga: true", TRIP),
    "patient": ("\n    onExhausted: suspend", TRIP),
    "project": (STATES.rstrip(), PROJECT),
}


class Undo(Suite):
    flows = {name: f"document:\n  dsl: '1.0.3'\n  namespace: tests\n"
                   f"  name: {name}\n  version: '1.0.0'\n  metadata:\n"
                   f"    test: true{metadata}\n{flow.strip()}\n"
             for name, (metadata, flow) in FLOWS.items()}
    calls = True

    def __init__(self, daemon, services):
        super().__init__(daemon, services)
        self.broken = {("POST", "/pay")}
        services.service = self.serve

    def serve(self, call):
        if (call.method, call.path) in self.broken:
            return stub.answer(500, None)
        return stub.answer(200, {"id": call.path})

    def start(self, name, value=None, **more):
        self.broken = {("POST", "/pay")}
        self.services.seen.clear()
        return super().start(name, value, **more)

    def seen(self):
        return [f"{c.method} {c.path}" for c in self.services.seen]

    # --- Rollbacks -----------------------------------------------------------

    def a_rollback_undoes_in_reverse(self):
        name = self.start("trip")
        self.daemon.becomes(name, "faulted")
        self.restart()
        self.broken = set()
        plan = self.daemon.act(name, "rollback",
                               {"to": "/do/0/flight", "dryRun": True})
        same([each["type"] for each in plan["plan"]][-1], "task.started", "plan")
        same(self.daemon.instance(name)["status"], "faulted", "status")
        same("rollback" in [a["name"] for a in
                            self.daemon.instance(name)["allowedActions"]],
             True, "it is allowed")
        self.daemon.act(name, "rollback", {"to": "/do/0/flight"})
        self.daemon.becomes(name, "completed")
        same(self.seen(), ["POST /flight", "POST /hotel", "POST /pay",
                           "DELETE /hotel", "DELETE /flight",
                           "POST /flight", "POST /hotel", "POST /pay"], "calls")
        undone = [c for c in self.services.seen if c.method == "DELETE"]
        same(undone[0].json(), {"id": "/hotel"}, "what the compensation sees")

    def only_what_came_later_is_undone(self):
        name = self.start("trip")
        self.daemon.becomes(name, "faulted")
        self.broken = set()
        self.cli("rollback", name, "--to", "/do/1/hotel", "--reason", "wrong")
        self.daemon.becomes(name, "completed")
        same(self.seen()[3:], ["DELETE /hotel", "POST /hotel", "POST /pay"],
             "calls")
        fact = [each for each in self.daemon.history(name)
                if each["type"] == "rollback.started"][0]
        same(fact["data"]["reason"], "wrong", "reason")

    def a_crash_in_the_middle_of_a_rollback(self):
        name = self.start("trip")
        self.daemon.becomes(name, "faulted")
        self.broken = {("DELETE", "/flight")}
        self.daemon.act(name, "rollback", {"to": "/do/0/flight"})
        self.daemon.becomes(name, "suspended")
        self.restart()
        shown = self.daemon.instance(name)
        same(shown["reason"].startswith("the compensation of '/do/0/flight'"),
             True, shown["reason"])
        why = self.explain(name)
        same([each["kind"] for each in why["blockedBy"]], ["pause", "approval"],
             "why")
        self.broken = set()
        self.daemon.act(name, "resume")
        self.daemon.becomes(name, "completed")
        keys = [c.headers["idempotency-key"] for c in self.services.seen
                if (c.method, c.path) == ("DELETE", "/flight")]
        same(len(set(keys)), 1, "one key for all attempts")

    def a_rollback_must_fit(self):
        name = self.start("trip")
        self.daemon.becomes(name, "faulted")
        for body in ({}, {"to": "/do/9/no"}, {"to": 1}):
            status, _ = self.daemon.ask(
                "POST", f"/v1/instances/{name}/rollback", body)
            same(status in (400, 422), True, f"{body}: {status}")
        self.daemon.act(name, "cancel")
        status, no = self.daemon.ask(
            "POST", f"/v1/instances/{name}/rollback", {"to": "/do/0/flight"})
        same((status, no["from"]), (409, "cancelled"), "refusal")

    def a_saga_undoes_before_it_ends(self):
        name = self.start("saga")
        self.daemon.becomes(name, "faulted")
        same(self.seen()[3:], ["DELETE /hotel", "DELETE /flight"], "calls")

    def exhausted_retries_wait_for_an_operator(self):
        name = self.start("patient")
        self.daemon.becomes(name, "suspended")
        self.restart()
        same(self.daemon.instance(name)["current"][0]["status"], "faulted",
             "the task")
        self.broken = set()
        self.daemon.act(name, "resume")
        self.daemon.becomes(name, "completed")

    def an_instance_is_started_anew(self):
        name = self.start("trip", labels={"a": "1"})
        self.daemon.becomes(name, "faulted")
        self.broken = set()
        status, made = self.daemon.ask(
            "POST", f"/v1/instances/{name}/restart",
            {"input": {"x": 1}, "labels": {"b": "2"}},
            {"Idempotency-Key": f"again-{name}"})
        same((status, made["input"], made["labels"]),
             (201, {"x": 1}, {"a": "1", "b": "2"}), "the new one")
        _, again = self.daemon.ask(
            "POST", f"/v1/instances/{name}/restart",
            {"input": {"x": 1}, "labels": {"b": "2"}},
            {"Idempotency-Key": f"again-{name}"})
        same(again["id"], made["id"], "a repeat")
        other = self.cli("restart", name, "-o", "name").strip()
        self.daemon.becomes(other, "completed")
        same(self.daemon.instance(name)["status"], "faulted", "the old one")

    # --- Business states -----------------------------------------------------

    def events_move_the_state_or_are_refused(self):
        name = self.start("project")
        self.daemon.becomes(name, "waiting")
        same(self.daemon.instance(name)["state"], "matched", "state")
        path = f"/v1/instances/{name}"
        status, no = self.daemon.ask("POST", f"{path}/hand-in", {})
        same((status, no["code"], no["from"], no["to"], no["allowed"]),
             (409, "invalid-transition", "matched", "submitted",
              ["draft", "approved"]), "refusal")
        status, no = self.daemon.ask("POST", f"{path}/approve-matches", {})
        same((status, no["code"]), (422, "invalid-input"), "the data")
        status, no = self.daemon.ask("POST", f"{path}/approve-matches",
                                     {"sections": 0})
        same((status, no["code"]), (409, "invalid-state"), "the guard")
        before = self.daemon.instance(name)["sequence"]
        self.restart()
        same(self.daemon.instance(name)["sequence"], before, "nothing is written")
        self.daemon.must("POST", f"{path}/approve-matches", {"sections": 2})
        same(self.daemon.instance(name)["state"], "approved", "state")
        listed = self.daemon.must("GET", "/v1/instances?state=approved")
        same([each["id"] for each in listed["items"]], [name], "the list")
        same(json.loads(self.cli("ls", "--state", "matched", "-o",
                                 "json"))["items"], [], "pawl ls")
        self.daemon.must("POST", f"{path}/hand-in", {})
        same(self.daemon.becomes(name, "completed")["state"], "submitted",
             "state")
        status, _ = self.daemon.ask("POST", f"{path}/hand-over", {})
        same(status, 404, "an unknown path")


def main():
    Undo.main("What an operator undoes")


if __name__ == "__main__":
    main()
