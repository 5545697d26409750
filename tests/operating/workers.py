#!/usr/bin/env python3
"""Jobs for workers, over HTTP, against a real daemon that dies in between."""

import concurrent.futures
import subprocess
import time

from cases import in_seconds
from jobs import Jobs

import harness
from harness import same, wait_until


class Workers(Jobs):
    # --- Leases --------------------------------------------------------------

    def a_job_is_done_by_a_worker(self):
        name = self.job("plain", {"n": 1}, task=", timeout: {after: PT1H}")
        same(self.daemon.instance(name)["current"][0]["waitingFor"],
             {"kind": "worker", "queue": "plain"}, "waits")
        lease = self.lease("plain", max=5)
        task = lease["task"]
        same((task["instance"], task["task"], task["attempt"], task["input"],
              task["checkpoint"], task["delivery"], task["definition"]["name"]),
             (name, "/do/0/w", 1, {"n": 1}, None, 1,
              self.daemon.instance(name)["workflow"]["name"]), "task")
        same(task["effectKey"], f"tests/{name}/do/0/w/1", "effect key")
        same(task["deadline"] > lease["leaseUntil"], True, "deadline")
        self.nothing("plain")
        self.completes(lease, {"m": 2})
        ended = self.daemon.instance(name)
        same((ended["status"], ended["output"]), ("completed", {"m": 2}),
             "at once")

    def a_poll_waits_for_a_job(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            coming = pool.submit(self.lease, "late")
            wait_until(lambda: self.count("late", "asking"), "it asks")
            begun = time.monotonic()
            name = self.job("late")
            same(coming.result()["task"]["instance"], name, "the job")
            same(time.monotonic() - begun < 5, True, "at once")
        self.nothing("late", wait="PT0.2S")

    def a_repeat_of_the_same_end_is_answered_alike(self):
        name = self.job("twice")
        lease = self.lease("twice")
        first = self.tell(lease, "complete", {"output": 1})
        for _ in range(2):
            same(self.tell(lease, "complete", {"output": 1}), first, "repeat")
            self.is_lost(lease, "complete", {"output": 2})
            self.is_lost(lease, "fail", {})
            self.is_lost(lease, "heartbeat")
            self.restart()
        same(self.daemon.instance(name)["output"], 1, "output")

    def a_repeated_poll_under_a_key_gets_the_same_leases(self):
        self.job("keyed")
        self.job("keyed")
        key = {"Idempotency-Key": "poll-1"}
        first = self.poll("keyed", headers=key)
        same(self.poll("keyed", headers=key), first, "again")
        same(first[1]["leases"][0]["task"]["instance"]
             != self.lease("keyed")["task"]["instance"], True, "another")

    def bad_requests_are_refused(self):
        for body in ({}, {"worker": {"id": ""}}, {"worker": {"id": "w"},
                                                  "max": 101},
                     {"worker": {"id": "w"}, "wait": "PT2M"},
                     {"worker": {"id": "w"}, "lease": "PT0S"},
                     {"worker": {"id": "w"}, "other": 1}):
            status, no = self.daemon.ask("POST", "/v1/queues/bad/leases", body)
            same((status, no["code"]), (422, "invalid-request"), str(body))
        same(self.daemon.ask("POST", "/v1/queues/a%20b/leases", {})[0], 404,
             "name")
        self.is_lost({"token": "nonsense"}, "heartbeat")

    # --- Loss ----------------------------------------------------------------

    def a_silent_worker_loses_its_job_to_another(self):
        name = self.job("lossy", more=", lease: PT1S")
        first = self.lease("lossy", lease="PT30S")
        begun = time.monotonic()
        second = self.lease("lossy", worker="w2", lease="PT30S")
        waited = time.monotonic() - begun
        same(0.5 < waited < 2.2, True, f"waited {waited:.1f} s")
        same(second["task"]["fencing"] > first["task"]["fencing"], True,
             "fencing")
        same((second["task"]["effectKey"], second["task"]["attempt"],
              second["task"]["delivery"]),
             (first["task"]["effectKey"], 1, 2), "task")
        for verb in ("heartbeat", "complete", "fail", "release"):
            self.is_lost(first, verb)
        self.completes(second, "two")
        same(self.daemon.instance(name)["output"], "two", "output")

    def who_is_late_but_alone_may_still_complete(self):
        name = self.job("lonely")
        lease = self.lease("lonely", lease="PT1S")
        wait_until(lambda: self.count("lonely", "ready"),
                   "it is back in its queue")
        self.completes(lease, "late")
        same(self.daemon.instance(name)["output"], "late", "output")
        self.nothing("lonely")

    def a_heartbeat_keeps_the_job_and_its_checkpoint(self):
        self.job("beats")
        lease = self.lease("beats", lease="PT3S")
        beat = 0
        while in_seconds(-1) <= lease["leaseUntil"]:
            beat += 1
            status, said = self.tell(lease, "heartbeat", {
                "checkpoint": {"at": beat}, "progress": 0.8})
            same((status, said["directive"]), (200, "continue"), "beat")
        self.nothing("beats")
        shown = self.daemon.must("GET", "/v1/queues/beats")
        same((shown["leased"], shown["leases"][0]["progress"],
              shown["workers"][0]["id"]), (1, 0.8, "w1"), "queue")
        same(self.tell(lease, "release")[0], 200, "release")
        self.is_lost(lease, "complete")
        again = self.lease("beats", worker="w2")
        same((again["task"]["checkpoint"], again["task"]["delivery"]),
             ({"at": beat}, 1), "checkpoint, and no delivery counted")
        self.completes(again, None)

    def a_failure_is_tried_again_unless_the_worker_knows_better(self):
        wrap = ("do: [{g: {try: %s, catch: {retry: {limit: {attempt: "
                "{count: 3}}}}}}]")
        name = self.job("fails", wrap=wrap)
        first = self.lease("fails")
        same(self.tell(first, "fail", {"error": {"title": "Busy"}})[0], 200,
             "fail")
        second = self.lease("fails")
        same((second["task"]["attempt"],
              second["task"]["effectKey"] == first["task"]["effectKey"],
              second["task"]["fencing"] > first["task"]["fencing"]),
             (2, True, True), "second attempt")
        same(self.tell(second, "fail", {
            "error": {"type": "https://example.com/bad", "title": "Bad",
                      "detail": "no such page", "status": 418},
            "retryable": False})[0], 200, "fail")
        error = self.daemon.becomes(name, "faulted")["error"]
        same((error["status"], error["title"], error["instance"]),
             (418, "Bad", "/do/0/g/try/0/w"), "error")

    # --- kill -9 -------------------------------------------------------------

    def a_lease_survives_the_death_of_the_daemon(self):
        name = self.job("crash")
        lease = self.lease("crash", lease="PT60S")
        same(self.tell(lease, "heartbeat", {"checkpoint": [1]})[0], 200, "beat")
        self.restart()
        same(self.tell(lease, "heartbeat", {})[0], 200, "beat after")
        self.nothing("crash")
        self.restart()
        self.completes(lease, "done")  # Between act and complete.
        same(self.daemon.instance(name)["output"], "done", "output")
        same(self.tell(lease, "complete", {"output": "done"})[0], 200, "again")
        self.restart()
        same(self.tell(lease, "complete", {"output": "done"})[0], 200, "again")

    def fencing_and_checkpoints_grow_through_restarts(self):
        self.job("fence")
        seen = []
        for i in range(3):
            lease = self.lease("fence")
            seen.append(lease["task"]["fencing"])
            same(lease["task"]["checkpoint"], i or None, "checkpoint")
            self.tell(lease, "heartbeat", {"checkpoint": i + 1})
            self.tell(lease, "release")
            self.restart()
        same(seen == sorted(set(seen)), True, f"fencing {seen}")

    def jobs_are_in_their_queues_again_after_a_restart(self):
        names = {self.job("again", {"n": n}) for n in range(3)}
        self.restart()
        wait_until(lambda: self.count("again", "ready") == 3, "all are ready")
        leases = self.poll("again", max=10)[1]["leases"]
        same({each["task"]["instance"] for each in leases}, names, "jobs")
        same([each["task"]["input"]["n"] for each in leases], [0, 1, 2], "order")

    def a_client_that_has_hung_up_gets_no_job(self):
        asks = self.spawn("worker", "run", "ghost", "--", "cat",
                          stderr=subprocess.PIPE)
        wait_until(lambda: self.daemon.ask("GET", "/v1/queues/ghost")[0] == 200,
                   "it asks")
        asks.kill()
        asks.wait()
        self.job("ghost")
        wait_until(lambda: self.poll("ghost")[0] == 200, "somebody else has it",
                   3)

    # --- Verbs ---------------------------------------------------------------

    def a_pause_stops_what_nobody_has_at_once(self):
        name = self.job("idle")
        self.daemon.act(name, "pause")
        self.daemon.becomes(name, "suspended")
        self.nothing("idle")
        self.daemon.act(name, "resume")
        self.completes(self.lease("idle"), 1)
        self.daemon.becomes(name, "completed")

    def a_pause_drains_what_a_worker_has(self):
        name = self.job("drains")
        lease = self.lease("drains")
        same(self.daemon.ask("POST", f"/v1/instances/{name}/pause", {})[0], 202,
             "pause")
        same(self.tell(lease, "heartbeat")[1]["directive"], "continue", "word")
        self.restart()
        same(self.daemon.instance(name)["status"], "suspending", "status")
        self.completes(lease, 7)
        same(self.daemon.becomes(name, "suspended")["output"], None, "output")
        self.daemon.act(name, "resume")
        same(self.daemon.becomes(name, "completed")["output"], 7, "output")

    def a_pause_ends_with_the_lease(self):
        name = self.job("ends")
        lease = self.lease("ends", lease="PT1S")
        self.daemon.ask("POST", f"/v1/instances/{name}/pause", {})
        self.daemon.becomes(name, "suspended")
        self.is_lost(lease, "complete", {"output": 1})
        self.daemon.act(name, "resume")
        again = self.lease("ends")
        same(again["task"]["effectKey"], lease["task"]["effectKey"], "key")
        self.completes(again, 2)
        same(self.daemon.becomes(name, "completed")["output"], 2, "output")

    def an_interrupting_pause_tells_the_worker(self):
        name = self.job("stops")
        lease = self.lease("stops")
        self.daemon.ask("POST", f"/v1/instances/{name}/pause",
                        {"mode": "interrupt"})
        status, said = self.tell(lease, "heartbeat", {"checkpoint": "half"})
        same((status, said["directive"], said["leaseUntil"]),
             (200, "pause", lease["leaseUntil"]), "word")
        same(self.tell(lease, "release")[0], 200, "release")
        self.daemon.becomes(name, "suspended")
        self.daemon.act(name, "resume")
        again = self.lease("stops")
        same(again["task"]["checkpoint"], "half", "checkpoint")
        self.completes(again, 1)
        self.daemon.becomes(name, "completed")

    def a_resume_before_the_stop_gives_the_job_away_again(self):
        name = self.job("quick")
        self.lease("quick", lease="PT1S")
        self.daemon.ask("POST", f"/v1/instances/{name}/pause", {})
        self.daemon.act(name, "resume")
        self.completes(self.lease("quick", worker="w2"), 1)
        self.daemon.becomes(name, "completed")

    def a_cancel_tells_the_worker_and_waits_for_it(self):
        name = self.job("cancels")
        lease = self.lease("cancels")
        same(self.daemon.ask("POST", f"/v1/instances/{name}/cancel", {})[0],
             202, "cancel")
        same(self.tell(lease, "heartbeat")[1]["directive"], "cancel", "word")
        self.tell(lease, "release")
        self.daemon.becomes(name, "cancelled")
        self.is_lost(lease, "complete", {"output": 1})
        idle = self.job("cancels")
        self.daemon.ask("POST", f"/v1/instances/{idle}/cancel", {})
        self.daemon.becomes(idle, "cancelled")
        self.nothing("cancels")

    def a_task_that_is_over_is_nobodys(self):
        timed = self.job("over", task=", timeout: {after: PT1S}")
        skipped = self.job("over")
        leases = [self.lease("over"), self.lease("over")]
        self.daemon.act(skipped, "skip", {"output": 1})
        self.daemon.becomes(timed, "faulted")
        for lease in leases:
            self.is_lost(lease, "heartbeat")
            self.is_lost(lease, "complete", {"output": 2})
        same(self.daemon.instance(skipped)["output"], 1, "output")
        self.nothing("over")

    def explain_says_who_has_it_and_who_does_not_ask(self):
        name = self.job("asked")

        def why():
            return self.explain(name)["blockedBy"][0]
        same("no worker has asked for work on the queue asked"
             in why()["detail"], True, "nobody")
        same((why()["workers"], why()["lastPoll"]), (0, None), "nobody")
        lease = self.lease("asked", worker="bob")
        same((why()["worker"], why()["leaseUntil"]),
             ("bob", lease["leaseUntil"]), "somebody")
        self.completes(lease, 1)

    def labels_keys_and_priorities_decide_who_gets_what(self):
        self.job("orders", {"n": 1}, more=", labels: {gpu: a100}")
        for n, key in ((2, "a"), (3, "a"), (4, "b")):
            self.job("orders", {"n": n, "key": key}, more=", key: '${ .key }'")
        self.job("orders", {"n": 5}, more=", priority: 9")
        given = [each["task"]["input"]["n"] for each in
                 self.poll("orders", max=10)[1]["leases"]]
        same(given, [5, 2, 4, 3], "without the label")
        same(self.lease("orders", labels={"gpu": "a100", "os": "x"})["task"]
             ["input"]["n"], 1, "with it")

    def queues_come_in_pages(self):
        for queue in ("page-a", "page-b", "page-c"):
            self.job(queue)
        names = [each["name"] for each in
                 self.daemon.must("GET", "/v1/queues")["items"]]
        listed, cursor = [], ""
        while cursor is not None:
            page = self.daemon.must("GET", "/v1/queues?limit=2" + (
                f"&cursor={cursor}" if cursor else ""))
            listed += [each["name"] for each in page["items"]]
            cursor = page["nextCursor"]
        same(listed, names, "queues")
        same(self.daemon.ask("GET", "/v1/queues?limit=0")[0], 422, "limit")


def a_queue_that_nobody_serves_is_told():
    with harness.Daemon(environment={
            "PAWL_QUEUES_UNSERVED_AFTER": "1s"}) as daemon:
        workers = Workers(daemon)
        workers.job("alone")
        wait_until(lambda: "queue.unserved" in daemon.log(), "the line")
        text = daemon.ask("GET", "/metrics")[1]
        same('pawl_queue_unserved{queue="alone"} 1' in text, True, "metric")
        same('pawl_queue_ready{queue="alone"} 1' in text, True, "metric")
        same("unserved" in workers.cli("queue", "ls"), True, "queue ls")
        workers.completes(workers.lease("alone"), 1)
        text = daemon.ask("GET", "/metrics")[1]
        same('pawl_queue_completed_total{queue="alone"} 1' in text, True,
             "metric")


def main():
    Workers.main("Workers", [a_queue_that_nobody_serves_is_told])


if __name__ == "__main__":
    main()
