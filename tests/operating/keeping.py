#!/usr/bin/env python3
"""Retention, backups, restore and export, over HTTP and with `pawl` and `pawld`,
against real daemons that die in between."""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import cases  # noqa: E402
import harness  # noqa: E402
import stub  # noqa: E402
from harness import same, wait_until  # noqa: E402

BIN = pathlib.Path(os.environ["PAWL_BIN_DIR"])
SECRET = "the-plain-text-of-a-secret-4711"


def flow(name, work, metadata="{}"):
    return (f"document: {{dsl: '1.0.3', namespace: tests, name: {name}, "
            f"version: '1.0.0', metadata: {metadata}}}\ndo:\n{work}\n")


SETS = "- a: {set: {x: 1}}"
FAILS = "- a: {raise: {error: {type: 'https://e', status: 500}}}"
HEARS = ("- hear: {listen: {to: {one: {with: {type: com.example.go}}}}}\n"
         "- after: {set: {done: true}}")
ASKS = ("- ask: {call: http, with: {method: post, "
        "endpoint: 'http://svc.test/', body: {}}, "
        "output: {schema: {document: {type: object}}}}\n"
        "- after: {set: {done: true}}")


def run(*words, code=0, **more):
    """A program of ours; its stdout and stderr."""
    ran = subprocess.run([BIN / words[0], *map(str, words[1:])],
                         capture_output=True, text=True, timeout=120,
                         check=False, **more)
    same(ran.returncode, code, f"code of {words}: {ran.stdout}{ran.stderr}")
    return ran


class Kept(harness.Daemon):
    """A daemon with a directory for its backups."""

    def __init__(self, *settings, environment=None):
        self.shelf_scratch = tempfile.TemporaryDirectory(prefix="pawl-shelf-")
        self.shelf = pathlib.Path(self.shelf_scratch.name) / "backups"
        options = [f"--set=backup.directory={self.shelf}"]
        options += [f"--set={each}" for each in settings]
        super().__init__(options, environment)

    def __exit__(self, *why):
        super().__exit__(*why)
        self.shelf_scratch.cleanup()

    @property
    def data(self):
        return self.folder / "data"

    def pawl(self, *words, code=0, **more):
        return run("pawl", "--url", f"http://127.0.0.1:{self.port}", *words,
                   code=code, **more).stdout

    def status_of(self, name, method="GET", rest="", body=None):
        status, answer = self.ask(method, f"/v1/instances/{name}{rest}", body)
        code = answer.get("code") if isinstance(answer, dict) else None
        return status, code

    def metric(self, name):
        _, text = self.ask("GET", "/metrics")
        for line in text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        raise AssertionError(f"no metric {name}")


def a_purged_id_is_gone_and_not_unknown():
    with Kept() as daemon:
        made = daemon.define(flow("sets", SETS))
        daemon.start_instance(made, {}, wait=5, id="one")
        status, _ = daemon.ask("DELETE", "/v1/instances/one")
        same(status, 204)
        gone = (410, "purged")
        same(daemon.status_of("one"), gone)
        same(daemon.status_of("one", "DELETE"), gone)
        same(daemon.status_of("one?namespace=tests"), gone)
        for rest in ("/history", "/explain"):
            same(daemon.status_of("one", rest=rest), gone, rest)
        for verb in ("pause", "resume", "cancel", "retry"):
            same(daemon.status_of("one", "POST", f"/{verb}", {}), gone, verb)
        daemon.start_instance(made, {}, wait=5, id="polled")
        polled = []
        waits = threading.Thread(target=lambda: polled.append(daemon.ask(
            "GET", "/v1/instances/polled", None,
            {"Prefer": "wait=30", "If-None-Match": '"5"'})))
        waits.start()
        wait_until(lambda: daemon.metric("pawl_watchers") == 1,
                   "it waits for a change")
        same(daemon.status_of("polled", "DELETE"), (204, None))
        waits.join(10)  # It is told at once, not when its time is over.
        same([answer[0] for answer in polled], [410])
        unknown = (404, "not-found")
        same(daemon.status_of("two"), unknown)
        same(daemon.status_of("one?namespace=other"), unknown)
        run("pawl", "--url", f"http://127.0.0.1:{daemon.port}", "status",
            "one", code=3)
        daemon.kill()
        daemon.start()
        same(daemon.status_of("one"), gone)
        daemon.start_instance(made, {}, wait=5, id="one")
        same(daemon.status_of("one")[0], 200)


