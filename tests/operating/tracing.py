#!/usr/bin/env python3
"""Spans of a real daemon arrive at a collector as OTLP wants them and hang
together, over a crash too; what must not leave does not; and a collector that
is down, slow or in a bad mood is nobody else's trouble."""

import datetime
import json
import pathlib
import re
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))
sys.path.insert(0, str(HERE.parent / "support"))

import cases  # noqa: E402
import harness  # noqa: E402
import stub  # noqa: E402
from collector import Collector, attributes_of  # noqa: E402
from harness import same, wait_until  # noqa: E402

INTERNAL, SERVER, CLIENT, PRODUCER = 1, 2, 3, 4
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
QUEUE_MAX = 200
HEAD = "document: {dsl: '1.0.3', namespace: tests, name: %s, version: '1.0.0'%s}\n"
FLOWS = {
    "quick": ("", "do: [{only: {set: {a: 1}}}]"),
    "small": ("", "do: [{inner: {set: {b: 2}}}]"),
    "order": ("", """
do:
  - fetch: {call: http, with: {method: get, endpoint: 'http://shop.test/a'}}
  - work: {call: worker, with: {queue: traced, input: {a: 1}}}
  - sub: {run: {workflow: {namespace: tests, name: small, version: 1.0.0}}}
  - retried:
      try:
        - post: {call: http, with: {method: post, endpoint: 'http://flaky.test/'}}
      catch:
        errors: {with: {status: 503}}
        retry: {delay: PT0.05S, limit: {attempt: {count: 5}}}
"""),
    "calls": ("", "do: [{fetch: {call: http, with: {method: get, "
                  "endpoint: 'http://shop.test/own'}}}]"),
    "hides": (", metadata: {redact: [/input/card]}", """
use: {secrets: [shop-key]}
do:
  - pay:
      call: http
      with:
        method: post
        endpoint: '${ "http://shop.test/pay?key=" + $secrets["shop-key"] }'
        body: {card: '${ .card }'}
  - stop:
      raise:
        error:
          type: https://e.test/refused
          status: 422
          title: '${ "card " + $workflow.input.card + " is refused" }'
          detail: '${ "of " + $workflow.input.name }'
"""),
}


