#!/usr/bin/env python3
"""What limits keep waiting, over HTTP and with `pawl`, against a real daemon
that dies in between."""

import contextlib
import threading
import time
from email.utils import formatdate

from cases import Suite

import stub
from harness import same, wait_until

CALL = "call: http, with: {method: get, endpoint: 'http://%s/'}"
FLOWS = {
    "one": "do: [{ask: {%s, metadata: {limit: pair}}}]" % (CALL % "one.test"),
    "keyed": """
do:
  - ask:
      %s
      metadata: {limit: {name: pair, key: '${ .who }'}}
""" % (CALL % "one.test").replace(", with", "\n      with"),
    "daily": "do: [{ask: {%s, metadata: {limit: daily}}}]"
             % (CALL % "one.test"),
    "strict": """
do:
  - careful:
      try:
        - ask:
            %s
            metadata: {limit: {name: none-left, onLimit: fault}}
      catch:
        errors: {with: {status: 429}}
        as: why
        do: [{tell: {set: {status: '${ $why.status }', type: '${ $why.type }'}}}]
""" % (CALL % "one.test").replace(", with", "\n            with"),
    "host": "do: [{ask: {%s}}]" % (CALL % "slow.test"),
    "hosts": """
do:
  - all:
      for: {in: '${ [range(4)] }'}
      do: [{ask: {%s}}]
""" % (CALL % "rated.test"),
    "jobs": "do: [{job: {call: worker, with: {queue: review, input: {a: 1}}}}]",
    "timed": """
do:
  - ask:
      %s
      timeout: {after: PT0.3S}
      metadata: {limit: closed}
""" % (CALL % "one.test").replace(", with", "\n      with"),
    "hears": "do: [{hear: {listen: {to: {one: {with: {type: t}}}}}}]",
}


