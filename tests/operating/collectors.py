#!/usr/bin/env python3
"""A collector of spans that is down, slow or in a bad mood is nobody else's
trouble: a real daemon goes on, and counts what it could not get rid of."""

import re
import threading
import time

from cases import document
from traces import HEADERS, QUEUE_MAX, QUICK, Traced, surroundings

import harness
from harness import same, wait_until


class Collectors(Traced):
    flows = {"quick": QUICK}

    def done(self, name, count):
        """Runs `count` instances to their end; their ids."""
        ids = [self.start(name) for _ in range(count)]
        for each in ids:
            self.daemon.becomes(each, "completed", "faulted")
        return ids

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

    # --- Checks --------------------------------------------------------------

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


def a_stop_sends_what_is_queued():
    with surroundings() as (_, collector, _, environment), harness.Daemon(
            environment={**environment, "PAWL_TRACING_EVERY": "1h"}) as daemon:
        made = daemon.define(document("last", QUICK))
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


def main():
    Collectors.main("Collectors in trouble", [a_stop_sends_what_is_queued])


if __name__ == "__main__":
    main()
