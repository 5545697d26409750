#!/usr/bin/env python3
"""What /metrics and /v1/stats say of work that was done, and that
docs/operating/metrics.md names every metric, with its type and labels."""

import datetime
import re
import time

from cases import Suite

import stub
from harness import same, wait_until
from runbook_pages import page_of_metrics

FLOWS = {
    "hears": """
document:
  dsl: '1.0.3'
  namespace: shop
  name: hears
  version: '1.0.0'
  metadata:
    states: {initial: new, terminal: [done], transitions: {new: [done]}}
do:
  - hear:
      listen: {to: {one: {with: {type: go}}}}
      metadata: {state: {done: done}}
""",
    "calls": "do: [{t: {try: [{c: {call: http, with: {method: get, endpoint: "
             "'${ .url }'}}}], catch: {retry: {delay: {milliseconds: 10}, "
             "limit: {attempt: {count: 2}}}}}}]",
    "works": "do: [{w: {call: worker, with: {queue: q1}}}]",
    "asks": "do: [{ask: {call: approval, with: {title: Go?, approvers: "
            "{users: [ann]}, due: '${ .due }', onDue: reject}}}]",
    "sleeps": "do: [{s: {wait: {hours: 1}}}]",
    "backs-off": "do: [{t: {try: [{c: {call: http, with: {method: get, "
                 "endpoint: 'http://down.test/'}}}], catch: {retry: {delay: "
                 "{hours: 1}, limit: {attempt: {count: 2}}}}}}]",
    "nightly": "schedule: {cron: '0 3 * * *'}\ndo: [{x: {set: {a: 1}}}]",
}


def samples(text):
    """name -> {labels: value}, and name -> type."""
    values, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            types[name] = kind
        elif line and not line.startswith("#"):
            name, labels, value = re.fullmatch(
                r"([a-z_0-9]+)(\{.*\})? (\S+)", line).groups()
            pairs = tuple(sorted(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"',
                                            labels or "")))
            values.setdefault(name, {})[pairs] = float(value)
    return values, types


