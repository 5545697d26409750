#!/usr/bin/env python3
"""What instances and namespaces take on disk, and what becomes of starts where a
namespace is full, against a real daemon that dies in between."""

import json

from cases import Suite, document

from harness import same, wait_until

HEARS = ("do: [{hear: {listen: {to: {one: {with: {type: %s}}}}}}, "
         "{after: {set: {done: true}}}]")
QUICK = "do: [{x: {set: '${ . }'}}]"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ticks_of(instances):
    """The times in milliseconds that the ids of scheduled instances tell."""
    out = []
    for each in instances:
        at = 0
        for digit in each["id"][:10]:
            at = at * 32 + CROCKFORD.index(digit)
        out.append(at)
    return out


class Quotas(Suite):
    options = ["--set=metrics.census_every=100ms"]

    def define_in(self, ns, name, flow, schedule=""):
        more = f"schedule: {schedule}\n" if schedule else ""
        return self.daemon.define(document(name, more + flow, ns))

    def refused(self, made, value=None):
        status, no = self.daemon.ask("POST", "/v1/instances", {
            "workflow": {k: made[k] for k in ("namespace", "name")},
            "input": value or {}})
        same((status, no["code"]), (429, "overloaded"), no)
        return no

    def limit(self, ns, **rules):
        self.daemon.must("PUT", f"/v1/limits/{ns}",
                         {"on": {"namespace": ns}, **rules})

    def state(self, ns):
        return self.daemon.must("GET", f"/v1/limits/{ns}")["state"]

    def listed(self, ns, more=""):
        return self.daemon.must(
            "GET", f"/v1/instances?namespace={ns}&limit=1000{more}")["items"]

    def taken(self, ns):
        """What /v1/stats says that the namespace takes."""
        for each in self.daemon.must("GET", "/v1/stats")["namespaces"]:
            if each["namespace"] == ns:
                return each["sizeBytes"]
        return 0

    def metric(self, series):
        for line in self.daemon.ask("GET", "/metrics")[1].splitlines():
            if line.startswith(series + " "):
                return float(line.split()[-1])
        return None

    def schedule(self, name, more=""):
        return self.daemon.must("GET", f"/v1/schedules/{name}{more}")

    def waits(self, name):
        return wait_until(lambda: self.schedule(name)["blockedBy"],
                          f"{name} waits")[0]

    # --- Sizes -----------------------------------------------------------------

    def what_is_taken_is_told_and_known_after_a_kill(self):
        made = self.define_in("sized", "quick", QUICK)
        small = self.start(made, wait=5)
        large = self.start(made, {"text": "x" * 50_000}, wait=5)
        takes = {each["id"]: each["sizeBytes"] for each in self.listed("sized")}
        same(takes[large] > 50_000 > takes[small] > 100, True, takes)
        same(self.daemon.instance(large)["sizeBytes"], takes[large], "instance")
        whole = sum(takes.values())
        same(self.taken("sized"), whole, "namespace")
        same(self.metric('pawl_namespace_bytes{namespace="sized"}'), whole,
             "metric")
        self.restart()
        same(self.taken("sized"), whole, "after a kill")
        same(self.metric('pawl_namespace_bytes{namespace="sized"}'), whole,
             "metric after a kill")
        wait_until(lambda: [each["sizeBytes"] for each in self.daemon.must(
            "GET", "/v1/stats?namespace=sized")["workflows"]] == [whole],
                   "the workflow's")
        table = self.cli("ls", "-n", "sized", "--size")
        same("SIZE" in table and "KiB" in table, True, table)
        same("on disk" in self.cli("status", large), True, "status")
        same("sized" in self.cli("stats", "--sizes"), True, "stats")

    def a_purge_gives_bytes_back(self):
        made = self.define_in("purged", "quick", QUICK)
        stays = self.start(made, wait=5)
        goes = self.start(made, {"text": "x" * 20_000}, wait=5)
        same(self.taken("purged") > 20_000, True, "before")
        self.daemon.must("DELETE", f"/v1/instances/{goes}")
        left = self.daemon.instance(stays)["sizeBytes"]
        same(self.taken("purged"), left, "after")
        self.restart()
        same(self.taken("purged"), left, "after a kill")

    # --- Bytes of a namespace ----------------------------------------------------

    def a_full_namespace_takes_no_more_and_goes_on(self):
        made = self.define_in("full", "hears", HEARS % "full.go")
        quick = self.define_in("full", "quick", QUICK)
        runs = self.start(made, {"text": "x" * 10_000})
        self.daemon.becomes(runs, "waiting")
        used = self.taken("full")
        self.limit("full", bytes=used + 30_000, warnAt=0.5)
        big = self.start(quick, {"text": "x" * 40_000}, wait=5)
        no = self.refused(quick)
        used = self.taken("full")
        same((no["limit"], no["rule"], no["used"], no["max"]),
             ("full", "bytes", used, self.state_max("full")), no)
        same(self.state("full")["bytes"], used, "state")
        wait_until(lambda: self.metric(
            'pawl_limit_near_total{limit="full",namespace=""}') == 1, "near")
        same("limit.near" in self.daemon.log(), True, "the log tells")
        same(self.metric('pawl_limit_bytes_used_ratio{limit="full",'
                         'namespace=""}') > 1, True, "ratio")
        self.restart()
        same(self.refused(quick)["used"], used, "after a kill")
        table = self.cli("limit", "ls")
        same("bytes=" in table and "USED" in table, True, table)
        # What runs goes on, also where that takes more.
        self.daemon.publish({"type": "full.go"})
        self.daemon.becomes(runs, "completed")
        same(self.taken("full") > used, True, "it took more")
        self.daemon.must("DELETE", f"/v1/instances/{big}")
        self.start(quick, wait=5)
        self.daemon.must("DELETE", "/v1/limits/full")

    def state_max(self, ns):
        return self.daemon.must("GET", f"/v1/limits/{ns}")["bytes"]

    def sizes_are_written_as_people_do(self):
        self.cli("limit", "set", "written", "--on-namespace", "written",
                 "--bytes", "10GiB", "--warn-at", "0.9")
        same(self.state_max("written"), 10 << 30, "bytes")
        same("bytes=10.0GiB" in self.cli("limit", "ls"), True, "listed")
        self.cli("limit", "set", "written", "--on-namespace", "written",
                 "--bytes", "much", code=2)
        self.cli("limit", "rm", "written")

    # --- Starts that nobody asked for over HTTP ----------------------------------

    def ticks_wait_for_room_and_none_is_lost(self):
        holds = self.start(self.define_in("ticks", "hears", HEARS % "ticks.go"))
        self.limit("ticks", live=1)
        wait_until(lambda: self.state("ticks").get("live") == 1, "counted")
        quick = self.define_in("ticks", "often", QUICK, "{every: {seconds: 1}}")
        why = self.waits("ticks.often")
        same((why["kind"], why["name"], why["rule"], why["used"], why["max"]),
             ("limit", "ticks", "live", 1, 1), why)
        same(self.metric('pawl_limit_waiting{limit="ticks",namespace=""}'), 1,
             "waiting")
        wait_until(lambda: self.overdue("ticks.often") >= 3, "three are due")
        self.restart()
        # Even while nobody has counted who lives.
        wait_until(lambda: self.overdue("ticks.often") >= 4, "more are due")
        same(self.waits("ticks.often")["since"], why["since"], "since")
        same(len(self.listed("ticks")), 1, "none was made")
        told = self.pawl("schedule", "next", "ticks.often").stderr
        same("waits since" in told and "1 of at most 1" in told, True, told)
        same("limit ticks" in self.cli("schedule", "ls"), True, "listed")
        # It goes before those that have only come now.
        self.daemon.act(holds, "cancel")
        wait_until(lambda: not self.schedule("ticks.often")["blockedBy"],
                   "all were made up for")
        ticks = sorted(ticks_of(self.listed("ticks", "&workflow=often")))
        same(len(ticks) >= 4, True, ticks)
        same([b - a for a, b in zip(ticks, ticks[1:])],
             [1000] * (len(ticks) - 1), "none was left out, none came twice")
        same(self.schedule("ticks.often")["skipped"], 0, "skipped")
        same("schedule.held" in self.daemon.log(), True, "the log tells")
        self.daemon.forget_schedule(quick)
        self.daemon.must("DELETE", "/v1/limits/ticks")

    def overdue(self, name):
        shown = self.schedule(name, "?next=100")
        now = self.daemon.must("GET", "/v1/stats")["until"]
        return len([each for each in shown["next"] if each <= now])

    def events_wait_for_room_in_their_order(self):
        holds = self.start(self.define_in("heard", "hears", HEARS % "heard.go"))
        self.limit("heard", live=1)
        wait_until(lambda: self.state("heard").get("live") == 1, "counted")
        self.define_in("heard", "on-order", QUICK,
                       "{on: {one: {with: {type: order}}}}")
        for n in range(4):
            self.daemon.publish({"type": "order", "data": {"n": n}})
        self.waits("heard.on-order")
        self.restart()
        for n in range(4, 6):
            self.daemon.publish({"type": "order", "data": {"n": n}})
        same(self.waits("heard.on-order")["name"], "heard", "it waits again")
        same(len(self.listed("heard")), 1, "none was made")
        # Nobody who comes now goes first.
        self.daemon.act(holds, "cancel")
        def made():
            return self.listed("heard", "&workflow=on-order&status=completed")
        wait_until(lambda: len(made()) == 6, "all were made")
        wait_until(lambda: not self.schedule("heard.on-order")["blockedBy"],
                   "nothing waits")
        # Several may begin in one millisecond.
        order = sorted((each["startedAt"],
                        self.daemon.instance(each["id"])["input"][0]["n"])
                       for each in made())
        same([n for _, n in order], list(range(6)), "order")
        self.daemon.must("DELETE", "/v1/limits/heard")

    def a_pause_ends_the_waiting(self):
        holds = self.start(
            self.define_in("paused", "hears", HEARS % "paused.go"))
        quick = self.define_in("paused", "quick", QUICK)
        self.limit("paused", live=1)
        wait_until(lambda: self.state("paused").get("live") == 1, "counted")
        self.define_in("paused", "often", QUICK, "{every: {seconds: 1}}")
        self.waits("paused.often")
        self.daemon.must("POST", "/v1/schedules/paused.often/pause", {})
        same(self.schedule("paused.often")["blockedBy"], [], "paused")
        same(self.state("paused")["waiting"], 0, "waiting")
        self.daemon.act(holds, "cancel")
        self.daemon.becomes(holds, "cancelled")
        self.start(quick, wait=5)
        self.daemon.must("DELETE", "/v1/limits/paused")

    def bytes_keep_schedules_waiting_until_something_is_purged(self):
        quick = self.define_in("kept", "quick", QUICK)
        big = self.start(quick, {"text": "x" * 50_000}, wait=5)
        self.limit("kept", bytes=40_000)
        often = self.define_in("kept", "often", QUICK, "{every: {seconds: 1}}")
        why = self.waits("kept.often")
        same((why["rule"], why["max"]), ("bytes", 40_000), why)
        same(why["movedBy"][0]["href"], "/v1/limits/kept", why)
        self.daemon.must("DELETE", f"/v1/instances/{big}")
        wait_until(lambda: self.listed("kept", "&workflow=often"), "it runs")
        self.daemon.forget_schedule(often)
        self.daemon.must("DELETE", "/v1/limits/kept")

    def children_of_what_runs_are_let_through(self):
        self.define_in("family", "child", QUICK)
        parent = self.define_in("family", "parent", """
do:
  - child:
      run:
        workflow: {namespace: family, name: child, version: '1.0.0', input: {a: 1}}
""".strip())
        self.limit("family", live=1)
        wait_until(lambda: self.state("family").get("live") == 0, "counted")
        name = self.start(parent)
        self.daemon.becomes(name, "completed")
        same(len(self.listed("family")), 2, "both")
        self.daemon.must("DELETE", "/v1/limits/family")

    def what_is_asked_for_by_hand_is_refused(self):
        self.define_in("byhand", "hourly", QUICK, "{cron: '0 * * * *'}")
        big = self.start(self.define_in("byhand", "quick", QUICK),
                         {"text": "x" * 5_000}, wait=5)
        self.limit("byhand", bytes=1_000)
        span = {"from": "2020-03-01T00:00:00Z", "to": "2020-03-01T05:00:00Z"}
        for verb, body in (("trigger", {}), ("backfill", span)):
            status, no = self.daemon.ask(
                "POST", f"/v1/schedules/byhand.hourly/{verb}", body)
            same((status, no["limit"], no["max"]), (429, "byhand", 1_000),
                 f"{verb}: {json.dumps(no)}")
        self.daemon.must("DELETE", f"/v1/instances/{big}")
        self.daemon.must("DELETE", "/v1/limits/byhand")
        filled = self.daemon.must(
            "POST", "/v1/schedules/byhand.hourly/backfill", span)
        same(filled["count"], 5, filled)


def main():
    Quotas.main("Sizes and quotas")


if __name__ == "__main__":
    main()
