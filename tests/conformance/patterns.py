#!/usr/bin/env python3
"""Runs the workflows of examples/patterns to each of their outcomes, against a
real daemon; the services they name are played by a stub behind a proxy."""

import collections
import itertools
import json
import threading

import harness
import stub
from harness import same

FOLDER = harness.ROOT / "examples" / "patterns"
SPEC = "https://serverlessworkflow.io/spec/1.0.0/errors/"
OWN = "https://example.com/errors/"


class World:
    """The services, and what they are to say."""

    def __init__(self):
        self.says = collections.defaultdict(list)  # Host -> answers in turn.
        self.rule = {}  # Host -> function, when nothing is set.
        self.calls = []
        self.lock = threading.Lock()

    def reset(self):
        self.says.clear()
        self.rule.clear()
        self.calls.clear()

    def __call__(self, request):
        with self.lock:
            self.calls.append(request)
            if self.says[request.host]:
                return self.says[request.host].pop(0)
        rule = self.rule.get(request.host)
        return rule(request) if rule else stub.answer(404, {"unknown": True})


class Patterns:
    def __init__(self, daemon, world):
        self.daemon, self.world = daemon, world
        self.report = harness.Report("The patterns")
        self.versions = itertools.count(1)

    def define(self, name, **replace):
        """Each run has a version of its own, with shorter times."""
        text = (FOLDER / f"{name}.yaml").read_text()
        for old, new in replace.get("times", {}).items():
            assert old in text, f"{old} is not in {name}"
            text = text.replace(old, new)
        if replace.get("fresh", True):
            text = text.replace("\n  version: '1.0.0'",
                                f"\n  version: '1.0.{next(self.versions)}'", 1)
        return self.daemon.define(text)

    def run(self, name, value, **replace):
        return self.daemon.start_instance(self.define(name, **replace), value,
                                          wait=30)

    def begin(self, name, value, **replace):
        return self.daemon.start_instance(self.define(name, **replace),
                                          value)["id"]

    def check(self, name, what):
        self.world.reset()
        self.report.check(name, what)

    def completed(self, ended, output):
        same((ended["status"], ended["output"]), ("completed", output),
             json.dumps(ended["error"]))

    def faulted(self, ended, kind, status):
        same(ended["status"], "faulted", "status")
        same((ended["error"]["type"], ended["error"]["status"]),
             (kind, status), "error")

    def completes(self, instance, task, count):
        """Waits until the task of this name has completed so many times."""
        def look():
            return sum(item["type"] == "task.completed"
                       and item["task"].endswith("/" + task)
                       for item in self.daemon.history(instance)) >= count
        harness.wait_until(look, f"{task} completes {count} times")


REQUEST = {"requestId": "r1", "amount": 10,
           "tiers": [{"role": "lead", "sla": "PT1M"},
                     {"role": "head", "sla": "PT1M"}]}


def decide(p, tier, outcome, request="r1", **more):
    p.daemon.publish({"type": "com.example.approval.decided.v1",
                      "data": {"requestId": request, "tier": tier,
                               "outcome": outcome, "by": "ann", **more}})


def approve_all(p):
    name = p.begin("tiered-approval", REQUEST)
    decide(p, 0, "rejected", request="another")
    # Before anybody listens to the second tier: it is kept.
    decide(p, 1, "approved")
    decide(p, 0, "approved")
    p.completed(p.daemon.becomes(name, *harness.ENDED), {
        "status": "approved", "requestId": "r1",
        "decisions": [{"tier": 0, "by": "ann"}, {"tier": 1, "by": "ann"}]})


def reject_second(p):
    name = p.begin("tiered-approval", {**REQUEST, "requestId": "r2"})
    decide(p, 0, "approved", "r2")
    decide(p, 1, "rejected", "r2", reason="too much")
    p.completed(p.daemon.becomes(name, *harness.ENDED), {
        "status": "rejected", "requestId": "r2", "rejectedAtTier": 1,
        "by": "ann", "reason": "too much"})


def nobody_decides(p):
    tiers = [{"role": "lead", "sla": "PT0.2S"}]
    p.completed(p.run("tiered-approval", {"requestId": "r3", "amount": 1,
                                          "tiers": tiers}),
                {"status": "escalated", "requestId": "r3", "tier": 0})


def no_tiers(p):
    p.faulted(p.run("tiered-approval", {"requestId": "r4", "amount": 1,
                                        "tiers": []}),
              SPEC + "validation", 400)


STAGES = {"seconds: 2": "milliseconds: 20", "milliseconds: 100":
          "milliseconds: 1", "milliseconds: 500": "milliseconds: 10",
          "PT10M": "PT0.5S"}