class Metrics(Suite):
    options = ["--set=metrics.census_every=100ms", "--set=metrics.hosts_max=3",
               "--set=tracing.endpoint=http://traces.test/v1/traces"]
    namespace = "shop"
    flows = FLOWS
    calls = True

    def __init__(self, daemon, services):
        super().__init__(daemon, services)
        services.service = lambda call: stub.answer(
            {"bad.test": 503, "down.test": 503, "wrong.test": 404}.get(
                call.host, 200), {})

    def now(self):
        return samples(self.daemon.ask("GET", "/metrics")[1])

    def value(self, name, **labels):
        return self.now()[0].get(name, {}).get(tuple(sorted(labels.items())))

    def becomes(self, wanted, name, **labels):
        wait_until(lambda: self.value(name, **labels) == wanted,
                   f"{name} {labels} is {wanted}, not "
                   f"{self.value(name, **labels)}")

    def stats(self, query="", **ask):
        return self.daemon.must("GET", "/v1/stats" + query, **ask)

    def of(self, name):
        found = self.stats(f"?namespace=shop&workflow={name}")["workflows"]
        same(len(found), 1, f"workflows of {name}")
        return found[0]

    # --- In this order -------------------------------------------------------

    def calls_are_counted_by_host_and_outcome(self):
        for host in ("good.test", "bad.test", "wrong.test"):
            self.start("calls", {"url": f"http://{host}/x?key=secret"}, wait=10)
        calls = "pawl_external_calls_total"
        same(self.value(calls, host="good.test", outcome="ok"), 1.0, "ok")
        same(self.value(calls, host="bad.test", outcome="5xx"), 3.0, "5xx")
        same(self.value(calls, host="wrong.test", outcome="4xx"), 3.0, "4xx")
        same("secret" in self.daemon.ask("GET", "/metrics")[1], False, "secret")
        self.start("calls", {"url": "http://fourth.test/"}, wait=10)
        same(self.value(calls, host="other", outcome="ok"), 1.0,
             "hosts are bounded")

    def tasks_are_counted_by_kind_and_error(self):
        of = "pawl_tasks_total"
        same(self.value(of, kind="http", status="completed"), 2.0, "completed")
        same(self.value(of, kind="http", status="faulted"), 6.0, "faulted")
        same(self.value(of, kind="try", status="retried"), 4.0, "retried")
        same(self.value("pawl_task_faults_total", type="communication"), 6.0,
             "type")
        same(self.value("pawl_task_seconds_count", kind="http"), 2.0, "seconds")
        ended = {"namespace": "shop", "workflow": "calls"}
        same(self.value("pawl_workflow_ended_total", status="faulted", **ended),
             2.0, "faulted")
        same(self.value("pawl_workflow_seconds_count", **ended), 2.0, "took")

    def what_is_waited_for_is_counted_through_a_crash(self):
        self.job = self.start("works")
        self.start("sleeps")
        self.start("backs-off")
        self.start("asks", {"due": "P1D"})
        paused = self.start("asks", {"due": "PT1S"})
        self.daemon.act(paused, "pause")
        self.heard = [self.start("hears") for _ in range(2)]
        wanted = {"timer": 1.0, "event": 2.0, "approval": 1.0, "worker": 1.0,
                  "retry": 1.0, "child": 0.0, "hold": 0.0}
        for _ in range(2):
            for kind, count in wanted.items():
                self.becomes(count, "pawl_waiting", kind=kind)
            self.becomes(6.0, "pawl_instances", status="waiting")
            self.becomes(1.0, "pawl_instances", status="suspended")
            self.becomes(2.0, "pawl_approvals_open")
            self.becomes(1.0, "pawl_approvals_overdue")
            self.becomes(1.0, "pawl_schedules", status="active")
            same(self.value("pawl_parked_instances") >= 1.0, True, "parked")
            self.restart()

    def a_hold_shows_in_what_is_waited_for(self):
        hold = self.daemon.must("POST", "/v1/holds", {
            "selector": {"workflow": "shop/nightly", "task": "x"},
            "reason": "test"})
        self.start("nightly")
        self.becomes(1.0, "pawl_held_instances")
        self.becomes(1.0, "pawl_waiting", kind="hold")
        self.daemon.must("DELETE", f"/v1/holds/{hold['id']}")
        self.becomes(0.0, "pawl_waiting", kind="hold")

    def events_are_counted_from_their_publication(self):
        before = time.time()
        self.daemon.publish({"type": "go"})
        for name in self.heard:
            self.daemon.becomes(name, "completed")
        same(self.value("pawl_events_published_total"), 1.0, "published")
        same(self.value("pawl_events_received_total"), 2.0, "received")
        same(self.value("pawl_events_consumed_total"), 2.0, "consumed")
        of = self.of("hears")
        same(of["events"], {"received": 2, "consumed": 2, "deliveryRate": 1.0},
             "of the workflow")
        same(self.stats()["events"]["published"], 1, "published")
        # They were entered in a former life of the daemon.
        [task] = of["tasks"]
        same(0 < task["duration"]["max"] < time.time() - before + 60, True,
             "duration")
        state = {each["state"]: each for each in of["states"]}
        same((state["new"]["dwell"]["count"], state["done"]["entered"]), (2, 2),
             "states")
        same(state["new"]["dwell"]["max"] > 0, True, "dwell")

    def a_job_of_a_worker_is_timed(self):
        [task] = self.daemon.instance(self.job)["current"]
        since = datetime.datetime.fromisoformat(task["since"].rstrip("Z")
                                                + "+00:00").timestamp()
        wait_until(lambda: time.time() - since > 0.3, "it has waited")
        lease = self.daemon.must("POST", "/v1/queues/q1/leases",
                                 {"worker": {"id": "w"}, "wait": "PT10S"})
        token = lease["leases"][0]["token"]
        self.daemon.must("POST", f"/v1/leases/{token}/complete", {"output": 1})
        of = self.of("works")
        same((of["completed"], of["completionRate"]), (1, 1.0), "workflow")
        same(of["tasks"][0]["kind"], "worker", "kind")
        same(of["tasks"][0]["duration"]["p50"] >= 0.3, True, "p50")

    def stats_tell_attempts_rates_and_bottlenecks(self):
        for host in ("good.test", "bad.test"):
            self.start("calls", {"url": f"http://{host}/"}, wait=10)
        of = self.of("calls")
        same((of["started"], of["completed"], of["faulted"],
              of["completionRate"]), (2, 1, 1, 0.5), "workflow")
        tasks = {each["task"]: each for each in of["tasks"]}
        inner = tasks["/do/0/t/try/0/c"]
        same((inner["entered"], inner["completed"], inner["faulted"],
              inner["errors"]), (4, 1, 3, {"communication": 3}), "call")
        same((inner["dwell"]["count"], inner["duration"]["count"]), (4, 1),
             "spreads")
        same(tasks["/do/0/t"]["retried"], 2, "retried")
        wait_until(lambda: any(each["task"] == "/do/0/ask"
                               and each["waitingNow"] == 1
                               for each in self.stats()["bottlenecks"]),
                   "the approval is a bottleneck")
        waiting = self.of("asks")["tasks"][0]["waiting"][0]
        same((waiting["kind"], waiting["count"]), ("approval", 1), "waiting")
        same(self.stats("?namespace=nobody")["workflows"], [], "namespace")

    def stats_are_shown_by_pawl(self):
        same("shop/calls" in self.cli("stats"), True, "workflows")
        same(" retried" in self.cli("stats", "shop/calls", "-o", "json"), False,
             "json")
        table = self.cli("stats", "shop/calls")
        same("RETRIED" in table and "http" in table, True, table)
        same("ask" in self.cli("stats", "--bottlenecks"), True, "tasks")
        same("new" in self.cli("stats", "shop/hears"), True, "states")

    def every_metric_stands_on_the_page_and_no_other(self):
        for name, body in (
                ("calls", {"rate": {"max": 5, "per": "PT1S"},
                           "concurrency": 2,
                           "quota": {"max": 10, "per": "P1D"}}),
                ("space", {"on": {"namespace": "shop"}, "live": 10_000,
                           "bytes": 1 << 40})):
            self.daemon.must("PUT", f"/v1/limits/{name}", body)
        self.daemon.must("PUT", "/v1/subscriptions/ops",
                         {"url": "http://ops.test/", "paused": True})
        wait_until(lambda: self.value("pawl_trace_spans_total",
                                      outcome="exported"), "spans have left")
        values, types = self.now()
        page = page_of_metrics()
        same(sorted(types), sorted(page), "metrics")
        for name, kind in types.items():
            shown = name + "_count" if kind == "histogram" else name
            labels = {tuple(k for k, _ in pairs)
                      for pairs in values.get(shown, {})}
            same(len(labels), 1, f"sets of labels of {name}")
            same((kind, sorted(next(iter(labels)))),
                 (page[name][0], page[name][1]), name)


def main():
    Metrics.main("Metrics and stats")


if __name__ == "__main__":
    main()
