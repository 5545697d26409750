#!/usr/bin/env python3
"""Spans of a real daemon arrive at a collector as OTLP wants them and hang
together, over a crash too; what must not leave does not."""

import datetime
import re

from cases import document
from traces import QUICK, Collector, Traced, attributes_of

import harness
import stub
from harness import same, wait_until

INTERNAL, SERVER, CLIENT, PRODUCER = 1, 2, 3, 4
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
FLOWS = {
    "small": "do: [{inner: {set: {b: 2}}}]",
    "order": """
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
""",
    "calls": "do: [{fetch: {call: http, with: {method: get, endpoint: "
             "'http://shop.test/own'}}}]",
    "hides": """
document:
  dsl: '1.0.3'
  namespace: tests
  name: hides
  version: '1.0.0'
  metadata: {redact: [/input/card]}
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
""",
}


def caller(flags):
    """The headers of a request from within a trace."""
    return {"traceparent": f"00-{TRACE}-{CALLER}-{flags}"}


class Tracing(Traced):
    flows = FLOWS

    def __init__(self, daemon, services, *around):
        super().__init__(daemon, services, *around)
        self.flaky = 0
        services.service = self.answer

    def answer(self, request):
        if request.host == "flaky.test":
            self.flaky += 1
            return stub.answer(503 if self.flaky % 3 else 200, {})
        return stub.answer(200, {"bought": "a-rare-thing"})

    def lease(self, queue="traced"):
        said = self.daemon.must("POST", f"/v1/queues/{queue}/leases", {
            "worker": {"id": "w"}, "wait": "PT20S"})
        return said["leases"][0]

    def complete(self, lease):
        self.daemon.must("POST", f"/v1/leases/{lease['token']}/complete",
                         {"output": {"said": "a-workers-word"}})

    def of(self, name):
        """name of a task -> its spans, of an instance whose span is there."""
        out = {}
        for each in self.collector.spans(instance=name):
            if "pawl.task" in attributes_of(each):
                out.setdefault(each["name"], []).append(each)
        return out

    def sent(self, host):
        """What a service was sent as `traceparent`, each as (trace, span,
        flags)."""
        with self.services.lock:
            return [tuple(each.headers["traceparent"].split("-")[1:])
                    for each in self.services.seen if each.host == host]

    # --- In this order -------------------------------------------------------

    def spans_of_a_workflow_arrive_and_hang_together(self):
        name = self.start("order", headers=caller("01"))
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
        dropped = self.start("calls", headers=caller("00"))
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
        self.restart()
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


def without_an_endpoint_nothing_is_made():
    collector = Collector()
    with harness.Daemon() as daemon:
        daemon.run(document("off", QUICK))
        same("pawl_trace" in daemon.ask("GET", "/metrics")[1], False, "metrics")
        daemon.stop()
        same(len(collector.exports()), 0, "requests")
    collector.close()


def main():
    Tracing.main("Traces", [without_an_endpoint_nothing_is_made])


if __name__ == "__main__":
    main()
