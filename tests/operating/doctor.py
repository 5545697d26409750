#!/usr/bin/env python3
"""`pawl doctor` finds what was broken on purpose, and nothing else; `pawl
cluster status` tells what there is."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402
from harness import same, wait_until  # noqa: E402

PAWL = pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawl"
SOON = ["--set", "queues.unserved_after=1s"]
JOBS = """document: {dsl: '1.0.3', namespace: tests, name: jobs, version: '1.0.0'}
do: [{job: {call: worker, with: {queue: nobodys, input: {a: 1}}}}]
"""
FAILS = """document: {dsl: '1.0.3', namespace: tests, name: fails, version: '1.0.0'}
schedule: {after: {days: 9}}
do: [{bad: {raise: {error: {type: 'https://x.test/e', status: 500, title: Bad}}}}]
"""


def pawl(url, *words, token=None):
    environment = {k: v for k, v in os.environ.items() if k != "PAWL_TOKEN"}
    environment["HOME"] = "/nonexistent"
    if token:
        environment["PAWL_TOKEN"] = token
    return subprocess.run([PAWL, "--url", url, *words], capture_output=True,
                          text=True, timeout=60, check=False, env=environment)


def doctor(daemon, code, **more):
    """check -> (level, detail, fix) of the worst finding of each check."""
    ran = pawl(f"http://127.0.0.1:{daemon.port}", "doctor", "-o", "json",
               **more)
    same(ran.returncode, code, ran.stdout + ran.stderr)
    ranks = ["ok", "info", "warning", "error"]
    out = {}
    for one in json.loads(ran.stdout)["findings"]:
        was = out.get(one["check"])
        if was is None or ranks.index(was[0]) < ranks.index(one["level"]):
            out[one["check"]] = (one["level"], one["detail"], one["fix"])
    return out


def levels(found):
    return {check: level for check, (level, *_) in found.items()
            if level in ("warning", "error")}


def all_is_well(daemon):
    found = doctor(daemon, 0)
    same(levels(found), {}, "nothing is wrong")
    same(set(found) >= {"server", "version", "clock", "ready", "token", "disk",
                        "quarantine", "queues", "holds", "schedules",
                        "backups"}, True, sorted(found))
    text = pawl(f"http://127.0.0.1:{daemon.port}", "doctor").stdout
    same("ok       server: Reached at" in text, True, text)


def nobody_is_there(_):
    ran = pawl("http://127.0.0.1:1", "doctor", "-o", "json")
    same(ran.returncode, 7, ran.stderr)
    same(json.loads(ran.stdout)["findings"][0]["level"], "error", ran.stdout)


def jobs_that_nobody_does(daemon):
    daemon.start_instance(daemon.define(JOBS), {})
    wait_until(lambda: "queues" in levels(doctor_now(daemon)), "unserved")
    found = doctor(daemon, 1)
    same(found["queues"][2], "pawl worker run nobodys -- COMMAND", "the fix")


def doctor_now(daemon):
    ran = pawl(f"http://127.0.0.1:{daemon.port}", "doctor", "-o", "json")
    return {one["check"]: (one["level"],)
            for one in json.loads(ran.stdout)["findings"]}


def a_schedule_that_fails(daemon):
    daemon.define(FAILS)
    wait_until(lambda: "schedules" in levels(doctor_now(daemon)), "faulted")
    found = doctor(daemon, 1)
    same("tests.fails" in found["schedules"][1], True, found["schedules"])


def a_backup_that_is_overdue(daemon):
    with tempfile.TemporaryDirectory(prefix="pawl-backup-") as folder:
        daemon.stop()
        daemon.options[:] = [*SOON, "--set", f"backup.directory={folder}"]
        daemon.start()
        same(doctor(daemon, 1)["backups"][0], "info", "none yet, none is due")
        daemon.must("POST", "/v1/admin/backups", {})
        same(doctor(daemon, 1)["backups"][0], "ok", "there is one")
        daemon.stop()
        daemon.options[:] = SOON
        daemon.start()


def a_token_that_may_little(daemon):
    admin = daemon.must("POST", "/v1/tokens", {
        "name": "admin", "roles": [{"role": "admin", "namespaces": "*"}]})
    same(levels(doctor_now(daemon)).get("token"), "error", "none is shown")
    viewer = daemon.ask("POST", "/v1/tokens", {
        "name": "viewer", "roles": [{"role": "viewer", "namespaces": ["a"]}]},
        {"Authorization": f"Bearer {admin['token']}"})[1]["token"]
    found = doctor(daemon, 0, token=viewer)
    same("viewer" in found["token"][1], True, found["token"])
    same(found["backups"][0], "info", "may not be looked at")
    found = doctor(daemon, 1, token=admin["token"])
    same("admin" in found["token"][1], True, found["token"])
    same(doctor(daemon, 1, token="pawl_bad")["token"][0], "error", "bad")
    url = f"http://127.0.0.1:{daemon.port}"
    cluster = json.loads(pawl(url, "cluster", "status", "-o", "json",
                              token=admin["token"]).stdout)
    node, = cluster["nodes"]
    same((cluster["size"], node["leader"], node["status"]), (1, True, "ready"),
         cluster)
    same(node["address"], f"127.0.0.1:{daemon.port}", "address")
    same(node["instances"]["hot"] >= 0, True, "hot")
    table = pawl(url, "cluster", "status", token=admin["token"]).stdout
    same("leader" in table, True, table)


def main():
    report = harness.Report("Doctor")
    with harness.Daemon(SOON) as daemon:
        for run in (all_is_well, nobody_is_there, jobs_that_nobody_does,
                    a_schedule_that_fails, a_backup_that_is_overdue,
                    a_token_that_may_little):
            report.check(run.__name__.replace("_", " "),
                         lambda run=run: run(daemon))
    report.finish("doctor.md")


if __name__ == "__main__":
    main()
