#!/usr/bin/env python3
"""What runs once more beside the flow, what tasks use, flags, caches and traces,
over HTTP and with `pawl`, against a real daemon that dies in between."""

import json

from cases import Suite

import harness
import stub
from harness import same

FLOWS = {
    "memoir": """
document:
  dsl: '1.0.3'
  namespace: tests
  name: memoir
  version: '1.0.0'
  metadata:
    states:
      initial: draft
      terminal: [written]
      transitions: {draft: [writing], writing: [written]}
do:
  - write:
      for: {each: section, in: '${ .sections }'}
      metadata: {concurrency: 2, state: {enter: writing, done: written}}
      do:
        - ask:
            call: http
            with:
              method: post
              endpoint: 'http://svc.test/'
              body: {of: '${ $section }', hint: '${ .hint }'}
            output: {as: '${ .text }'}
      export: {as: '${ $context + {written: .} }'}
  - review: {listen: {to: {one: {with: {type: com.example.reviewed}}}}}
  - show: {set: '${ $context.written }'}
""",
    "meter": """
document:
  dsl: '1.0.3'
  namespace: tests
  name: meter
  version: '1.0.0'
  metadata: {budget: {tokens: 100}}
do:
  - ask:
      call: http
      with: {method: get, endpoint: 'http://svc.test/'}
      metadata: {usage: '${ .usage }'}
  - nap: {wait: PT1H}
""",
    "flagged": """
document: {dsl: '1.0.3', namespace: tests, name: flagged, version: '1.0.0'}
do:
  - say: {set: {color: '${ $runtime.metadata.flags.color // "none" }'}}
""",
    "cached": """
document: {dsl: '1.0.3', namespace: tests, name: cached, version: '1.0.0'}
do:
  - ask:
      call: http
      with: {method: get, endpoint: 'http://svc.test/', query: {who: '${ .who }'}}
      metadata: {cache: {key: '${ .who }', ttl: PT1H}}
""",
}


