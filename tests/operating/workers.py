#!/usr/bin/env python3
"""Jobs for workers, over HTTP and with `pawl worker run`, against a real daemon
that dies in between."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import cases  # noqa: E402
import harness  # noqa: E402
from harness import same, wait_until  # noqa: E402

FLOW = "do: [{w: {call: worker, with: {queue: %s, input: '${ . }'%s}%s}}]"
PAWL = pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawl"


class Workers:
    def __init__(self, daemon):
        self.daemon = daemon
        self.flows = {}

    # --- What the scenarios are made of --------------------------------------

    def start(self, queue, given=None, more="", task="", wrap=None, **how):
        """An instance with one job; its id."""
        flow = FLOW % (queue, more, task)
        if wrap:
            flow = wrap % flow[len("do: "):]
        if flow not in self.flows:
            self.flows[flow] = self.daemon.define(
                "document: {dsl: '1.0.3', namespace: tests, name: "
                f"w{len(self.flows)}, version: '1.0.0'}}\n{flow}\n")
        cases.next_millisecond()  # That is how they are ordered.
        return self.daemon.start_instance(self.flows[flow], given or {},
                                          **how)["id"]

    def poll(self, queue, worker="w1", headers=None, **more):
        labels = more.pop("labels", {})
        return self.daemon.ask(
            "POST", f"/v1/queues/{queue}/leases",
            {"worker": {"id": worker, "labels": labels}, **more}, headers)

    def lease(self, queue, **more):
        """A lease of one job, which must come."""
        status, answer = self.poll(queue, **{"wait": "PT10S", **more})
        same(status, 200, f"poll of {queue}: {answer}")
        same(len(answer["leases"]), 1, "leases")
        return answer["leases"][0]

    def asking(self, queue):
        """How many polls of this queue wait for a job."""
        status, shown = self.daemon.ask("GET", f"/v1/queues/{queue}")
        return shown["asking"] if status == 200 else 0

    def tell(self, lease, verb, body=None, headers=None):
        return self.daemon.ask("POST", f"/v1/leases/{lease['token']}/{verb}",
                               body or {}, headers)

    def completes(self, lease, output):
        same(self.tell(lease, "complete", {"output": output})[0], 200,
             "complete")

    def is_lost(self, lease, verb, body=None):
        status, no = self.tell(lease, verb, body)
        same((status, no["code"]), (409, "lease-lost"), f"late {verb}: {no}")

    def nothing(self, queue, **more):
        same(self.poll(queue, **more)[0], 204, f"poll of {queue}")

    def restart(self):
        self.daemon.kill()
        self.daemon.start()

    def cli(self, *words, code=0, **more):
        ran = subprocess.run([PAWL, "--url", self.url(), *words],
                             capture_output=True, text=True, timeout=60,
                             check=False, **more)
        same(ran.returncode, code, f"code of {words}: {ran.stderr}")
        return ran.stdout

    def url(self):
        return f"http://127.0.0.1:{self.daemon.port}"

    # --- Leases --------------------------------------------------------------

    def a_job_is_done_by_a_worker(self):
        name = self.start("plain", {"n": 1}, task=", timeout: {after: PT1H}")
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
            wait_until(lambda: self.asking("late"), "it asks")
            begun = time.monotonic()
            name = self.start("late")
            same(coming.result()["task"]["instance"], name, "the job")
            same(time.monotonic() - begun < 5, True, "at once")
        self.nothing("late", wait="PT0.2S")

    def a_repeat_of_the_same_end_is_answered_alike(self):
        name = self.start("twice")
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
        self.start("keyed")
        self.start("keyed")
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
        name = self.start("lossy", more=", lease: PT1S")
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
        name = self.start("lonely")
        lease = self.lease("lonely", lease="PT1S")
        wait_until(lambda: self.daemon.must("GET", "/v1/queues/lonely")["ready"],
                   "it is back in its queue")
        self.completes(lease, "late")
        same(self.daemon.instance(name)["output"], "late", "output")
        self.nothing("lonely")

    def a_heartbeat_keeps_the_job_and_its_checkpoint(self):
        self.start("beats")
        lease = self.lease("beats", lease="PT3S")
        beat = 0
        while cases.in_seconds(-1) <= lease["leaseUntil"]:
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
        name = self.start("fails", wrap=wrap)
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
        name = self.start("crash")
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
        self.start("fence")
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
        names = {self.start("again", {"n": n}) for n in range(3)}
        self.restart()
        wait_until(lambda: self.daemon.ask("GET", "/v1/queues/again")[0] == 200
                   and self.daemon.must("GET", "/v1/queues/again")["ready"] == 3,
                   "all are ready")
        leases = self.poll("again", max=10)[1]["leases"]
        same({each["task"]["instance"] for each in leases}, names, "jobs")
        same([each["task"]["input"]["n"] for each in leases], [0, 1, 2], "order")

    def a_client_that_has_hung_up_gets_no_job(self):
        asks = subprocess.Popen(
            [PAWL, "--url", self.url(), "worker", "run", "ghost", "--", "cat"],
            stderr=subprocess.PIPE)
        wait_until(lambda: self.daemon.ask("GET", "/v1/queues/ghost")[0] == 200,
                   "it asks")
        asks.kill()
        asks.wait()
        self.start("ghost")
        wait_until(lambda: self.poll("ghost")[0] == 200, "somebody else has it",
                   3)

    # --- Verbs ---------------------------------------------------------------

    def a_pause_stops_what_nobody_has_at_once(self):
        name = self.start("idle")
        self.daemon.act(name, "pause")
        self.daemon.becomes(name, "suspended")
        self.nothing("idle")
        self.daemon.act(name, "resume")
        self.completes(self.lease("idle"), 1)
        self.daemon.becomes(name, "completed")

    def a_pause_drains_what_a_worker_has(self):
        name = self.start("drains")
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
        name = self.start("ends")
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
        name = self.start("stops")
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
        name = self.start("quick")
        self.lease("quick", lease="PT1S")
        self.daemon.ask("POST", f"/v1/instances/{name}/pause", {})
        self.daemon.act(name, "resume")
        self.completes(self.lease("quick", worker="w2"), 1)
        self.daemon.becomes(name, "completed")

    def a_cancel_tells_the_worker_and_waits_for_it(self):
        name = self.start("cancels")
        lease = self.lease("cancels")
        same(self.daemon.ask("POST", f"/v1/instances/{name}/cancel", {})[0],
             202, "cancel")
        same(self.tell(lease, "heartbeat")[1]["directive"], "cancel", "word")
        self.tell(lease, "release")
        self.daemon.becomes(name, "cancelled")
        self.is_lost(lease, "complete", {"output": 1})
        idle = self.start("cancels")
        self.daemon.ask("POST", f"/v1/instances/{idle}/cancel", {})
        self.daemon.becomes(idle, "cancelled")
        self.nothing("cancels")

    def a_task_that_is_over_is_nobodys(self):
        timed = self.start("over", task=", timeout: {after: PT1S}")
        skipped = self.start("over")
        leases = [self.lease("over"), self.lease("over")]
        self.daemon.act(skipped, "skip", {"output": 1})
        self.daemon.becomes(timed, "faulted")
        for lease in leases:
            self.is_lost(lease, "heartbeat")
            self.is_lost(lease, "complete", {"output": 2})
        same(self.daemon.instance(skipped)["output"], 1, "output")
        self.nothing("over")

    def explain_says_who_has_it_and_who_does_not_ask(self):
        name = self.start("asked")

        def why():
            return self.daemon.must(
                "GET", f"/v1/instances/{name}/explain")["blockedBy"][0]
        same("no worker has asked for work on the queue asked"
             in why()["detail"], True, "nobody")
        same((why()["workers"], why()["lastPoll"]), (0, None), "nobody")
        lease = self.lease("asked", worker="bob")
        same((why()["worker"], why()["leaseUntil"]),
             ("bob", lease["leaseUntil"]), "somebody")
        self.completes(lease, 1)

    def labels_keys_and_priorities_decide_who_gets_what(self):
        self.start("orders", {"n": 1}, more=", labels: {gpu: a100}")
        for n, key in ((2, "a"), (3, "a"), (4, "b")):
            self.start("orders", {"n": n, "key": key}, more=", key: '${ .key }'")
        self.start("orders", {"n": 5}, more=", priority: 9")
        given = [each["task"]["input"]["n"] for each in
                 self.poll("orders", max=10)[1]["leases"]]
        same(given, [5, 2, 4, 3], "without the label")
        same(self.lease("orders", labels={"gpu": "a100", "os": "x"})["task"]
             ["input"]["n"], 1, "with it")

    def queues_come_in_pages(self):
        for queue in ("page-a", "page-b", "page-c"):
            self.start(queue)
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

    # --- With `pawl` ---------------------------------------------------------

    def worker(self, queue, *command, options=()):
        return subprocess.Popen(
            [PAWL, "--url", self.url(), "worker", "run", queue, "--lease", "3",
             *options, "--", *command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def the_client_runs_a_command_for_each_job(self):
        names = [self.start("cmds", {"n": n}) for n in range(3)]
        script = ("import json, os, sys; t = json.load(sys.stdin); "
                  "print(json.dumps({'n': t['input']['n'] * 2, "
                  "'key': os.environ['PAWL_EFFECT_KEY'] == t['effectKey']}))")
        asks = self.worker("cmds", sys.executable, "-c", script,
                           options=("--max", "2", "--id", "me"))
        for n, name in enumerate(names):
            same(self.daemon.becomes(name, "completed")["output"],
                 {"n": 2 * n, "key": True}, "output")
        same("cmds" in self.cli("queue", "ls"), True, "queue ls")
        shown = json.loads(self.cli("queue", "ls", "-o", "json"))
        same([each["workers"] for each in shown["items"]
              if each["name"] == "cmds"], [1], "workers")
        asks.terminate()
        same(asks.wait(10), 0, "it ends")
        same(asks.stderr.read().count("completed"), 3, "what it says")

    def exit_codes_decide_about_retries(self):
        wrap = ("do: [{g: {try: %s, catch: {retry: {limit: {attempt: "
                "{count: 2}}}}}}]")
        asks = self.worker("codes", "sh", "-c",
                           "read t; case $t in *never*) exit 65;; "
                           "*text*) echo words;; *) exit 3;; esac")
        for given, attempts in (("never", 1), ("again", 3), ("text", 1)):
            name = self.start("codes", {"do": given}, wrap=wrap)
            self.daemon.becomes(name, "faulted")
            begun = [each for each in self.daemon.history(name)
                     if each["type"] == "task.started"
                     and each["task"].endswith("/w")]
            same(len(begun), attempts, given)
        asks.terminate()
        asks.wait()

    def a_killed_client_loses_its_job_to_another(self):
        name = self.start("kills")
        first = self.worker("kills", "sleep", "60")
        wait_until(lambda: self.daemon.ask("GET", "/v1/queues/kills")[0] == 200
                   and self.daemon.must("GET", "/v1/queues/kills")["leased"],
                   "it runs")
        first.kill()
        second = self.worker("kills", "echo", '"second"')
        same(self.daemon.becomes(name, "completed")["output"], "second",
             "output")
        second.terminate()
        second.wait()

    def the_client_survives_the_daemon(self):
        name = self.start("stays")
        go, gone = self.daemon.folder / "go", self.daemon.folder / "gone"
        asks = self.worker("stays", "sh", "-c", f"until [ -e {go} ]; do "
                           f"sleep 0.05; done; echo 5; touch {gone}")
        wait_until(lambda: self.daemon.ask("GET", "/v1/queues/stays")[0] == 200
                   and self.daemon.must("GET", "/v1/queues/stays")["leased"],
                   "it runs")
        self.daemon.kill()
        go.touch()
        wait_until(gone.exists, "the command ends meanwhile")
        self.daemon.start()
        same(self.daemon.becomes(name, "completed")["output"], 5, "output")
        same(self.daemon.becomes(self.start("stays"), "completed")["output"], 5,
             "it asks again")
        asks.terminate()
        same(asks.wait(10), 0, "it ends")

    def a_cancel_ends_the_command_and_sigterm_does_not(self):
        name = self.start("ended")
        asks = self.worker("ended", "sh", "-c",
                           "read t; case $t in *long*) sleep 60;; esac; "
                           "sleep 1; echo 1", options=("--max", "2"))
        long = self.start("ended", {"how": "long"})
        wait_until(lambda: self.daemon.ask("GET", "/v1/queues/ended")[0] == 200
                   and self.daemon.must("GET", "/v1/queues/ended")["leased"]
                   == 2, "both run")
        self.daemon.ask("POST", f"/v1/instances/{long}/cancel", {})
        asks.send_signal(signal.SIGTERM)
        same(self.daemon.becomes(name, "completed")["output"], 1, "drained")
        self.daemon.becomes(long, "cancelled")
        same(asks.wait(15), 0, "it ends")

    def the_examples_work(self):
        for kind, *command in (("python", sys.executable, "worker.py"),
                               ("shell", "sh", "worker.sh"),
                               ("javascript", "node", "worker.mjs")):
            needed = ("curl", "jq") if kind == "shell" else command[:1]
            if not all(map(shutil.which, needed)):
                continue
            name = self.start(f"{kind}-words", {"text": "a bb a"})
            asks = subprocess.Popen(
                [*command, f"{kind}-words"], cwd=harness.ROOT / "examples"
                / "workers" / kind, env={**os.environ, "PAWL_URL": self.url()})
            try:
                same(self.daemon.becomes(name, "completed")["output"]["words"],
                     3, kind)
            finally:
                asks.terminate()
                asks.wait()


def a_queue_that_nobody_serves_is_told():
    with harness.Daemon(environment={
            "PAWL_QUEUES_UNSERVED_AFTER": "1s"}) as daemon:
        workers = Workers(daemon)
        workers.start("alone")
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
    report = cases.run_all(Workers, "Workers")
    cases.check(report, [a_queue_that_nobody_serves_is_told])
    report.finish("workers.md")


if __name__ == "__main__":
    main()
