#!/usr/bin/env python3
"""What a schedule has missed is made up for, once each, whatever dies."""

import json
import threading

from cases import Suite

from harness import same, wait_until

DAY = {"from": "2020-03-01T00:00:00Z", "to": "2020-03-01T05:00:00Z"}
SCHEDULES = {
    "hourly": "{cron: '0 * * * *'}",
    "many": "{cron: '* * * * *'}",
    "days": "{cron: 'CRON_TZ=Europe/Berlin 30 2 * * *'}",
    "steps": "{every: {hours: 1}}",
    "heard": "{on: {one: {with: {type: x.y}}}}",
}


class Backfill(Suite):
    flows = {name: f"schedule: {schedule}\ndo: [{{x: {{set: {{a: 1}}}}}}]"
             for name, schedule in SCHEDULES.items()}

    def ask(self, name, body, **fields):
        return self.daemon.ask("POST", f"/v1/schedules/tests.{name}/backfill",
                               body, fields)

    def fill(self, name, body, **fields):
        status, said = self.ask(name, body, **fields)
        same(status, 200, said)
        return said

    def made(self, name):
        """scheduledFor -> ids of the instances that were made up for."""
        out, cursor = {}, ""
        while cursor is not None:
            page = self.daemon.must(
                "GET", f"/v1/instances?workflow={name}&limit=1000"
                + (f"&cursor={cursor}" if cursor else ""))
            for one in page["items"]:
                at = one["labels"].get("scheduledFor")
                if at:
                    out.setdefault(at, []).append(one["id"])
            cursor = page["nextCursor"]
        return out

    # --- Checks ----------------------------------------------------------------

    def each_time_gets_its_instance_once(self):
        plan = self.fill("hourly", {**DAY, "dryRun": True})
        hours = [f"2020-03-01T0{h}:00:00.000Z" for h in range(5)]
        same((plan["count"], plan["times"], plan["dryRun"]), (5, hours, True),
             "the plan")
        same(self.made("hourly"), {}, "nothing is made")
        part = self.fill("hourly", {**DAY, "to": "2020-03-01T02:00:00Z",
                                    "reason": "why not"})
        same((part["count"], part["times"]), (2, hours[:2]), "a part")
        rest = self.fill("hourly", DAY)
        same((rest["count"], rest["existing"], rest["times"]),
             (3, 2, hours[2:]), "the rest")
        same(part["instances"] + rest["instances"], plan["instances"],
             "as planned")
        again = self.fill("hourly", DAY)
        same((again["count"], again["existing"]), (0, 5), "again")
        made = self.made("hourly")
        same(sorted(made), hours, "times")
        same([len(ids) for ids in made.values()], [1] * 5, "once each")
        for name in plan["instances"]:
            ended = self.daemon.becomes(name, "completed")
            same(ended["labels"]["schedule"], "tests.hourly", "label")
        noted = self.daemon.must("GET", "/v1/audit?action=backfillSchedule")
        same(any("2 made: why not" in one["reason"] and one["target"]
                 == "tests.hourly" for one in noted["items"]), True, noted)

    def what_was_purged_is_not_made_again(self):
        span = {"from": "2020-04-01T00:00:00Z", "to": "2020-04-01T01:00:00Z"}
        name, = self.fill("hourly", span)["instances"]
        self.daemon.becomes(name, "completed")
        self.daemon.must("DELETE", f"/v1/instances/{name}")
        same(self.fill("hourly", span)["count"], 0, "not again")
        self.restart()
        same(self.fill("hourly", span)["existing"], 1, "nor after a crash")

    def a_crash_in_the_middle_leaves_no_gap_and_no_twin(self):
        span = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T13:20:00Z"}
        lost = threading.Thread(target=lambda: self.swallow("many", span))
        lost.start()
        wait_until(lambda: len(self.made("many")) > 20, "some are made")
        self.daemon.kill()
        lost.join()
        self.daemon.start()
        there = len(self.made("many"))
        said = self.fill("many", span)
        same(said["count"] + said["existing"], 800, said["count"])
        same(said["existing"] >= there, True, "what was made is kept")
        made = self.made("many")
        same(len(made), 800, "all")
        same({len(ids) for ids in made.values()}, {1}, "once each")

    def swallow(self, name, span):
        try:
            self.ask(name, span)
        except OSError:
            pass  # It was killed.

    def every_counts_backwards_from_its_beginning(self):
        made = self.daemon.must("GET", "/v1/schedules/tests.steps")["createdAt"]
        said = self.fill("steps", {**DAY, "dryRun": True})
        same(said["count"], 5, "an hour apart")
        same({at[13:] for at in said["times"]}, {made[13:]}, "minute of them")

    def local_time_goes_by_its_clocks(self):
        said = self.fill("days", {"from": "2020-03-28T00:00:00Z",
                                  "to": "2020-03-31T00:00:00Z",
                                  "dryRun": True})
        same(said["times"], ["2020-03-28T01:30:00.000Z",
                             "2020-03-29T01:00:00.000Z",  # 2:30 was left out.
                             "2020-03-30T00:30:00.000Z"], "over the change")

    def it_is_bounded_and_says_by_what(self):
        wide = {"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"}
        status, said = self.ask("many", wide)
        same(status, 422, said)
        same("1000" in said["errors"][0]["detail"], True, said)
        same(self.ask("hourly", {**DAY, "limit": 4})[0], 422, "his own bound")
        for body in ({}, {**DAY, "limit": 10001}, {**DAY, "more": 1},
                     {"from": DAY["to"], "to": DAY["from"]},
                     {**DAY, "to": "2999-01-01T00:00:00Z"}):
            same(self.ask("hourly", body)[0], 422, body)
        same(self.ask("heard", DAY)[0], 422, "events have no times")
        same(self.ask("nobody", DAY)[0], 404, "unknown")

    def the_same_key_gives_the_same_answer(self):
        span = {"from": "2020-05-01T00:00:00Z", "to": "2020-05-01T03:00:00Z"}
        key = {"Idempotency-Key": "k1"}
        first = self.fill("hourly", span, **key)
        same(first["count"], 3, "made")
        same(self.fill("hourly", span, **key), first, "replayed")

    def the_client_does_it_and_shows_what_is_next(self):
        words = ["schedule", "backfill", "tests.hour", "--from",
                 "2020-06-01T00:00:00Z", "--to", "2020-06-01T04:00:00Z"]
        plan = self.cli(*words, "--dry-run")
        same(len(plan.splitlines()), 5, plan)
        names = self.cli(*words, "--reason", "late", "-o", "name").split()
        same(len(names), 4, names)
        same(json.loads(self.cli(*words, "-o", "json"))["existing"], 4, "again")
        self.cli(*words[:-1], "2999-01-01T00:00:00Z", code=1)
        times = self.cli("schedule", "next", "tests.hourly", "--count", "7",
                         "-o", "name").split()
        same(len(times), 7, times)
        shown = self.daemon.must("GET", "/v1/schedules/tests.hourly?next=30")
        same(len(shown["next"]), 30, "next")
        same(shown["next"][:5], self.daemon.must(
            "GET", "/v1/schedules/tests.hourly")["next"], "as before")
        same(self.daemon.ask("GET", "/v1/schedules/tests.hourly?next=0")[0],
             422, "none")


def main():
    Backfill.main("Backfill")


if __name__ == "__main__":
    main()