def reviews(p, *scores):
    scores = list(scores)
    p.world.rule["reviewer.example.com"] = lambda r: stub.answer(
        200, {"score": scores.pop(0), "feedback": "more foxes"})
    p.world.rule["polisher.example.com"] = lambda r: stub.answer(
        200, {"draft": r.json()["draft"] + "+"})


def good_in_the_end(p):
    reviews(p, 0.5, 0.7, 0.95)
    p.completed(p.run("review-polish", {"draft": "fox"}, times=STAGES), {
        "status": "accepted", "draft": "fox++", "score": 0.95,
        "iterations": 2})


def never_good(p):
    reviews(p, *[0.1] * 9)
    p.completed(p.run("review-polish", {"draft": "fox", "maxIterations": 2},
                      times=STAGES),
                {"status": "max-iterations", "draft": "fox++", "score": 0.1,
                 "iterations": 2})


def three_retries(p):
    reviews(p, 0.95)
    p.world.says["reviewer.example.com"] = [
        stub.answer(500), stub.answer(503), stub.answer(200, {}, delay=1.5)]
    ended = p.run("review-polish", {"draft": "fox"}, times=STAGES)
    p.completed(ended, {"status": "accepted", "draft": "fox", "score": 0.95,
                        "iterations": 0})
    same(len(p.world.calls), 4, "calls")


def four_failures(p):
    p.world.rule["reviewer.example.com"] = lambda r: stub.answer(500)
    p.faulted(p.run("review-polish", {"draft": "fox"}, times=STAGES),
              OWN + "stage-failed", 502)
    same(len(p.world.calls), 4, "calls")


TRIP = {"hotel": {"stars": 3}, "flight": {"to": "LIS"}, "payment": {"card": 1}}


def bookings(p, payment):
    def book(host):
        p.world.rule[host] = lambda r: stub.answer(
            200, {"id": host[0] + "1"}) if r.method == "POST" \
            else stub.answer(204)
    book("hotel.example.com")
    book("flight.example.com")
    p.world.rule["pay.example.com"] = lambda r: payment


def trip_booked(p):
    bookings(p, stub.answer(200, {"paid": True}))
    p.completed(p.run("trip-saga", TRIP), {"paid": True})
    same([c.json() for c in p.world.calls], list(TRIP.values()), "bodies")


def trip_undone(p):
    bookings(p, stub.answer(402, {"message": "no money"}))
    p.world.says["flight.example.com"] = [
        stub.answer(200, {"id": "f1"}), stub.answer(503)]
    p.faulted(p.run("trip-saga", TRIP), OWN + "saga-compensated", 409)
    same([str(c) for c in p.world.calls if c.method == "DELETE"],
         ["DELETE https://flight.example.com/bookings/f1"] * 2
         + ["DELETE https://hotel.example.com/bookings/h1"], "undone")


POLL = {"2 * .polls": "0.25 * .polls"}


def job(p, *states):
    states = list(states)

    def say(request):
        if request.method == "POST":
            return stub.answer(201, {"id": "j1"})
        same(request.path, "/v1/jobs/j1", "path")
        state = states.pop(0) if len(states) > 1 else states[0]
        return stub.answer(200, {"state": state, "result": {"n": 42}})
    p.world.rule["jobs.example.com"] = say


def job_done(p):
    job(p, "running", "running", "succeeded")
    p.completed(p.run("poll-async-job", {"kind": "x"}, times=POLL), {"n": 42})
    same(len(p.world.calls), 4, "calls")


def job_failed(p):
    job(p, "running", "failed")
    p.faulted(p.run("poll-async-job", {}, times=POLL), OWN + "job-failed", 500)


def job_too_long(p):
    job(p, "running")
    p.faulted(p.run("poll-async-job", {}, times={**POLL, "PT1H": "PT1S"}),
              SPEC + "timeout", 408)


def operator(p, *verdicts):
    name = p.begin("operator-decision", {"request": {"size": 1}})
    for number, verdict in enumerate(verdicts, 1):
        p.completes(name, "reportIncident", number)
        p.daemon.publish({"type": "com.example.incident.decided.v1",
                          "data": {"workflow": name, "verdict": verdict}})
    return p.daemon.becomes(name, *harness.ENDED)


def operator_retries(p):
    p.world.rule["svc.example.com"] = lambda r: stub.answer(200, {"ok": True})
    p.world.says["svc.example.com"] = [stub.answer(500)] * 2
    p.completed(operator(p, "retry", "retry"),
                {"status": "done", "skipped": False})
    same([c.json() for c in p.world.calls], [{"size": 1}] * 3, "bodies")