def definitions_are_listed_newest_first():
    with Kept() as daemon:
        names = ["mid", "zeta", "alpha", "beta", "omega"]
        for name in names:
            daemon.define(flow(name, SETS))
            cases.next_millisecond()
        daemon.define(flow("mid", SETS))  # Known: it is not newer for that.
        listed = []
        cursor = ""
        while cursor is not None:
            page = daemon.must("GET", f"/v1/definitions?limit=2&cursor={cursor}")
            listed += [each["name"] for each in page["items"]]
            cursor = page["nextCursor"]
        same(listed, names[::-1])
        times = [each["createdAt"]
                 for each in daemon.must("GET", "/v1/definitions")["items"]]
        same(times, sorted(times, reverse=True))
        same(daemon.ask("GET", "/v1/definitions?cursor=x/y/z/1")[0], 400)


def conditions_take_lists_of_tags():
    with Kept() as daemon:
        made = daemon.define(flow("hears", HEARS))
        name = daemon.start_instance(made, {})["id"]
        now = daemon.becomes(name, "waiting")["sequence"]
        path = f"/v1/instances/{name}"

        def read(tags):
            return daemon.ask("GET", path, headers={"If-None-Match": tags})[0]
        for tags, status in ((f'"{now}"', 304), ("*", 304), (f'W/"{now}"', 304),
                             (f'"0", "{now}"', 304), (f'"{now + 1}"', 200),
                             ('"a,b", "x"', 200), ("no", 400), ("", 400)):
            same(read(tags), status, f"If-None-Match: {tags}")
        begun = time.monotonic()
        both = {"If-None-Match": f'"0", "{now}"', "Prefer": "wait=1"}
        same(daemon.ask("GET", path, headers=both)[0], 304)
        if time.monotonic() - begun < 0.9:
            raise AssertionError("it did not wait for a change")

        def act(verb, tags):
            return daemon.ask("POST", f"{path}/{verb}", {},
                              {"If-Match": tags})[0]
        for tags in (f'"{now + 1}"', f'W/"{now}"', '"x"'):
            same(act("pause", tags), 412, f"If-Match: {tags}")
        same(act("pause", "nonsense"), 400)
        same(act("pause", f'"7", "{now}"'), 200)
        same(act("cancel", "*"), 200)
        same(daemon.ask("DELETE", path, headers={"If-Match": '"1", "2"'})[0],
             412)
        last = daemon.instance(name)["sequence"]
        same(daemon.ask("DELETE", path,
                        headers={"If-Match": f'"1", "{last}"'})[0], 204)