class Redo(Suite):
    flows = FLOWS
    calls = True

    def writes(self, text):
        self.services.service = lambda asked: stub.answer(
            200, {"text": f"{text} {asked.json()['of']}"})

    def written(self):
        self.writes("old")
        name = self.start("memoir", {"sections": ["a", "b", "c"],
                                     "hint": "none"})
        self.daemon.becomes(name, "waiting")
        return name

    def shows(self, name, *sections):
        harness.wait_until(
            lambda: self.daemon.instance(name)["context"].get("written")
            == list(sections), f"the sections {sections}")

    # --- Redo ----------------------------------------------------------------

    def an_item_is_redone_beside_the_flow(self):
        name = self.written()
        self.writes("new")
        path = f"/v1/instances/{name}"
        plan = self.daemon.must("POST", f"{path}/redo", {
            "task": "/do/0/write", "iteration": 2, "dryRun": True})
        same(plan["plan"][0]["type"], "redo.started", "the plan")
        before = self.daemon.instance(name)
        self.daemon.must("POST", f"{path}/redo", {
            "task": "/do/0/write", "iteration": 2, "reason": "too long",
            "input": {"hint": "shorter"}})
        self.shows(name, "old a", "new b", "old c")
        same(self.services.seen[-1].json(), {"of": "b", "hint": "shorter"},
             "the call")
        shown = self.daemon.instance(name)
        same((shown["state"], shown["status"], shown["current"]),
             (before["state"], before["status"], before["current"]),
             "the flow stands")
        runs = self.daemon.must(
            "GET", f"{path}/tasks?task=/do/0/write/do/0/ask&iteration=2")
        same([(run["attempt"], run["output"], run["redo"])
              for run in runs["items"]],
             [(2, "new b", True), (1, "old b", False)], "all its runs")
        old = self.daemon.must(
            "GET", f"{path}/tasks?task=/do/0/write/do/0/ask&iteration=2"
                   "&attempt=1")["items"]
        same([run["output"] for run in old], ["old b"], "the old version")
        self.daemon.must(
            "POST", f"{path}/events",
            {"specversion": "1.0", "type": "com.example.reviewed",
             "source": "/t", "id": "1"},
            {"Content-Type": "application/cloudevents+json"})
        same(self.daemon.becomes(name, "completed")["output"],
             ["old a", "new b", "old c"], "output")

    def a_redo_goes_on_after_a_crash(self):
        name = self.written()
        self.services.service = lambda _: stub.answer(200, {"text": "late"},
                                                      delay=1)
        self.daemon.must("POST", f"/v1/instances/{name}/redo", {
            "task": "/do/0/write", "iteration": 1})
        self.restart()
        self.shows(name, "late", "old b", "old c")
        facts = [each["type"] for each in self.daemon.history(name)]
        same((facts.count("redo.started"), facts.count("redo.completed")),
             (1, 1), "once")

    def a_redo_that_fails_leaves_all_as_it_was(self):
        name = self.written()
        self.services.service = lambda _: stub.answer(500, None)
        self.cli("redo", name, "--task", "/do/0/write", "--iteration", "3")
        harness.wait_until(
            lambda: "redo.faulted" in [each["type"] for each
                                       in self.daemon.history(name)],
            "its fault")
        same(self.daemon.instance(name)["context"]["written"],
             ["old a", "old b", "old c"], "context")
        same(self.daemon.instance(name)["status"], "waiting", "status")
        self.writes("new")
        self.cli("redo", name, "--task", "/do/0/write", "--iteration", "3",
                 "--reason", "again")
        self.shows(name, "old a", "old b", "new c")
        rows = json.loads(self.cli("tasks", name, "--task",
                                   "/do/0/write/do/0/ask", "--iteration", "3",
                                   "-o", "json"))["items"]
        same([run["status"] for run in rows],
             ["completed", "faulted", "completed"], "pawl tasks")

    def what_cannot_be_redone_says_so(self):
        name = self.written()
        for body, want in (
                ({"task": "/do/2/show"}, "has not run through"),
                ({"task": "/do/9/none"}, "has no task"),
                ({"task": "/do/0/write", "iteration": 9}, "iteration 9")):
            status, no = self.daemon.ask(
                "POST", f"/v1/instances/{name}/redo", body)
            same((status, want in no["detail"]), (422, True), no)
        self.daemon.act(name, "pause")
        status, no = self.daemon.ask("POST", f"/v1/instances/{name}/redo",
                                     {"task": "/do/0/write"})
        same((status, no["code"], no["from"]),
             (409, "invalid-state", "suspended"), "paused")

    # --- Usage, flags, caches ------------------------------------------------

    def a_budget_suspends(self):
        self.services.service = lambda _: stub.answer(
            200, {"usage": {"tokens": 120, "cost": 0.25}})
        name = self.start("meter")
        shown = self.daemon.becomes(name, "suspended")
        same(shown["usage"]["total"], {"tokens": 120, "cost": 0.25}, "usage")
        same("budget of 'tokens'" in shown["reason"], True, shown["reason"])
        self.restart()
        self.daemon.act(name, "resume")
        same(self.daemon.becomes(name, "waiting")["usage"]["tasks"],
             {"/do/0/ask": {"tokens": 120, "cost": 0.25}}, "of the task")

    def flags_are_read_and_journaled(self):
        self.cli("flag", "set", "color", "red")
        self.cli("-n", "tests", "flag", "set", "color", '"blue"')
        self.restart()
        name = self.start("flagged")
        same(self.daemon.becomes(name, "completed")["output"],
             {"color": "blue"}, "the namespace's own")
        seen = [each["data"]["flags"] for each in self.daemon.history(name)
                if each["type"] == "flags.seen"]
        same(seen, [{"color": "blue"}], "the journal")
        self.cli("-n", "tests", "flag", "rm", "color")
        same(self.daemon.becomes(self.start("flagged"), "completed")["output"],
             {"color": "red"}, "the daemon's")
        listed = json.loads(self.cli("flag", "ls", "-o", "json"))["items"]
        same([(one["name"], one["namespace"], one["value"])
              for one in listed], [("color", None, "red")], "the list")
        status, no = self.daemon.ask("PUT", "/v1/flags/x", {"valu": 1})
        same((status, [each["pointer"] for each in no["errors"]]),
             (422, ["/value", "/valu"]), "a bad one")
        self.cli("flag", "rm", "color")

    def an_answer_is_taken_from_the_cache(self):
        calls = []

        def count(asked):
            calls.append(asked.path)
            return stub.answer(200, {"n": len(calls)})
        self.services.service = count
        first = self.daemon.becomes(self.start("cached", {"who": "ann"}),
                                    "completed")["output"]
        self.restart()
        again = self.daemon.becomes(self.start("cached", {"who": "ann"}),
                                    "completed")["output"]
        other = self.daemon.becomes(self.start("cached", {"who": "bob"}),
                                    "completed")["output"]
        same((first, again, other, len(calls)),
             ({"n": 1}, {"n": 1}, {"n": 2}, 2), "calls")

    def a_fault_is_not_cached(self):
        answers = [stub.answer(500, None), stub.answer(200, {"fine": True})]
        self.services.service = lambda _: answers.pop(0)
        name = self.start("cached", {"who": "eve"})
        self.daemon.becomes(name, "faulted")
        self.daemon.act(name, "retry")
        same(self.daemon.becomes(name, "completed")["output"], {"fine": True},
             "output")

    # --- Traces -------------------------------------------------------------

    def a_trace_leads_through(self):
        self.writes("old")
        trace = "0af7651916cd43dd8448eb211c80319c"
        name = self.start(
            "memoir", {"sections": ["a"], "hint": ""},
            headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        self.daemon.becomes(name, "waiting")
        sent = self.services.seen[-1].headers["traceparent"]
        same((sent[:36], sent[-2:], "b7ad6b7169203331" in sent),
             (f"00-{trace}-", "01", False), "what leaves")


def main():
    Redo.main("What runs beside the flow")


if __name__ == "__main__":
    main()