class Tracing:
    def __init__(self, daemon, services, collector):
        self.daemon, self.services = daemon, services
        self.collector = collector
        self.flaky = 0
        services.service = self.answer
        self.made = {name: daemon.define(HEAD % (name, more) + flow + "\n")
                     for name, (more, flow) in FLOWS.items()}

    def answer(self, request):
        if request.host == "flaky.test":
            self.flaky += 1
            return stub.answer(503 if self.flaky % 3 else 200, {})
        return stub.answer(200, {"bought": "a-rare-thing"})

    def start(self, name, value=None, traceparent=None, **more):
        made = self.made[name]
        body = {"workflow": {k: made[k] for k in ("namespace", "name",
                                                  "version")},
                "input": value or {}, **more}
        headers = {"traceparent": traceparent} if traceparent else {}

        def once():
            status, said = self.daemon.ask("POST", "/v1/instances", body,
                                           headers)
            if status == 429:  # A slow disk makes the daemon say: later.
                return None
            same(status, 201, said)
            return said["id"]
        return wait_until(once, "an instance is taken")

    def done(self, name, count):
        """Runs `count` instances to their end; their ids."""
        ids = [self.start(name) for _ in range(count)]
        for each in ids:
            self.daemon.becomes(each, "completed", "faulted")
        return ids

    def lease(self, queue="traced"):
        said = self.daemon.must("POST", f"/v1/queues/{queue}/leases", {
            "worker": {"id": "w"}, "wait": "PT20S"})
        return said["leases"][0]

    def complete(self, lease):
        self.daemon.must("POST", f"/v1/leases/{lease['token']}/complete",
                         {"output": {"said": "a-workers-word"}})

    def root(self, name):
        """The span of an instance, once it is there."""
        return wait_until(lambda: next(
            (each for each in self.collector.spans(instance=name)
             if "pawl.status" in attributes_of(each)), None),
            f"the span of {name}")

    def of(self, name):
        """name of a task -> its spans, of an instance whose span is there."""
        out = {}
        for each in self.collector.spans(instance=name):
            if "pawl.task" in attributes_of(each):
                out.setdefault(each["name"], []).append(each)
        return out

    def metric(self, name, outcome=None):
        label = f'{{outcome="{outcome}"}}' if outcome else ""
        text = self.daemon.ask("GET", "/metrics")[1]
        return int(re.search(rf"^pawl_trace_{name}{re.escape(label)} (\d+)$",
                             text, re.M)[1])

    def counts(self):
        return {each: self.metric("spans_total", each)
                for each in ("exported", "dropped", "rejected")}

    def settled(self):
        wait_until(lambda: self.metric("spans_waiting") == 0, "all has left",
                   patience=60)
        return self.counts()

    def grown(self, before):
        now = self.counts()
        return {each: now[each] - before[each] for each in now
                if now[each] != before[each]}

    def sent(self, host):
        """What a service was sent as `traceparent`, each as (trace, span,
        flags)."""
        with self.services.lock:
            return [tuple(each.headers["traceparent"].split("-")[1:])
                    for each in self.services.seen if each.host == host]

    # --- What arrives ----------------------------------------------------------

    def spans_of_a_workflow_arrive_and_hang_together(self):
        name = self.start("order", traceparent=f"00-{TRACE}-{CALLER}-01")
        lease = self.lease()
        self.complete(lease)
        self.daemon.becomes(name, "completed")
        root, tasks = self.root(name), self.of(name)
        same((root["parentSpanId"], root["kind"], root["name"]),
             (CALLER, SERVER, "order"), "root")
        same({task: len(all_of) for task, all_of in tasks.items()},
             {"fetch": 1, "work": 1, "sub": 1, "retried": 1, "post": 3},
             "spans of tasks")
        for task in ("fetch", "work", "sub", "retried"):
            same(tasks[task][0]["parentSpanId"], root["spanId"], task)
        same([each["parentSpanId"] for each in tasks["post"]],
             [tasks["retried"][0]["spanId"]] * 3, "attempts")
        same([each.get("status", {}).get("code") for each in tasks["post"]],
             [2, 2, None], "status of the attempts")
        same([attributes_of(each)["pawl.attempt"] for each in tasks["post"]],
             ["1", "2", "3"], "attempts")
        same([tasks[task][0]["kind"] for task in ("fetch", "work", "sub",
                                                  "retried")],
             [CLIENT, PRODUCER, CLIENT, INTERNAL], "kinds")
        # What others are told is their parent is a span that is there.
        same(self.sent("shop.test"),
             [(TRACE, tasks["fetch"][0]["spanId"], "01")], "shop")
        same(self.sent("flaky.test"),
             [(TRACE, each["spanId"], "01") for each in tasks["post"]], "flaky")
        same(lease["task"]["traceparent"],
             f"00-{TRACE}-{tasks['work'][0]['spanId']}-01", "worker")

    def a_child_hangs_below_the_task_that_has_started_it(self):
        parent = self.collector.spans(workflow="order", task="/do/2/sub")[0]
        child = wait_until(lambda: next(
            (each for each in self.collector.spans(workflow="small")
             if "pawl.parent" in attributes_of(each)), None), "the child")
        same((child["parentSpanId"], child["traceId"], child["kind"]),
             (parent["spanId"], TRACE, INTERNAL), "child")
        same(attributes_of(child)["pawl.parent"],
             attributes_of(parent)["pawl.instance"], "whose child")
        inner, = self.of(attributes_of(child)["pawl.instance"])["inner"]
        same(inner["parentSpanId"], child["spanId"], "inner")

    def a_trace_begins_here_or_is_not_recorded(self):
        before = len(self.sent("shop.test"))
        dropped = self.start("calls", traceparent=f"00-{TRACE}-{CALLER}-00")
        self.daemon.becomes(dropped, "completed")
        own = self.start("calls")
        self.daemon.becomes(own, "completed")
        root = self.root(own)
        same("parentSpanId" in root, False, "a root")
        told, begun = self.sent("shop.test")[before:]
        same((told[0], told[2]), (TRACE, "00"), "not recorded, and told so")
        same(begun, (root["traceId"], self.of(own)["fetch"][0]["spanId"], "01"),
             "begun here")
        same(self.collector.spans(instance=dropped), [], "not recorded")

    def each_request_is_json_as_otlp_has_it(self):
        exports = self.collector.exports()
        same(len(exports) > 0, True, "requests")
        ids = set()
        for export in exports:
            same((export.path, export.headers["content-type"],
                  export.headers["authorization"]),
                 ("/v1/traces", "application/json", "Bearer collector-word"),
                 "request")
            check_export(export.json())
            for span in export.spans():
                same(span["spanId"] in ids, False, f"twice: {span}")
                ids.add(span["spanId"])

    def neither_secrets_nor_data_leave(self):
        name = self.start("hides", {"card": "4111-1111", "name": "Ann-Smith"})
        self.daemon.becomes(name, "faulted")
        root = self.root(name)
        same((root["status"]["code"], root["status"]["message"]),
             (2, "card *** is refused"), "status")
        same(attributes_of(root)["error.type"], "https://e.test/refused",
             "type")
        with self.services.lock:
            paid = [each for each in self.services.seen if each.path == "/pay"]
        same((paid[0].query["key"], paid[0].json()),
             (["hush-hush"], {"card": "4111-1111"}), "the shop got all")
        whole = "".join(each.text for each in self.collector.exports())
        for word in ("hush-hush", "4111-1111", "Ann-Smith", "a-rare-thing",
                     "a-workers-word", "collector-word", "shop.test"):
            same(word in whole, False, word)

    def after_a_crash_it_goes_on(self):
        name = self.start("order")
        lease = self.lease()
        self.daemon.kill()
        self.daemon.start()
        self.complete(lease)
        self.daemon.becomes(name, "completed")
        root, tasks = self.root(name), self.of(name)
        same(lease["task"]["traceparent"].split("-")[2],
             tasks["work"][0]["spanId"], "begun before, ended after")
        same([tasks[task][0]["parentSpanId"] for task in ("work", "sub",
                                                          "retried")],
             [root["spanId"]] * 3, "parents")
        begun = self.daemon.instance(name)["startedAt"]
        same(root["startTimeUnixNano"], nanoseconds(begun), "begun")

    # --- A collector in trouble ------------------------------------------------

    def a_collector_that_is_down_costs_what_finds_no_room(self):
        before = self.settled()
        self.collector.close()
        # One at least is tried while nobody is there.
        self.done("quick", QUEUE_MAX // 2 + 50)
        wait_until(lambda: self.metric("spans_waiting") == QUEUE_MAX, "full")
        same(self.grown(before), {"dropped": 100}, "no room")
        self.collector.open()
        self.settled()
        same(self.grown(before), {"dropped": 100, "exported": QUEUE_MAX},
             "came later")
        last, = self.done("quick", 1)
        self.root(last)

    def a_slow_collector_slows_nobody(self):
        self.settled()
        asked, go_on = threading.Event(), threading.Event()

        def rule(_):
            asked.set()
            go_on.wait(30)
            return 200, {}, {}
        self.collector.rule = rule
        first, = self.done("quick", 1)
        same(asked.wait(20), True, "it holds a request")
        more = self.done("quick", 20)
        same(go_on.is_set(), False, "still")
        self.collector.rule = None
        go_on.set()
        for name in [first, *more]:
            self.root(name)

    def retry_after_is_heeded_and_nothing_is_lost(self):
        before = self.settled()
        for status in (429, 503):
            times = []

            def rule(_, status=status, times=times):
                times.append(time.monotonic())
                if len(times) == 1:
                    return status, {"Retry-After": "3"}, {}
                return 200, {}, {}
            self.collector.rule = rule
            name, = self.done("quick", 1)
            self.root(name)
            same(times[1] - times[0] >= 2.9, True, f"it waited after {status}")
            self.settled()
        self.collector.rule = None
        same(self.grown(before), {"exported": 4}, "spans")

    def what_is_refused_is_counted_and_not_sent_again(self):
        before = self.settled()
        bodies = []

        def rule(export):
            bodies.append(export.text)
            return 400, {}, {"message": "no"}
        self.collector.rule = rule
        self.done("quick", 3)
        wait_until(lambda: self.grown(before) == {"rejected": 6}, "counted")
        same(len(set(bodies)), len(bodies), "each once")
        self.collector.rule = None
        name, = self.done("quick", 1)
        self.root(name)
        self.settled()
        same(self.grown(before), {"rejected": 6, "exported": 2}, "goes on")

    def what_a_collector_did_not_keep_is_counted(self):
        before = self.settled()
        self.collector.rule = lambda _: (200, {}, {"partialSuccess": {
            "rejectedSpans": "1", "errorMessage": "too old"}})
        self.done("quick", 1)
        wait_until(lambda: self.grown(before).get("rejected", 0) > 0, "counted")
        self.settled()
        self.collector.rule = None
        same(sum(self.grown(before).values()), 2, "spans")
        log = self.daemon.log()
        same("too old" in log and "collector-word" not in log, True, "log")

    def a_secret_that_is_missing_is_told(self):
        before = self.settled()
        (self.secrets / "collector").unlink()
        try:
            self.done("quick", 1)
            wait_until(lambda: "'collector' cannot be had"
                       in self.daemon.log(), "it is told")
        finally:
            (self.secrets / "collector").write_text(HEADERS)
        self.settled()
        same(self.grown(before), {"exported": 2}, "they wait for it")


HEADERS = json.dumps({"Authorization": "Bearer collector-word"})


def nanoseconds(text):
    """A time of the API, which has milliseconds, as OTLP writes it."""
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return str(round(at.timestamp() * 1000)) + "000000"


def check_attributes(all_of, where):
    keys = [each["key"] for each in all_of]
    same(len(set(keys)), len(keys), f"keys of {where}")
    for each in all_of:
        same(sorted(each), ["key", "value"], f"{where}: {each}")
        (kind, value), = each["value"].items()
        wanted = {"stringValue": str, "boolValue": bool, "intValue": str}[kind]
        same(type(value) is wanted, True, f"{where}: {each}")
        if kind == "intValue":
            int(value)


def check_export(body):
    """ExportTraceServiceRequest of opentelemetry-proto, in its JSON: camel
    case, ids in hexadecimal, 64-bit numbers as texts, enumerators as numbers."""
    same(list(body), ["resourceSpans"], "request")
    for resource in body["resourceSpans"]:
        same(sorted(resource), ["resource", "scopeSpans"], "resource")
        check_attributes(resource["resource"]["attributes"], "resource")
        same(sorted(each["key"]
                    for each in resource["resource"]["attributes"]),
             ["host.name", "service.name", "service.version"], "resource")
        for scope in resource["scopeSpans"]:
            same(sorted(scope), ["scope", "spans"], "scope")
            same(scope["scope"]["name"], "pawl", "scope")
            for span in scope["spans"]:
                check_span(span)


def check_span(span):
    needed = {"traceId", "spanId", "name", "kind", "startTimeUnixNano",
              "endTimeUnixNano", "attributes"}
    same(sorted(needed - set(span)), [], "members")
    same(sorted(set(span) - needed - {"parentSpanId", "status"}), [], "others")
    for key, digits in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
        if key in span:
            same(bool(re.fullmatch(rf"[0-9a-f]{{{digits}}}", span[key])), True,
                 f"{key}: {span[key]}")
            same(set(span[key]) != {"0"}, True, key)
    for key in ("startTimeUnixNano", "endTimeUnixNano"):
        same(bool(re.fullmatch(r"\d{19}", span[key])), True, span[key])
    same(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]), True,
         "times")
    same(span["kind"] in (INTERNAL, SERVER, CLIENT, PRODUCER), True, "kind")
    same(bool(span["name"]), True, "name")
    if "status" in span:
        same(sorted(span["status"]), ["code", "message"], "status")
        same(span["status"]["code"], 2, "status")
    check_attributes(span["attributes"], span["name"])


