#!/usr/bin/env python3
"""The audit log: every change is in it, through crashes too, and its chain can
be checked by anybody."""

import hashlib
import http.client
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402
from harness import same, wait_until  # noqa: E402
from tenancy import World, document, role, run_all  # noqa: E402


class Audit(World):
    def audit(self, **filters):
        query = "&".join(f"{k}={v}" for k, v in filters.items())
        return self.ok("GET", f"/v1/audit?limit=1000&{query}")["items"]

    def every_change_is_in_the_audit_log(self):
        operator = self.a_operator.split("_")[1]
        name = self.start("a", "hears", self.a_operator)
        for verb in ("pause", "resume", "cancel"):
            self.ok("POST", f"/v1/instances/{name}/{verb}",
                    {"reason": f"to {verb}"}, self.a_operator)
        self.ok("DELETE", f"/v1/instances/{name}", token=self.a_operator)
        for verb in ("pause", "resume"):
            self.ok("POST", f"/v1/schedules/a.nightly/{verb}",
                    {"reason": "r"}, self.a_operator)
        self.ok("POST", "/v1/schedules/a.nightly/trigger", {}, self.a_operator)
        self.ok("POST", "/v1/events?namespace=a",
                {"specversion": "1.0", "type": "com.example.no", "source": "/t",
                 "id": "audit"}, self.a_operator,
                kind="application/cloudevents+json")
        seen = self.audit(who=f"token:{operator}", order="oldest")
        mine = [(each["action"], each["namespace"], each["target"],
                 each["reason"], each["status"])
                for each in seen[-9:]]
        same([each[0] for each in mine],
             ["startInstance", "pauseInstance", "resumeInstance",
              "cancelInstance", "removeInstance", "pauseSchedule",
              "resumeSchedule", "triggerSchedule", "publishEvents"], "actions")
        same(mine[1], ("pauseInstance", "a", name, "to pause", 200), "pause")
        same(mine[0][4], 201, "start")
        same(mine[8][2], "com.example.no", "event")
        same(sorted({each["from"] for each in seen}), ["127.0.0.1"], "from")
        status, _ = self.ask("POST", f"/v1/instances/{name}/pause", {},
                             self.a_viewer)
        same(status, 403, "refused")
        harness.wait_until(
            lambda: [each for each in self.audit(action="pauseInstance")
                     if each["status"] == 403
                     and each["who"].endswith("(a viewer)")],
            "the refusal is recorded")
        uid = f"uid:{os.getuid()}"
        same(any(each["action"] == "createToken" and each["from"] == "unix"
                 for each in self.audit(who=uid)), True, "by the socket")

    def what_workers_tell_is_in_the_audit_log(self):
        mine = self.made("q of a", role("worker:q", "a"))
        who = f"token:{mine.split('_')[1]} (q of a)"
        other = self.made("r of a", role("worker:r", "a"))

        def leased():
            name = self.start("a", "works")
            said = self.ok("POST", "/v1/queues/q/leases",
                           {"worker": {"id": "w"}, "wait": "PT20S"}, mine)
            same(said["leases"][0]["task"]["instance"], name, "its job")
            return name, f"/v1/leases/{said['leases'][0]['token']}"
        name, lease = leased()
        for verb in ("heartbeat", "complete", "fail", "release"):
            status, said = self.ask("POST", f"{lease}/{verb}", {}, other)
            same((status, said["code"]), (409, "lease-lost"), f"foreign {verb}")
        self.ok("POST", f"{lease}/heartbeat", {}, mine)
        self.ok("POST", f"{lease}/release?reason=going%20home", {}, mine)
        lease = self.ok("POST", "/v1/queues/q/leases",
                        {"worker": {"id": "w"}, "wait": "PT20S"},
                        mine)["leases"][0]
        for _ in range(2):  # A repeat changes nothing.
            self.ok("POST", f"/v1/leases/{lease['token']}/complete",
                    {"output": 1}, mine)
        failed, lease = leased()
        self.ok("POST", f"{lease}/fail", {"error": {"title": "no"}}, mine)
        told = [(each["action"], each["namespace"], each["target"],
                 each["reason"], each["from"])
                for each in self.audit(who=f"token:{mine.split('_')[1]}",
                                       order="oldest")]
        same(told, [("releaseLease", "a", f"{name} /do/0/job", "going home",
                     "127.0.0.1"),
                    ("completeLease", "a", f"{name} /do/0/job", "",
                     "127.0.0.1"),
                    ("failLease", "a", f"{failed} /do/0/job", "",
                     "127.0.0.1")], f"told by {who}")

    def a_reason_without_a_body_is_kept(self):
        name = self.start("a", "hears", self.a_operator)
        self.ok("POST", f"/v1/instances/{name}/cancel", {}, self.a_operator)
        self.ok("DELETE", f"/v1/instances/{name}?reason=a%20m%C3%BCddle",
                token=self.a_operator)
        self.ok("PUT", "/v1/flags/why?namespace=a&reason=to%20see",
                {"value": 1}, self.a_operator)
        self.cli("-n", "a", "flag", "rm", "why", "--reason", "seen",
                 token=self.a_operator)
        same([(each["action"], each["reason"])
              for each in self.audit(target="why", order="oldest")],
             [("putFlag", "to see"), ("removeFlag", "seen")], "of the flag")
        same(self.audit(action="removeInstance")[0]["reason"], "a müddle",
             "of the purge")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as flow:
            flow.write(document("a", "quick").replace("quick", "why"))
            flow.flush()
            self.cli("run", flow.name, "--reason", "to try it",
                     token=self.admin)
        same([(each["action"], each["reason"])
              for each in self.audit()[:2]],
             [("startInstance", "to try it"), ("define", "to try it")], "run")
        status, said = self.ask(
            "DELETE", f"/v1/flags/why?namespace=a&reason={'x' * 4097}",
            token=self.a_operator)
        same((status, said["code"]), (422, "invalid-request"), "too long")

    def a_repeat_and_a_change_of_nothing_leave_no_record(self):
        name = self.start("a", "hears")
        before = len(self.audit(target=name))
        for _ in range(2):
            self.ok("POST", f"/v1/instances/{name}/resume", {})
        key = {"Idempotency-Key": f"pause-{name}"}
        for _ in range(2):
            self.ok("POST", f"/v1/instances/{name}/pause", {}, headers=key)
        same(len(self.audit(target=name)), before + 1, "records")

    def no_acknowledged_change_lacks_its_record(self):
        stop = threading.Event()
        acked = []

        def work():
            while not stop.is_set():
                try:
                    acked.append(self.start("a", "quick"))
                except (OSError, harness.Refused, http.client.HTTPException):
                    stop.wait(0.02)
        workers = [threading.Thread(target=work) for _ in range(4)]
        for each in workers:
            each.start()
        for _ in range(3):
            done = len(acked)
            wait_until(lambda d=done: len(acked) > d + 50, "starts go through")
            self.daemon.process.send_signal(signal.SIGKILL)
            self.daemon.process.wait()
            self.daemon.start()
        stop.set()
        for each in workers:
            each.join()
        recorded, cursor = set(), ""
        while cursor is not None:
            page = self.ok("GET", "/v1/audit?action=startInstance&limit=1000"
                           + (f"&cursor={cursor}" if cursor else ""))
            recorded |= {each["target"] for each in page["items"]}
            cursor = page["nextCursor"]
        same(len(acked) > 50, True, f"{len(acked)} starts")
        same(sorted(set(acked) - recorded), [], "starts without a record")
        found = self.ok("GET", "/v1/audit/verify")
        same((found["ok"], found["complete"]), (True, True), f"{found}")

    def the_chain_can_be_checked_by_anybody(self):
        items = self.audit(order="oldest")
        before = "0" * 64
        for each in items:
            own = each.pop("hash")
            same(each["previous"], before, "previous")
            text = json.dumps(each, sort_keys=True, separators=(",", ":"),
                              ensure_ascii=False)
            same(hashlib.sha256(text.encode()).hexdigest(), own, "hash")
            before = own

    def a_secret_does_not_get_into_the_audit_log(self):
        self.ask("PUT", "/v1/secrets/key", {"value": "hunter-two"}, self.admin)
        same("hunter-two" in json.dumps(self.audit()), False, "leaked")

    def pawl_reads_the_audit_log(self):
        name = self.start("a", "hears")
        self.cli("pause", name, "--reason", "for the audit", token=self.admin)
        listed = self.cli("audit", "ls", "--target", name, token=self.admin)
        same("for the audit" in listed, True, listed)
        lines = self.cli("audit", "ls", "--all", "-o", "jsonl",
                         token=self.admin).splitlines()
        same(len(lines) > 20, True, "records")
        self.cli("audit", "verify", token=self.admin)
        self.cli("audit", "ls", code=5, token=self.a_viewer)


if __name__ == "__main__":
    run_all(Audit, "The audit log").finish("audit.md")
