#!/usr/bin/env python3
"""What an operator does to instances, over HTTP and with `pawl`, against a real
daemon that dies in between."""

import json
import pathlib
import shutil
import signal
import tempfile
import time

from cases import Suite, in_seconds

import harness
import stub
from harness import same, wait_until

FLOWS = {
    "naps": "do: [{nap: {wait: PT1H}}, {after: {set: {done: true}}}]",
    "blinks": "do: [{nap: {wait: PT1.5S}}, {after: {set: {done: true}}}]",
    "hears": """
do:
  - hear:
      listen: {to: {one: {with: {type: com.example.answer}}}}
      output: {as: '${ .[0] }', schema: {document: {type: object}}}
  - after: {set: '${ . + {done: true} }'}
""",
    "asks": """
do:
  - before: {set: '${ {n: ((.n // 0) + 1)} }'}
  - ask:
      call: http
      with: {method: get, endpoint: 'http://svc.test/'}
      output: {schema: {document: {type: object}}}
  - after: {set: '${ . + {done: true} }'}
""",
    "guards": """
do:
  - guard:
      try: [{hear: {listen: {to: {one: {with: {type: com.example.never}}}}}}]
      catch: {as: e, do: [{say: {set: '${ {status: $e.status, title: $e.title} }'}}]}
""",
    "leads": "do: [{lead: {run: {workflow: {namespace: tests, name: naps, "
             "version: '1.0.0'}}}}]",
    "forks": "do: [{both: {fork: {branches: [{a: {wait: PT1H}}, "
             "{b: {wait: PT1H}}]}}}]",
}


