#!/usr/bin/env python3
"""Who is told of what: subscriptions to events, over HTTP and with `pawl`,
against a real daemon that dies in between, and receivers that fail."""

import json
import threading
import time

from receivers import COMPLETED, KEY, Receivers, is_signed

import stub
from harness import same, wait_until

FLOWS = {
    "quick": "do: [{x: {set: {a: 1}}}]",
    "faulty": """
do: [{x: {raise: {error: {type: 'https://e.test/x', status: 500}}}}]
""",
    "long": "do:\n" + "\n".join(f"  - t{n}: {{set: {{n: {n}}}}}"
                                for n in range(20)),
}


class Notify(Receivers):
    flows = FLOWS

    # --- What is sent ----------------------------------------------------------

    def an_event_arrives_as_a_structured_cloudevent(self):
        self.subscribe("plain", "plain.test", filter={"workflow": "quick"})
        done = self.start("quick", wait=10)
        self.start("faulty", wait=10)
        wait_until(lambda: any(e["type"] == COMPLETED
                               for e in self.events("plain.test")), "it came")
        first = self.seen("plain.test")[0]
        same((first.method, first.headers["content-type"]),
             ("POST", "application/cloudevents+json"), "request")
        events = self.events("plain.test")
        same({e["subject"] for e in events}, {done}, "of whom")
        same(len({e["id"] for e in events}), len(events), "ids")
        now = self.stands("plain", pending=0, dead=0)
        same((now["lastFailure"], now["lastSuccess"] is not None), (None, True),
             "shown")
        self.remove("plain")

    def a_binary_event_is_signed_and_has_its_headers(self):
        self.daemon.must("PUT", "/v1/secrets/binary-key",
                         {"value": "whsec_" + KEY})
        self.daemon.must("PUT", "/v1/secrets/crm", {"value": "hush-hush"})
        said = self.subscribe(
            "binary", "binary.test", mode="binary", secret="binary-key",
            headers={"Authorization": "Bearer $secret:crm", "X-A": "secret-x"},
            filter={"workflow": "tests/quick", "type": [COMPLETED]})
        same("hush" in json.dumps(said) or "secret-x" in json.dumps(said),
             False, "shown")
        same(said["headers"], {"Authorization": "***", "X-A": "***"}, "hidden")
        done = self.start("quick", wait=10)
        got = wait_until(lambda: self.seen("binary.test"), "it came")[0]
        h = got.headers
        same((h["ce-type"], h["ce-specversion"], h["ce-subject"],
              h["content-type"], h["authorization"], h["x-a"]),
             (COMPLETED, "1.0", done, "application/json",
              "Bearer hush-hush", "secret-x"), "headers")
        is_signed(got)
        same(json.loads(got.body)["output"], {"a": 1}, "body")
        self.remove("binary")

    def filters_choose_by_status_and_label(self):
        self.subscribe("bad", "bad.test", filter={
            "status": "faulted", "type": "io.serverlessworkflow.workflow.",
            "label": {"team": "a"}})
        self.start("faulty", wait=10)
        self.start("quick", wait=10, labels={"team": "a"})
        name = self.start("faulty", wait=10, labels={"team": "a"})
        wait_until(lambda: any(e["type"].endswith("workflow.faulted.v1")
                               for e in self.events("bad.test")), "it came")
        same({e["subject"] for e in self.events("bad.test")}, {name}, "whose")
        self.remove("bad")

    def a_namespace_sees_nothing_of_another(self):
        self.subscribe("other", "other.test", "?namespace=elsewhere")
        self.subscribe("all", "all.test", "")
        self.start("quick", wait=10)
        wait_until(lambda: self.seen("all.test"), "the whole daemon's")
        wait_until(lambda: self.shown("all", "")["pending"] == 0, "all of them")
        same(self.seen("other.test"), [], "another's")
        self.remove("other", "?namespace=elsewhere")
        self.remove("all", "")

    def a_paused_one_takes_nothing_in(self):
        self.subscribe("sleeps", "sleeps.test", paused=True)
        self.start("quick", wait=10)
        same(self.shown("sleeps")["pending"], 0, "pending")
        self.remove("sleeps")

    def what_makes_no_sense_is_refused_with_places(self):
        for body, place in (
                ({}, "/url"),
                ({"url": "ftp://x/"}, "/url"),
                ({"url": "http://u:p@x/"}, "/url"),
                ({"url": "http://x/", "mode": "both"}, "/mode"),
                ({"url": "http://x/", "filter": {"status": "odd"}},
                 "/filter/status"),
                ({"url": "http://x/", "filter": {"workflow": "else/x"}},
                 "/filter/workflow"),
                ({"url": "http://x/", "filter": {"color": 1}}, "/filter/color"),
                ({"url": "http://x/", "headers": {"ce-id": "1"}},
                 "/headers/ce-id"),
                ({"url": "http://x/", "headers": {"A": "b\r\nC: d"}},
                 "/headers/A"),
                ({"url": "http://x/", "headers": {"A": "***"}}, "/headers/A"),
                ({"url": "http://x/", "more": 1}, "/more")):
            status, said = self.daemon.ask(
                "PUT", "/v1/subscriptions/odd?namespace=tests", body)
            same(status, 422, f"{body}")
            same([each["pointer"] for each in said["errors"]], [place],
                 f"{body}")

    # --- When it does not work -------------------------------------------------

    def what_fails_is_tried_again_under_the_same_id(self):
        tried = []

        def rule(request):
            tried.append(request.json()["id"])
            return stub.answer(500 if tried.count(tried[-1]) < 3 else 200)
        self.rules["shaky.test"] = rule
        self.subscribe("shaky", "shaky.test", filter={"workflow": "quick"})
        self.start("quick", wait=10)
        wait_until(lambda: self.shown("shaky")["lastSuccess"]
                   and self.shown("shaky")["pending"] == 0, "all went through")
        same({tried.count(one) for one in tried}, {3}, "tries of each")
        first = list(dict.fromkeys(tried))
        same(first, sorted(first, key=number_of), "in order")
        same(self.shown("shaky")["lastFailure"]["status"], 500, "why")
        self.remove("shaky")

    def a_slow_one_keeps_no_other_waiting(self):
        go_on = threading.Event()

        def rule(_):
            go_on.wait(20)
            return stub.answer(200)
        self.rules["slow.test"] = rule
        self.subscribe("slow", "slow.test", filter={"workflow": "quick"})
        self.subscribe("fast", "fast.test", filter={
            "workflow": "quick", "type": COMPLETED})
        for _ in range(20):
            self.start("quick", wait=10)
        wait_until(lambda: len(self.seen("fast.test")) == 20, "the fast one")
        same(self.shown("slow")["pending"] > 20, True, "the slow one waits")
        go_on.set()
        self.stands("slow", pending=0)
        self.remove("slow")
        self.remove("fast")

    def four_hundred_and_ten_ends_it(self):
        self.rules["gone.test"] = lambda _: stub.answer(410)
        self.subscribe("gone", "gone.test", filter={"type": COMPLETED})
        self.start("quick", wait=10)
        now = self.stands("gone", paused=True)
        same("410" in now["pausedBecause"], True, now["pausedBecause"])
        self.start("quick", wait=10)
        self.restart()
        now = self.shown("gone")
        same((now["paused"], now["pending"]), (True, 1), "after a restart")
        self.rules["gone.test"] = lambda _: stub.answer(200)
        self.subscribe("gone", "gone.test", filter={"type": COMPLETED})
        now = self.stands("gone", pending=0, paused=False)
        same("pausedBecause" in now, False, "why")
        self.remove("gone")

    def retry_after_is_heeded(self):
        times = []

        def rule(_):
            times.append(time.monotonic())
            if len(times) == 1:
                return stub.answer(429, headers={"Retry-After": "2"})
            return stub.answer(200)
        self.rules["busy.test"] = rule
        self.subscribe("busy", "busy.test", filter={"type": COMPLETED,
                                                    "workflow": "quick"})
        self.start("quick", wait=10)
        self.stands("busy", pending=0, dead=0)
        same(times[1] - times[0] >= 1.5, True, "it waited")
        self.remove("busy")

    def what_cannot_be_delivered_is_set_aside_and_put_back(self):
        self.rules["dead.test"] = lambda _: stub.answer(400)
        self.subscribe("dead", "dead.test", filter={
            "workflow": "quick", "type": COMPLETED})
        for _ in range(3):
            self.start("quick", wait=10)
        now = self.stands("dead", pending=0, dead=3)
        same(now["deadReasons"], {"answered with 400": 3}, "why")
        self.restart()
        same((self.shown("dead")["dead"], self.shown("dead")["deadReasons"]),
             (3, {"answered with 400": 3}), "after a restart")
        text = self.daemon.ask("GET", "/metrics")[1]
        same('pawl_notify_dead{subscription="tests/dead"} 3' in text, True,
             "metrics")
        self.rules["dead.test"] = lambda _: stub.answer(200)
        ids = {e["id"] for e in self.events("dead.test")}
        before = len(self.seen("dead.test"))
        key = {"Idempotency-Key": "again-1"}
        path = "/v1/subscriptions/dead/redeliver?namespace=tests"
        for _ in range(2):
            same(self.daemon.must("POST", path, {}, key), {"redelivered": 3},
                 "answer")
        self.stands("dead", pending=0, dead=0, deadReasons={})
        came = [e["id"] for e in self.events("dead.test")[before:]]
        same((len(came), set(came) == ids), (3, True), "once each")
        self.remove("dead")

    def a_secret_that_is_missing_is_told(self):
        self.subscribe("keyless", "keyless.test", secret="no-such-secret",
                       filter={"workflow": "quick"})
        self.start("quick", wait=10)
        now = wait_until(lambda: self.shown("keyless")["lastFailure"]
                         and self.shown("keyless"), "it failed")
        same("no-such-secret" in now["lastFailure"]["detail"], True, "detail")
        same(self.seen("keyless.test"), [], "nothing leaves unsigned")
        self.daemon.must("PUT", "/v1/secrets/no-such-secret", {"value": "now"})
        self.stands("keyless", pending=0)
        self.remove("keyless")

    def nothing_is_lost_when_the_daemon_dies(self):
        """Every event of an acknowledged start arrives, the first time in the
        order of its instance."""
        self.rules["died.test"] = lambda _: stub.answer(
            200, delay=0.01)
        self.subscribe("died", "died.test", filter={"workflow": "long"})
        begun = []
        for _ in range(3):
            for _ in range(8):
                begun.append(self.start("long"))
            self.restart()
        for name in begun:
            self.daemon.becomes(name, "completed")
        self.stands("died", pending=0, dead=0)
        order = {}
        for e in self.events("died.test"):
            of = order.setdefault(e["subject"], [])
            if e["id"] not in of:
                of.append(e["id"])
        same(sorted(order), sorted(begun), "instances")
        for name, ids in order.items():
            same(ids, sorted(ids, key=number_of), f"order of {name}")
            same(len(ids), 2 + 20 * 3, f"events of {name}")
        self.remove("died")

    # --- By hand ---------------------------------------------------------------

    def a_test_says_how_it_goes(self):
        self.subscribe("tried", "tried.test", paused=True)
        path = "/v1/subscriptions/tried/test?namespace=tests"
        said = self.daemon.must("POST", path, {})
        same((said["delivered"], said["status"], said["detail"]),
             (True, 204, None), "good")
        self.rules["tried.test"] = lambda _: stub.answer(503)
        said = self.daemon.must("POST", path, {})
        same((said["delivered"], said["status"]), (False, 503), "bad")
        same(self.events("tried.test")[0]["type"],
             "io.pawl.subscription.ping.v1", "type")
        same(self.daemon.ask(
            "POST", "/v1/subscriptions/none/test?namespace=tests", {})[0], 404,
            "unknown")
        actions = [each["action"] for each in self.daemon.must(
            "GET", "/v1/audit?target=tried")["items"]]
        same(actions, ["testSubscription", "testSubscription",
                       "putSubscription"], "audit")
        self.remove("tried")

    def the_client_has_it_all(self):
        self.cli("subscription", "set", "mine", "--url", "http://mine.test/in",
                 "--type", COMPLETED, "--label", "team=c", "--header", "X-A: b")
        same(self.shown("mine")["filter"],
             {"type": [COMPLETED], "label": {"team": "c"}}, "filter")
        same("mine" in self.cli("subscription", "ls"), True, "list")
        same("mine.test" in self.cli("subscription", "show", "mine"), True,
             "one")
        self.cli("subscription", "test", "mine")
        self.rules["mine.test"] = lambda _: stub.answer(500)
        self.cli("subscription", "test", "mine", code=1)
        same("0" in self.cli("subscription", "redeliver", "mine"), True, "none")
        self.cli("subscription", "rm", "mine")
        self.cli("subscription", "show", "mine", code=3)


def number_of(event_id):
    """"01J.../12.2" -> (12, 2)"""
    first, _, rest = event_id.rpartition("/")[2].partition(".")
    return int(first), int(rest or 1)


def main():
    Notify.main("Who is told of what")


if __name__ == "__main__":
    main()