class Limits(Suite):
    flows = FLOWS
    calls = True

    def __init__(self, daemon, services):
        super().__init__(daemon, services)
        self.gate = threading.Event()
        self.gate.set()
        self.lock = threading.Lock()
        self.at_once = self.most = 0
        self.said = {}
        services.service = self.serve

    def serve(self, request):
        if request.host in self.said:
            return self.said[request.host](request)
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.gate.wait(20)
        with self.lock:
            self.at_once -= 1
        return stub.answer(200, {"ok": True})

    @contextlib.contextmanager
    def shut(self):
        """Who calls gets no answer meanwhile."""
        self.gate.clear()
        try:
            yield
        finally:
            self.gate.set()

    def put(self, name, body, ns=None, status=None):
        path = f"/v1/limits/{name}" + (f"?namespace={ns}" if ns else "")
        got, said = self.daemon.ask("PUT", path, body)
        same(got in ((status,) if status else (200, 201)), True, said)
        return said

    def remove(self, name):
        same(self.daemon.ask("DELETE", f"/v1/limits/{name}")[0], 204, name)

    def state(self, name):
        return self.daemon.must("GET", f"/v1/limits/{name}")["state"]

    def blocked(self, name):
        return [each for each in self.explain(name)["blockedBy"]
                if each["kind"] == "limit"]

    def asked_of(self, host):
        return len([each for each in self.services.seen if each.host == host])

    # --- Tasks that name a limit ------------------------------------------------

    def so_many_at_once_and_again_after_a_kill(self):
        self.put("pair", {"concurrency": 2})
        self.most = 0
        with self.shut():
            all_of = [self.start("one") for _ in range(6)]
            wait_until(lambda: self.at_once == 2, "two are out")
            wait_until(lambda: self.state("pair")["waiting"] == 4, "four wait")
            waits = [name for name in all_of if self.blocked(name)]
            same(len(waits), 4, "explained")
            why = self.blocked(waits[0])[0]
            same((why["name"], why["task"], why["movedBy"][0]["href"]),
                 ("pair", "/do/0/ask", "/v1/limits/pair"), "why")
            shown = self.daemon.instance(waits[0])
            same((shown["status"], shown["current"][0]["waitingFor"]["kind"]),
                 ("waiting", "limit"), "shown")
            status, text = self.daemon.ask("GET", "/metrics")
            same('pawl_limit_waiting{limit="pair",namespace=""} 4' in text,
                 True, text[-2000:])
        with self.shut():
            self.restart()
        for name in all_of:
            self.daemon.becomes(name, "completed")
        same(self.most <= 4, True, "two before the kill, two after it")
        wait_until(lambda: self.state("pair")["keys"][0]["inUse"] == 0, "free")

    def who_waits_can_be_paused_cancelled_and_timed_out(self):
        self.put("closed", {"quota": {"max": 1, "per": "P1D"}})
        self.put("pair", {"concurrency": 1})
        with self.shut():
            first = self.start("one")
            wait_until(lambda: self.at_once == 1, "one is out")
            paused, gone = self.start("one"), self.start("one")
            wait_until(lambda: self.state("pair")["waiting"] == 2, "two wait")
            self.daemon.act(paused, "pause")
            self.daemon.becomes(paused, "suspended")
            self.daemon.act(gone, "cancel")
            self.daemon.becomes(gone, "cancelled")
            same(self.state("pair")["waiting"], 0, "waiting")
        self.daemon.becomes(first, "completed")
        self.daemon.act(paused, "resume")
        self.daemon.becomes(paused, "completed")
        self.daemon.becomes(self.start("timed"), "completed")
        late = self.daemon.becomes(self.start("timed"), "faulted")
        same(late["error"]["status"], 408, "timeout")

    def each_key_has_its_own(self):
        self.put("pair", {"concurrency": 1})
        with self.shut():
            a, b, a2 = (self.start("keyed", {"who": who}) for who in "aba")
            wait_until(lambda: self.at_once == 2, "one of each is out")
            waits = wait_until(lambda: self.blocked(a) + self.blocked(a2),
                               "waits")
            same([each["key"] for each in waits], ["a"], "keys")
        for name in (a, b, a2):
            self.daemon.becomes(name, "completed")

    def a_task_that_does_not_wait_fails_with_429(self):
        self.put("none-left", {"quota": {"max": 1, "per": "PT1H"}})
        first = self.daemon.becomes(self.start("strict"), "completed")
        same(first["output"], {"ok": True}, "first")
        said = self.daemon.becomes(self.start("strict"), "completed")["output"]
        same((said["status"], said["type"].rsplit("/", 1)[1]),
             (429, "communication"), "second")
        same(self.state("none-left")["refused"], 1, "refused")

    def a_quota_survives_a_kill_and_warns(self):
        before = self.asked_of("one.test")
        self.put("daily", {"quota": {"max": 3, "per": "P1D"}, "warnAt": 0.6})
        for _ in range(2):
            self.daemon.becomes(self.start("daily"), "completed")
        same("limit.near" in self.daemon.log(), True, "the log tells")
        # What is used is on disk about a second later; until it is, nothing
        # can tell from outside.
        time.sleep(1.5)
        self.restart()
        same(self.state("daily")["keys"][0]["used"], 2, "used")
        self.daemon.becomes(self.start("daily"), "completed")
        name = self.start("daily")
        why = wait_until(lambda: self.blocked(name), "it waits")[0]
        same(why["until"].endswith("T00:00:00.000Z"), True, why["until"])
        self.daemon.stop()
        self.daemon.start()
        same(self.state("daily")["keys"][0]["used"], 3, "used after a stop")
        wait_until(lambda: self.blocked(name), "it waits again")
        same(self.asked_of("one.test") - before, 3, "calls")
        self.put("daily", {"quota": {"max": 4, "per": "P1D"}})
        self.daemon.becomes(name, "completed")

    # --- Hosts and queues -------------------------------------------------------

    def calls_to_a_host_keep_its_rate(self):
        self.put("rated", {"on": {"host": "rated.test"},
                           "rate": {"max": 10, "per": "PT1S", "burst": 1}})
        begun = time.monotonic()
        self.daemon.becomes(self.start("hosts"), "completed")
        same(time.monotonic() - begun >= 0.25, True, "it took its time")
        same(self.asked_of("rated.test"), 4, "calls")

    def a_host_that_says_when_is_left_alone(self):
        self.put("slow", {"on": {"host": "slow.test"},
                          "rate": {"max": 100, "per": "PT1S"}})
        for after in (lambda: "2", lambda: formatdate(time.time() + 3,
                                                      usegmt=True)):
            self.said["slow.test"] = lambda _, after=after: stub.answer(
                503, None, {"Retry-After": after()})
            self.daemon.becomes(self.start("host"), "faulted")
            self.said["slow.test"] = lambda _: stub.answer(200, {"ok": True})
            name = self.start("host")
            wait_until(lambda n=name: self.blocked(n), "it waits for the host")
            same(self.state("slow")["closedUntil"] is not None, True, "closed")
            self.daemon.becomes(name, "completed")

    def jobs_of_a_queue_keep_its_bound_also_after_a_kill(self):
        self.put("reviewers", {"on": {"queue": "review"}, "concurrency": 1})
        names = [self.start("jobs") for _ in range(2)]
        ask = {"worker": {"id": "w"}, "max": 5, "wait": "PT5S"}
        path = "/v1/queues/review/leases"
        given = self.daemon.must("POST", path, ask)["leases"]
        same(len(given), 1, "leases")
        same(self.daemon.ask("POST", path, {**ask, "wait": "PT0.1S"})[0], 204,
             "no more")
        other = [each for each in names
                 if each != given[0]["task"]["instance"]][0]
        same([each["name"] for each in self.blocked(other)], ["reviewers"],
             "explained")
        self.restart()
        wait_until(lambda: self.state("reviewers").get("inUse") == 1, "counted")
        same(self.daemon.ask("POST", path, {**ask, "wait": "PT0.1S"})[0], 204,
             "still no more")
        self.daemon.must("POST", f"/v1/leases/{given[0]['token']}/complete",
                         {"output": 1})
        given = self.daemon.must("POST", path, ask)["leases"]
        same(given[0]["task"]["instance"], other, "the other's turn")
        self.daemon.must("POST", f"/v1/leases/{given[0]['token']}/complete",
                         {"output": 1})
        for name in names:
            self.daemon.becomes(name, "completed")

    # --- Namespaces --------------------------------------------------------------

    def a_namespace_has_no_more_instances_than_it_may(self):
        living = [self.start("hears")]
        self.put("tests", {"on": {"namespace": "tests"}, "live": 2})
        wait_until(lambda: self.state("tests").get("live") == 1, "counted")
        living.append(self.start("hears"))
        body = {"workflow": {"namespace": "tests", "name": "hears"}}
        status, no = self.daemon.ask("POST", "/v1/instances", body)
        same((status, no["code"]), (429, "overloaded"), "third")
        self.restart()
        wait_until(lambda: self.state("tests").get("live") == 2, "counted")
        same(self.daemon.ask("POST", "/v1/instances", body)[0], 429, "again")
        self.daemon.act(living[0], "cancel")
        self.daemon.becomes(living[0], "cancelled")
        living.append(self.start("hears"))
        self.remove("tests")
        for name in living[1:]:
            self.daemon.act(name, "cancel")

    def a_namespace_starts_no_faster_than_it_may(self):
        self.put("tests", {"on": {"namespace": "tests"},
                           "starts": {"max": 1, "per": "PT1H"}})
        name = self.start("hears", id="only-one")
        body = {"workflow": {"namespace": "tests", "name": "hears"},
                "id": "only-one"}
        same(self.daemon.ask("POST", "/v1/instances", body)[0], 409,
             "what is there is told as ever")
        same(self.daemon.ask("POST", "/v1/instances",
                             {**body, "id": "another"})[0], 429, "another")
        self.remove("tests")
        self.daemon.act(name, "cancel")

    # --- As a resource ------------------------------------------------------------

    def what_makes_no_sense_is_refused(self):
        for body in ({}, {"concurrency": 0}, {"rate": {"max": 1}},
                     {"quota": {"max": 1, "per": "PT7H"}},
                     {"on": {"planet": "x"}, "concurrency": 1},
                     {"on": {"host": "a", "queue": "b"}, "concurrency": 1},
                     {"live": 3}, {"colour": "red", "concurrency": 1}):
            status, no = self.daemon.ask("PUT", "/v1/limits/bad", body)
            same((status, bool(no["errors"])), (422, True), f"{body}: {no}")

    def the_client_has_it_all(self):
        self.cli("limit", "set", "sheets", "--rate", "60/m", "--burst", "5",
                 "--quota", "100/P1D", "--description", "by hand")
        kept = self.daemon.must("GET", "/v1/limits/sheets")
        same((kept["rate"], kept["quota"]),
             ({"max": 60, "per": "PT1M", "burst": 5},
              {"max": 100, "per": "P1D"}), "kept")
        same("rate=60/PT1M" in self.cli("limit", "ls"), True, "list")
        same("by hand" in self.cli("limit", "show", "sheets"), True, "show")
        self.cli("limit", "set", "sheets", "--rate", "often", code=2)
        self.cli("limit", "rm", "sheets")
        self.cli("limit", "rm", "sheets", code=3)


def main():
    Limits.main("What limits keep waiting")


if __name__ == "__main__":
    main()
