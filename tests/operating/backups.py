#!/usr/bin/env python3
"""Backups, their restore and their damage, over HTTP and with `pawl` and
`pawld`, against real daemons that die in between."""

import json
import pathlib
import random
import sys
import tempfile
import threading
import time

from cases import check, finish, of, run
from shelves import HEARS, SETS, Kept, flow

import harness
import stub
from harness import same, wait_until

SECRET = "the-plain-text-of-a-secret-4711"
ASKS = ("- ask: {call: http, with: {method: post, "
        "endpoint: 'http://svc.test/', body: {}}, "
        "output: {schema: {document: {type: object}}}}\n"
        "- after: {set: {done: true}}")


def files_with(folder, needle):
    return [f for f in folder.rglob("*")
            if f.is_file() and needle in f.read_bytes()]


def a_backup_restores_what_was_acknowledged():
    scratch = tempfile.TemporaryDirectory(prefix="pawl-restored-")
    root = pathlib.Path(scratch.name)
    key = root / "key"
    key.write_text("0123456789abcdef" * 4 + "\n")
    key.chmod(0o600)
    held = threading.Event()

    def serve(call):
        if call.host == "svc.test":
            held.wait(20)
        return stub.answer(200, {})
    services = stub.Stub(serve)
    settings = (f"secrets.key_file={key}", "drain_timeout=1s")
    with Kept(*settings, environment=services.environment()) as daemon:
        flows = {name: daemon.define(flow(name, work))
                 for name, work in (("sets", SETS), ("hears", HEARS),
                                    ("asks", ASKS))}
        daemon.must("PUT", "/v1/secrets/api", {"value": SECRET})
        for i in range(30):
            daemon.start_instance(flows["sets"], {}, wait=5, id=f"done{i}")
        daemon.start_instance(flows["hears"], {}, id="waits")
        daemon.becomes("waits", "waiting")
        daemon.start_instance(flows["asks"], {}, id="calls")
        wait_until(lambda: services.seen, "the call is out")
        daemon.pawl("backup", "create")
        daemon.start_instance(flows["sets"], {}, wait=5, id="late")
        taken = json.loads(daemon.pawl("backup", "ls", "-o", "json"))
        same([b["name"] for b in taken["items"]], ["1"])
        same(taken["directory"], str(daemon.shelf))
        daemon.kill()
        same(files_with(daemon.shelf, SECRET.encode()), [])
        same(files_with(daemon.shelf, key.read_bytes().strip()), [])
        run("pawld", "backup", "verify", daemon.shelf)
        target = root / "restored"
        told = run("pawl", "backup", "restore", "--from", daemon.shelf,
                   "--to", target).stdout
        if "2 live instances are suspended" not in told:
            raise AssertionError(told)
        run("pawl", "backup", "restore", "--from", daemon.shelf, "--to",
            target, code=64)
        run("pawld", "verify", "--data-dir", target)
        check_restored(services, held, target, taken["items"][0], settings)
    services.close()
    scratch.cleanup()


def check_restored(services, held, target, backup, settings):
    def asked():
        return [r for r in services.seen if r.host == "svc.test"]
    calls = len(asked())
    other = harness.Daemon([f"--set={each}" for each in settings],
                           services.environment())
    target.rename(other.folder / "data")
    with other as daemon:
        same(daemon.ask("GET", "/v1/instances/late")[0], 404)
        same(daemon.instance("done29")["status"], "completed")
        same([s["name"] for s in daemon.must("GET", "/v1/secrets")["items"]],
             ["api"])
        reason = f"restored from backup {backup['name']} of {backup['takenAt']}"
        for name in ("waits", "calls"):
            now = daemon.instance(name)
            same((now["status"], now["reason"]), ("suspended", reason), name)
            why = daemon.must("GET", f"/v1/instances/{name}/explain")
            same(why["canProceed"], False)
            same(why["blockedBy"][0]["detail"], f"it is paused: {reason}")
        # Behind a call that was ordered and answered later there is none.
        probe = daemon.define(flow("probes", ASKS.replace("svc", "probe")))
        daemon.start_instance(probe, {}, id="probe")
        daemon.becomes("probe", "completed")
        same(len(asked()), calls, "calls of a suspended instance")
        held.set()
        run("pawl", "--url", f"http://127.0.0.1:{daemon.port}", "resume",
            "waits", "calls")
        daemon.becomes("calls", "completed")
        daemon.publish({"type": "com.example.go"})
        daemon.becomes("waits", "completed")
        same(len(asked()), calls + 1)
        keys = {r.headers["idempotency-key"] for r in asked()}
        same(len(keys), 1, "effect keys")


