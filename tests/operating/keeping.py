#!/usr/bin/env python3
"""Retention, purges, what lists and conditions say, and export, over HTTP and
with `pawl`, against real daemons that die in between."""

import json
import random
import sys
import threading
import time

import cases
from shelves import FAILS, HEARS, SETS, Kept, flow

import harness
from harness import same, wait_until


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
        daemon.pawl("status", "one", code=3)
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
        cases.run("pawld", "verify", "--data-dir", daemon.data)


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
    cases.finish(report)


if __name__ == "__main__":
    main()