class Control(Suite):
    flows = FLOWS
    calls = True

    def faulted(self):
        self.services.service = lambda _: stub.answer(500, None)
        name = self.start("asks")
        self.daemon.becomes(name, "faulted")
        return name

    def explained(self, name):
        why = self.explain(name)
        return (why["canProceed"], [each["kind"] for each in why["blockedBy"]],
                [each["kind"] for each in why["waitsFor"]])

    # --- Pauses --------------------------------------------------------------

    def a_child_freezes_with_its_parent(self):
        name = self.start("leads")

        def child():
            found = self.daemon.must("GET", "/v1/instances?workflow=naps")
            return next((each["id"] for each in found["items"] if self.daemon
                         .instance(each["id"]).get("parent") == name), None)
        made = wait_until(child, "there is a child")
        for timers in ("freeze", "run"):
            self.daemon.act(name, "pause", {"timers": timers})
            paused = self.daemon.becomes(made, "suspended")
            same((paused["pause"]["timers"], paused["reason"]),
                 (timers, "paused with its parent"), "the child's pause")
            self.daemon.becomes(name, "suspended")
            self.daemon.act(name, "resume")
            self.daemon.becomes(made, "waiting")

    def how_long_it_takes_is_known_after_a_kill(self):
        first = self.start("hears")
        self.daemon.becomes(first, "waiting")
        self.daemon.must("POST", f"/v1/instances/{first}/events", {
            "specversion": "1.0", "id": "1", "source": "/t", "data": {},
            "type": "com.example.answer"},
            {"Content-Type": "application/cloudevents+json"})
        self.daemon.becomes(first, "completed")
        self.restart()
        name = self.start("hears")
        # The histories are read while the daemon does its work.
        told = wait_until(lambda: self.daemon.instance(name)["progress"][
            "estimatedEnd"], "an end is foreseen")
        same(told > self.daemon.instance(name)["startedAt"], True, told)
        self.daemon.act(name, "cancel")

    def a_frozen_wait_keeps_what_is_left(self):
        name = self.start("blinks")
        self.daemon.act(name, "pause", {"timers": "freeze"})
        until = self.daemon.instance(name)["current"][0]["waitingFor"]["until"]
        self.restart()
        while in_seconds(0) <= until:  # Nothing fires meanwhile.
            same(self.daemon.instance(name)["status"], "suspended", "status")
        begun = time.monotonic()
        self.daemon.act(name, "resume")
        same(self.daemon.instance(name)["status"], "waiting", "status")
        self.daemon.becomes(name, "completed")
        same(time.monotonic() - begun > 0.5, True, "it waited on")

    def a_pause_ends_by_itself_through_a_restart(self):
        name = self.start("blinks")
        self.daemon.act(name, "pause", {"until": in_seconds(3)})
        self.restart()
        shown = self.daemon.instance(name)
        same(shown["status"], "suspended", "status")
        same(shown["pause"]["timers"], "run", "timers")
        same(self.explained(name), (True, [], ["pause", "timer"]), "why")
        self.daemon.becomes(name, "completed")

    def a_bad_end_is_refused(self):
        name = self.start("naps")
        for body in ({"until": in_seconds(-5)}, {"until": "soon"},
                     {"timers": "stop"}):
            status, _ = self.daemon.ask("POST", f"/v1/instances/{name}/pause",
                                        body)
            same(status in (400, 422), True, f"{body}: {status}")
        same(self.daemon.instance(name)["status"], "waiting", "status")

    def it_begins_later_or_held(self):
        later = self.start("blinks", startAt=in_seconds(1.5))
        held = self.start("blinks", held=True)
        same(self.daemon.instance(later)["status"], "pending", "status")
        same(self.explained(later), (True, [], ["timer"]), "why")
        self.restart()
        same(self.daemon.instance(held)["status"], "suspended", "status")
        same(self.explained(held), (False, ["pause"], []), "why")
        self.daemon.act(held, "resume")
        self.daemon.becomes(held, "completed")
        self.daemon.becomes(later, "completed")

    # --- Repair --------------------------------------------------------------

    def a_faulted_task_is_skipped(self):
        name = self.faulted()
        self.restart()
        same(self.explained(name), (False, ["fault"], []), "why")
        status, no = self.daemon.ask("POST", f"/v1/instances/{name}/skip",
                                     {"output": "text"})
        same((status, no["code"]), (422, "invalid-input"), "refusal")
        shown = self.daemon.act(name, "skip", {
            "output": {"n": 7}, "reason": "the service is gone"})
        same(shown["output"], {"n": 7, "done": True}, "output")
        fact = [each for each in self.daemon.history(name)
                if each["type"] == "task.skipped"][0]
        same((fact["task"], fact["data"]["reason"], fact["data"]["output"]),
             ("/do/1/ask", "the service is gone", {"n": 7}), "the fact")

    def a_retry_goes_back_to_an_earlier_task(self):
        name = self.faulted()
        first = len(self.services.seen)
        self.services.service = lambda _: stub.answer(200, {"m": 1})
        self.restart()
        self.daemon.act(name, "retry", {"from": "/do/0/before"})
        ended = self.daemon.becomes(name, "completed")
        same(ended["output"], {"m": 1, "done": True}, "output")
        begun = [each["data"].get("input") for each in self.daemon.history(name)
                 if each["type"] == "task.completed"
                 and each["task"] == "/do/0/before"]
        same(len(begun), 2, "it ran twice")
        keys = {call.headers["idempotency-key"]
                for call in self.services.seen[first - 1:]}
        same(len(keys), 2, "another visit, another key")

    def a_retry_from_what_has_not_run_is_refused(self):
        name = self.faulted()
        for task in ("/do/2/after", "/do/9/no"):
            status, no = self.daemon.ask(
                "POST", f"/v1/instances/{name}/retry", {"from": task})
            same((status in (400, 422), no["code"]), (True, "invalid-request"),
                 task)
        same(self.daemon.instance(name)["status"], "faulted", "status")

    def what_waits_is_completed_by_hand(self):
        name = self.start("hears")
        self.daemon.becomes(name, "waiting")
        same(self.explained(name), (False, ["event"], []), "why")
        self.restart()
        shown = self.daemon.act(name, "complete", {"output": [{"ok": 1}]})
        same(shown["output"], {"ok": 1, "done": True}, "output")
        status, no = self.daemon.ask("POST", f"/v1/instances/{name}/complete",
                                     {"output": []})
        same((status, no["from"]), (409, "completed"), "again")

    def what_waits_fails_by_hand_and_is_caught(self):
        name = self.start("guards")
        self.daemon.becomes(name, "waiting")
        shown = self.daemon.act(name, "fail", {"error": {
            "type": "https://example.com/late", "title": "Late",
            "status": 408}})
        same(shown["output"], {"status": 408, "title": "Late"}, "output")

    def one_of_several_must_be_named(self):
        name = self.start("forks")
        self.daemon.becomes(name, "waiting")
        status, no = self.daemon.ask("POST", f"/v1/instances/{name}/skip", {})
        same((status, len(no["tasks"])), (409, 2), "refusal")
        self.daemon.act(name, "skip", {"iteration": 2, "output": "b"})
        shown = self.daemon.act(name, "skip", {
            "task": "/do/0/both/fork/branches/0/a", "output": "a"})
        same(shown["output"], ["a", "b"], "output")

    def a_repeat_under_a_key_changes_nothing(self):
        name = self.start("hears")
        self.daemon.becomes(name, "waiting")
        answers = [self.daemon.must(
            "POST", f"/v1/instances/{name}/complete", {"output": [{"a": 1}]},
            {"Idempotency-Key": f"once-{name}"}) for _ in range(2)]
        same(answers[0], answers[1], "the answers")

    # --- With `pawl` ---------------------------------------------------------

    def the_client_has_it_all(self):
        name = self.cli("run", "tests/hears", "--held", "-o", "name").strip()
        same("pause" in self.cli("explain", name), True, "explain")
        self.cli("resume", name)
        same("com.example.answer" in self.cli("explain", name), True, "explain")
        self.cli("pause", name, "--freeze", "--until", in_seconds(60))
        self.cli("complete", name, "--output", '[{"b": 2}]', "--task",
                 "/do/0/hear", "--reason", "by phone")
        self.cli("resume", name)
        same(json.loads(self.cli("result", name, "--wait", "-o", "json")),
             {"b": 2, "done": True}, "result")
        later = self.cli("run", "tests/naps", "--start-at", in_seconds(3600),
                         "-o", "name").strip()
        same(self.daemon.instance(later)["status"], "pending", "status")
        self.cli("skip", later, code=4)
        self.cli("cancel", later)
        failed = self.faulted()
        self.services.service = lambda _: stub.answer(200, {"m": 1})
        self.cli("retry", failed, "--from", "/do/0/before")
        self.daemon.becomes(failed, "completed")
        other = self.cli("run", "tests/naps", "-o", "name").strip()
        self.cli("fail", other, "--error", '{"status": 418}')
        same(self.daemon.becomes(other, "faulted")["error"]["status"], 418,
             "error")
        self.cli("skip", other, "--output", '{"c": 3}')
        same(self.daemon.becomes(other, "completed")["output"], {"done": True},
             "output")


def a_reload_changes_when_starts_are_refused():
    if shutil.disk_usage("/").free > 2**40:
        return  # No limit that may be set is above that.
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "pawl.yaml"
        file.write_text("storage: {disk_low: 1MiB, disk_critical: 0}\n")
        with harness.Daemon(["--config", file]) as daemon:
            made = daemon.define("document: {dsl: '1.0.3', namespace: tests, "
                                 "name: t, version: '1.0.0'}\n"
                                 "do: [{x: {set: {a: 1}}}]\n")
            daemon.start_instance(made)
            for limit, works in (("1024GiB", False), ("1MiB", True)):
                file.write_text(f"storage: {{disk_low: {limit}, disk_critical: 0}}\n")
                daemon.process.send_signal(signal.SIGHUP)

                def as_wished(works=works):
                    try:
                        daemon.start_instance(made)
                    except harness.Refused as why:
                        return why.status == 507 and not works
                    return works
                harness.wait_until(as_wished, f"disk_low is {limit}")


def main():
    Control.main("What an operator does",
                 [a_reload_changes_when_starts_are_refused])


if __name__ == "__main__":
    main()