def operator_skips(p):
    p.completed(operator(p, "skip"), {"status": "done", "skipped": True})


def operator_cancels(p):
    p.faulted(operator(p, "cancel"), OWN + "cancelled-by-operator", 409)


LAST = {"seconds: 1": "milliseconds: 10"}


def suite(p, result, *leaving):
    """Runs the tests to `result`; the lab answers the release with `leaving`
    and then takes it. Gives the ended instance and what was recorded."""
    p.world.rule["suite.example.com"] = lambda r: result
    p.world.rule["memory.example.com"] = lambda r: stub.answer(201)
    p.world.says["lab.example.com"] = [stub.answer(201, {"id": "l1"}),
                                       *leaving, stub.answer(204)]
    ended = p.run("finally", {"environment": "e", "suite": "s"}, times=LAST)
    same([str(c) for c in p.world.calls if c.method == "DELETE"],
         ["DELETE https://lab.example.com/leases/l1"] * (1 + len(leaving)),
         "given back")
    recorded, = (c.json() for c in p.world.calls
                 if c.host == "memory.example.com")
    same(recorded.pop("run"), ended["id"], "run")
    return ended, recorded


def last_after_success(p):
    result = {"passed": 7, "learned": "warm up first"}
    ended, recorded = suite(p, stub.answer(200, result))
    p.completed(ended, {"status": "succeeded", "result": result})
    same(recorded, {"outcome": "succeeded", "failure": None,
                    "learned": "warm up first"}, "recorded")


def last_after_failure(p):
    for status, raised in ((503, 500), (422, 400)):
        p.world.reset()
        ended, recorded = suite(p, stub.answer(status, {"no": "disk"}),
                                stub.answer(500))
        p.faulted(ended, SPEC + "communication", raised)
        same(ended["error"]["instance"], "/do/1/work/try/0/runSuite",
             "where it failed")
        same((recorded["outcome"], "disk" in recorded["failure"]),
             ("failed", True), "recorded")
        same("disk" in ended["error"]["detail"], True, "detail")


class Crowd:
    """A service for items that counts how many are served at a time."""

    def __init__(self, p):
        self.now = self.most = 0
        self.lock = threading.Lock()
        p.world.rule["svc.example.com"] = self

    def __call__(self, request):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        threading.Event().wait(0.1)
        with self.lock:
            self.now -= 1
        return stub.answer(200, {"done": request.json()["item"]})


ITEMS = [f"i{n}" for n in range(7)]
DONE = [{"done": item} for item in ITEMS]


def static_workers(p):
    crowd = Crowd(p)
    p.completed(p.run("fanout-static-workers", {"items": ITEMS}), DONE)
    same(crowd.most, 3, "at a time")


def subflows(p):
    Crowd(p)
    p.define("process-one", fresh=False)
    p.completed(p.run("fanout-subflow-events", {"items": ITEMS}), DONE)
    same(len(p.world.calls), 7, "calls")


def concurrency(p):
    crowd = Crowd(p)
    items = [f"i{n}" for n in range(20)]
    p.completed(p.run("fanout-concurrency", {"items": items}),
                [{"done": item} for item in items])
    same(crowd.most, 8, "at a time")


CASES = {
    "tiered approval: all approve, early and foreign events": approve_all,
    "tiered approval: the second tier rejects": reject_second,
    "tiered approval: nobody decides in time": nobody_decides,
    "tiered approval: an input without tiers": no_tiers,
    "review and polish: good after two rounds": good_in_the_end,
    "review and polish: never good enough": never_good,
    "review and polish: two errors, a timeout, then an answer": three_retries,
    "review and polish: retries run out": four_failures,
    "saga: all is booked": trip_booked,
    "saga: the payment fails, what was booked is undone": trip_undone,
    "finally: after a success": last_after_success,
    "finally: after a failure, which goes on": last_after_failure,
    "polling: done at the third look": job_done,
    "polling: the job fails": job_failed,
    "polling: it takes too long": job_too_long,
    "operator: retry twice": operator_retries,
    "operator: skip": operator_skips,
    "operator: cancel": operator_cancels,
    "fan-out: three workers": static_workers,
    "fan-out: workflows and events": subflows,
    "fan-out: eight at a time": concurrency,
}


def main():
    world = World()
    daemon = harness.Daemon()
    services = stub.Stub(world, daemon.folder, ["*.example.com"])
    daemon.environment.update(services.environment())
    with daemon:
        p = Patterns(daemon, world)
        for name, run in CASES.items():
            p.check(name, lambda: run(p))
    services.close()
    p.report.finish("patterns.md")


if __name__ == "__main__":
    main()