def a_stop_sends_what_is_queued(environment, collector):
    environment = {**environment, "PAWL_TRACING_EVERY": "1h"}
    with harness.Daemon(environment=environment) as daemon:
        made = daemon.define(HEAD % ("last", "") + FLOWS["quick"][1] + "\n")
        first = daemon.start_instance(made, {}, wait=10)["id"]
        same(collector.spans(instance=first), [], "not yet")
        daemon.stop()
        same(daemon.process.returncode, 0, "code")
        same(len(collector.spans(instance=first)), 2, "sent at the end")

        # Somebody who does not answer is not waited for.
        daemon.start()
        second = daemon.start_instance(made, {}, wait=10)["id"]
        go_on = threading.Event()
        collector.rule = lambda _: (go_on.wait(60), (200, {}, {}))[1]
        begun = time.monotonic()
        daemon.stop()
        took = time.monotonic() - begun
        go_on.set()
        collector.rule = None
        same((daemon.process.returncode, took < 20), (0, True), f"took {took}")
        same("tracing.left_behind" in daemon.log(), True, "it is told")

        daemon.start()
        third = daemon.start_instance(made, {}, wait=10)["id"]
        daemon.stop()
        same(len(collector.spans(instance=third)), 2, "it goes on")
        same(len({first, second, third}), 3, "ids")