def a_crash_while_a_backup_is_made_leaves_the_old_ones_good():
    dice = random.Random(11)
    with Kept() as daemon:
        made = daemon.define(flow("sets", SETS))
        daemon.start_instance(made, {}, wait=5, id="first")
        daemon.must("POST", "/v1/admin/backups", {})
        for crash in range(6):
            for i in range(20):
                daemon.start_instance(made, {"t": "x" * 50_000}, wait=5,
                                      id=f"i{crash}-{i}")

            def back_up():
                try:
                    daemon.ask("POST", "/v1/admin/backups", {})
                except OSError:
                    pass
            asked = threading.Thread(target=back_up)
            asked.start()
            time.sleep(dice.uniform(0, 0.03))
            daemon.kill()
            asked.join()
            told = run("pawld", "backup", "verify", daemon.shelf).stdout
            if "backup 1: 0 faults" not in told:
                raise AssertionError(told)
            daemon.start()
        newest = daemon.must("POST", "/v1/admin/backups", {})
        target = daemon.folder / "restored"
        run("pawld", "backup", "restore", daemon.shelf, "--to", target)
        told = run("pawld", "backup", "ls", daemon.shelf).stdout
        same(newest["name"] in told, True)
        run("pawld", "verify", "--data-dir", target)


def backups_are_taken_on_a_timer_and_old_ones_go():
    with Kept("backup.every=1s", "backup.keep=2") as daemon:
        def names():
            return [b["name"] for b in
                    daemon.must("GET", "/v1/admin/backups")["items"]]
        wait_until(lambda: names() and int(names()[0]) >= 3, "three are taken")
        wait_until(lambda: len(names()) == 2, "two are kept")
        wait_until(lambda: daemon.metric(
            'pawl_backups_total{outcome="taken"}') >= 3, "they are counted")
        key = {"Idempotency-Key": "once"}
        first = daemon.must("POST", "/v1/admin/backups", {}, key)
        same(daemon.must("POST", "/v1/admin/backups", {}, key), first)


def backups_come_in_pages():
    with Kept() as daemon:
        for _ in range(11):
            daemon.must("POST", "/v1/admin/backups", {}, {"Prefer": "wait=20"})
        listed, cursor = [], ""
        while cursor is not None:
            page = daemon.must("GET", "/v1/admin/backups?limit=3" + (
                f"&cursor={cursor}" if cursor else ""))
            listed += [each["name"] for each in page["items"]]
            cursor = page["nextCursor"]
        same(listed, [str(n) for n in range(11, 4, -1)])
        same(page["directory"], str(daemon.shelf))


def damage_is_found_and_named():
    with Kept() as daemon:
        made = daemon.define(flow("sets", SETS))
        for i in range(20):
            daemon.start_instance(made, {}, wait=5, id=f"i{i}")
        daemon.must("POST", "/v1/admin/backups", {})
        daemon.pawl("backup", "verify")
        table = max(daemon.shelf.rglob("*.sst"), key=lambda f: f.stat().st_size)
        bytes_ = bytearray(table.read_bytes())
        bytes_[60] ^= 1
        table.write_bytes(bytes_)
        told = daemon.pawl("backup", "verify", "1", code=78)
        if "hecksum" not in told:
            raise AssertionError(told)
        target = daemon.folder / "restored"
        run("pawld", "backup", "restore", daemon.shelf, "--to", target, code=78)
        same(target.exists(), False)
    with harness.Daemon() as daemon:
        same(daemon.ask("POST", "/v1/admin/backups", {})[0], 409)
        same(daemon.must("GET", "/v1/admin/backups")["directory"], None)


def main():
    report = harness.Report("Backups")
    check(report, of(sys.modules[__name__]))
    finish(report)


if __name__ == "__main__":
    main()