def size_of(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def retention_purges_and_frees_the_directory():
    with Kept("memory_max=64MiB") as daemon:
        big = daemon.define(flow("sets", SETS))
        stays = daemon.define(flow("stays", SETS, "{retention: forever}"))
        faulted = daemon.define(flow("fails", FAILS))
        daemon.start_instance(stays, {}, wait=5, id="stays")
        daemon.start_instance(faulted, {}, wait=5, id="fails")
        noise = random.Random(7)
        letters = [chr(c) for c in range(48, 92)]
        for i in range(100):
            text = "".join(noise.choices(letters, k=300_000))
            daemon.start_instance(big, {"text": text}, wait=5, id=f"big{i}")
        last = daemon.instance("big99")["endedAt"]
        daemon.stop()
        before = size_of(daemon.data)
        # One sweep takes all of them.
        wait_until(lambda: cases.in_seconds(-1) > last, "the last one is due")
        daemon.options += ["--set=retention.completed=1s",
                           "--set=retention.purge_every=200ms"]
        daemon.start()
        wait_until(lambda: daemon.metric("pawl_purged_instances_total") == 100,
                   "all are purged", 60)
        same(daemon.status_of("big0"), (410, "purged"))
        for name in ("stays", "fails"):
            same(daemon.status_of(name)[0], 200, name)
        if daemon.metric("pawl_purged_bytes_total") < 100 * 300_000:
            raise AssertionError("the bytes are not counted")
        wait_until(lambda: "retention.reclaimed" in daemon.log(),
                   "the space is reclaimed", 60)
        daemon.stop()
        after = size_of(daemon.data)
        print(f"the directory took {before} bytes, and then {after}")
        if after > before / 5:
            raise AssertionError(f"{after} of {before} bytes are left")
        run("pawld", "verify", "--data-dir", daemon.data)


def retention_is_shown_before_it_is_set():
    with Kept("retention.namespaces=legal=forever") as daemon:
        made = daemon.define(flow("sets", SETS))
        brief = daemon.define(flow("brief", SETS, "{retention: {completed: "
                                                  "PT1S}}"))
        for i in range(3):
            daemon.start_instance(made, {}, wait=5, id=f"s{i}")
        daemon.start_instance(brief, {}, wait=5, id="b")
        def would_go():
            seen = daemon.must("GET", "/v1/admin/retention")
            same((seen["complete"], seen["examined"]), (True, 4))
            return seen["instances"]
        wait_until(would_go, "the time of the newest is over")
        same(would_go(), 1)
        seen = daemon.must("GET", "/v1/admin/retention?completed=PT1S")
        same(seen["instances"], 4)
        rows = {(p["source"], p["name"], p["status"]):
                (p["keep"], p["instances"]) for p in seen["policies"]}
        same(rows[("default", None, "completed")], ("PT1S", 3))
        same(rows[("definition", "tests/brief@1.0.0", "completed")],
             ("PT1S", 1))
        same(rows[("namespace", "legal", "faulted")], ("forever", 0))
        told = daemon.pawl("retention", "--completed", "1s")
        for word in ("default", "tests/brief@1.0.0", "forever", "WOULD GO"):
            if word not in told:
                raise AssertionError(f"no {word} in {told}")
        same(daemon.ask("GET", "/v1/admin/retention?completed=soon")[0], 422)
        try:
            daemon.define(flow("bad", SETS, "{retention: {faulted: soon}}"))
        except harness.Refused as why:
            same(why.status, 422)
            fault = why.answer["errors"][0]
            same(fault["pointer"], "/document/metadata/retention/faulted")
        else:
            raise AssertionError("a bad retention was taken")
        same(len(daemon.must("GET", "/v1/instances")["items"]), 4)


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
        same(newest["name"] in run("pawld", "backup", "ls", daemon.shelf).stdout,
             True)
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
        told = run("pawl", "--url", f"http://127.0.0.1:{daemon.port}", "backup",
                   "verify", "1", code=78).stdout
        if "hecksum" not in told:
            raise AssertionError(told)
        target = daemon.folder / "restored"
        run("pawld", "backup", "restore", daemon.shelf, "--to", target, code=78)
        same(target.exists(), False)
    with harness.Daemon() as daemon:
        same(daemon.ask("POST", "/v1/admin/backups", {})[0], 409)
        same(daemon.must("GET", "/v1/admin/backups")["directory"], None)


def an_export_has_everything_once_and_goes_on():
    with Kept() as daemon:
        made = daemon.define(flow("sets", SETS))
        other = daemon.define(flow("fails", FAILS))
        names = set()
        for i in range(230):
            names.add(f"i{i}")
            daemon.start_instance(other if i % 10 == 0 else made, {}, wait=5,
                                  id=f"i{i}", labels={"n": str(i % 2)})
        lines = [json.loads(line) for line in
                 daemon.pawl("export").splitlines()]
        same(len(lines), 230)
        same({each["instance"]["id"] for each in lines}, names)
        one = lines[0]
        same(one["instance"], daemon.instance(one["instance"]["id"]))
        same(one["history"], daemon.history(one["instance"]["id"]))
        few = daemon.pawl("export", "-s", "faulted", "--label", "n=0")
        same(len(few.splitlines()), 23)
        file = daemon.folder / "all.jsonl"
        text = daemon.pawl("export", "--without-history")
        cut = text.splitlines(keepends=True)
        # What has the same time as one that was purged since comes twice.
        times = [each["instance"]["createdAt"] for each in lines]
        end = next(i for i in range(120, 229)
                   if times[i - 1] != times[i] != times[i + 1])
        file.write_text("".join(cut[:end + 1]) + cut[end + 1][:50])
        daemon.start_instance(made, {}, wait=5, id="new")  # Not behind it.
        daemon.ask("DELETE", f"/v1/instances/{lines[end]['instance']['id']}")
        daemon.pawl("export", "--without-history", "--to", file)
        got = [json.loads(line)["instance"]["id"]
               for line in file.read_text().splitlines()]
        same(len(got), len(set(got)))
        same(set(got), names)
        daemon.pawl("export", "--without-history", "--to", file)
        same(len(file.read_text().splitlines()), len(got), "nothing is left")
        daemon.pawl("export", "--to", daemon.folder / "log", code=2)


def main():
    report = harness.Report("How things are kept")
    cases.check(report, cases.of(sys.modules[__name__]))
    report.finish("keeping.md")


if __name__ == "__main__":
    main()