def without_an_endpoint_nothing_is_made(collector):
    with harness.Daemon() as daemon:
        before = len(collector.exports())
        daemon.run(HEAD % ("off", "") + FLOWS["quick"][1] + "\n")
        same("pawl_trace" in daemon.ask("GET", "/metrics")[1], False, "metrics")
        daemon.stop()
        same(len(collector.exports()), before, "requests")


def main():
    report = harness.Report("Traces")
    services, collector = stub.Stub(None), Collector()
    with tempfile.TemporaryDirectory(prefix="pawl-secrets-") as folder:
        secrets = pathlib.Path(folder)
        (secrets / "collector").write_text(HEADERS)
        (secrets / "shop-key").write_text("hush-hush")
        # What workflows call goes through the stub; the collector is itself.
        environment = {**services.environment(), "no_proxy": "127.0.0.1",
                       "PAWL_SECRETS_DIRECTORY": folder,
                       "PAWL_TRACING_ENDPOINT": collector.url,
                       "PAWL_TRACING_HEADERS": "collector",
                       "PAWL_TRACING_QUEUE_MAX": str(QUEUE_MAX),
                       "PAWL_TRACING_EVERY": "50ms"}
        with harness.Daemon(environment=environment) as daemon:
            tests = Tracing(daemon, services, collector)
            tests.secrets = secrets
            cases.check(report, cases.of(Tracing), tests)
        cases.check(report, [a_stop_sends_what_is_queued], environment,
                    collector)
        cases.check(report, [without_an_endpoint_nothing_is_made], collector)
    collector.close()
    services.close()
    report.finish("tracing.md")


if __name__ == "__main__":
    main()
