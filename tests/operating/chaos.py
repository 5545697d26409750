#!/usr/bin/env python3
"""Injected faults, over HTTP and with `pawl`, against a real daemon that dies
in between."""

import json
import time

from cases import Suite, in_seconds

import stub
from harness import same, wait_until

FLOWS = {
    "calls": """
do:
  - ask: {call: http, with: {method: get, endpoint: 'http://one.test/a?b=1'}}
""",
    "retries": """
do:
  - careful:
      try:
        - ask: {call: http, with: {method: get, endpoint: 'http://two.test/'}}
      catch:
        retry: {delay: PT0.05S, limit: {attempt: {count: 5}}}
""",
    "jobs": "do: [{job: {call: worker, with: {queue: review, input: {}}}}]",
    "fragile": """
do:
  - ask:
      call: http
      with: {method: get, endpoint: 'http://three.test/'}
      metadata: {supervision: {maxRestarts: 2, within: PT1M, backoff: {initial: PT0.1S}}}
""",
}


class Chaos(Suite):
    flows = FLOWS
    calls = True

    def __init__(self, daemon, services):
        super().__init__(daemon, services)
        services.service = lambda _: stub.answer(200, {"ok": True})

    def inject(self, name, on, does, seconds=600, **more):
        return self.daemon.must("PUT", f"/v1/faults/{name}", {
            "on": on, "do": does, "until": in_seconds(seconds),
            "reason": "a drill", **more})

    def remove(self, name):
        same(self.daemon.ask("DELETE", f"/v1/faults/{name}")[0], 204, name)

    def read(self, name):
        return self.daemon.must("GET", f"/v1/faults/{name}")

    def asked_of(self, host):
        return len([each for each in self.services.seen if each.host == host])

    def fails_with(self, flow, status):
        now = self.daemon.becomes(self.start(flow), "faulted")
        error = now["error"]
        same(error["status"], status, "status")
        same("injected fault 'drill': a drill" in error["detail"], True,
             error["detail"])
        return error

    def a_host_answers_with_a_status_and_only_so_often(self):
        self.inject("drill", {"host": "one.test"},
                    {"status": 503, "body": "gone fishing"}, times=2)
        error = self.fails_with("calls", 503)
        same("gone fishing" in error["detail"], True, error["detail"])
        self.restart()
        self.fails_with("calls", 503)
        same(self.asked_of("one.test"), 0, "calls")
        self.daemon.becomes(self.start("calls"), "completed")
        same((self.read("drill")["struck"], self.read("drill")["active"]),
             (2, False), "shown")
        self.remove("drill")

    def a_reset_is_retried_by_the_workflow(self):
        self.inject("drill", {"task": "ask", "workflow": "tests/retries"},
                    {"reset": True}, times=2)
        self.daemon.becomes(self.start("retries"), "completed")
        same(self.asked_of("two.test"), 1, "calls")
        self.remove("drill")

    def an_error_of_any_kind_and_nothing_else_is_struck(self):
        kind = "https://example.com/errors/out-of-stock"
        self.inject("drill", {"workflow": "calls"}, {"error": {
            "type": kind, "title": "Out of stock", "status": 422}})
        error = self.fails_with("calls", 422)
        same((error["type"], error["title"]), (kind, "Out of stock"), "error")
        self.daemon.becomes(self.start("retries"), "completed")
        self.remove("drill")
        self.daemon.becomes(self.start("calls"), "completed")

    def latency_comes_before_the_call_and_is_explained(self):
        self.inject("drill", {"host": "one.test"}, {"latency": "PT0.5S"})
        before = self.asked_of("one.test")
        begun = time.monotonic()
        name = self.start("calls")
        why = self.explain(name)
        same([each["name"] for each in why.get("injectedFaults", [])],
             ["drill"], "explained")
        self.daemon.becomes(name, "completed")
        same(time.monotonic() - begun >= 0.5, True, "it took its time")
        same(self.asked_of("one.test") - before, 1, "calls")
        gone = self.start("calls")
        self.inject("drill", {"host": "one.test"}, {"latency": "PT1H"})
        gone = self.start("calls")
        self.daemon.act(gone, "cancel")
        self.daemon.becomes(gone, "cancelled")
        self.remove("drill")

    def jobs_of_a_queue_never_reach_it(self):
        self.inject("drill", {"queue": "review"}, {"status": 500})
        self.fails_with("jobs", 500)
        self.remove("drill")

    def a_kill_shows_supervision(self):
        self.inject("drill", {"host": "three.test"}, {"kill": True}, times=2)
        self.daemon.becomes(self.start("fragile"), "completed")
        same(self.read("drill")["struck"], 2, "struck")
        self.inject("drill", {"host": "three.test"}, {"kill": True})
        now = self.daemon.becomes(self.start("fragile"), "faulted")
        same("injected fault 'drill'" in now["error"]["detail"], True,
             now["error"]["detail"])
        self.remove("drill")

    def it_ends_by_itself_and_is_measured(self):
        self.inject("drill", {"host": "one.test"}, {"reset": True}, seconds=1)
        status, text = self.daemon.ask("GET", "/metrics")
        same("pawl_injected_faults 1" in text, True, "metrics")
        wait_until(lambda: self.daemon.ask("GET", "/v1/faults/drill")[0] == 404,
                   "it is gone")
        self.daemon.becomes(self.start("calls"), "completed")
        actions = [each["action"] for each in self.daemon.must(
            "GET", "/v1/audit?target=drill")["items"]][:2]
        same(actions, ["expireFault", "putFault"], "audit")
        same("fault.injected" in self.daemon.log(), True, "log")

    def what_makes_no_sense_is_refused(self):
        good = {"on": {"host": "a"}, "do": {"kill": True}, "reason": "x",
                "until": in_seconds(60)}
        for bad in ({"on": {}}, {"do": {}}, {"do": {"kill": True,
                                                    "reset": True}},
                    {"do": {"status": 200}}, {"until": in_seconds(100_000)},
                    {"until": in_seconds(-1)}, {"reason": ""},
                    {"probability": 2}, {"times": 0}, {"colour": "red"}):
            status, no = self.daemon.ask("PUT", "/v1/faults/bad",
                                         {**good, **bad})
            same((status, bool(no["errors"])), (422, True), f"{bad}: {no}")
        same(self.daemon.must("GET", "/v1/faults")["items"], [], "faults")

    def the_client_has_it_all(self):
        self.cli("fault", "inject", "drill", "--host", "one.test", "--status",
                 "503", "--until", "30m", "--reason", "a drill", "--times", "5")
        same("host=one.test" in self.cli("fault", "ls"), True, "list")
        self.fails_with("calls", 503)
        shown = json.loads(self.cli("fault", "ls", "-o", "json"))["items"][0]
        same(shown["struck"], 1, "struck")
        self.cli("fault", "inject", "x", "--host", "a", "--until", "1h",
                 "--reason", "y", code=2)
        self.cli("fault", "rm", "drill")
        self.cli("fault", "rm", "drill", code=3)


def main():
    Chaos.main("Injected faults")


if __name__ == "__main__":
    main()
