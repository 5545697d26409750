#!/usr/bin/env python3
"""One verb for many instances, over HTTP and with `pawl`: previews, reports,
rates, rights, and daemons that die in the middle."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

from harness import same, wait_until  # noqa: E402
from tenancy import World, role, run_all  # noqa: E402

ENDED = ("stopped", "completed")
FOUND = """document: {dsl: '1.0.3', namespace: a, name: found, version: '1.0.0',
  metadata: {index: {who: .who}}}
do: [{hear: {listen: {to: {one: {with: {type: com.example.go}}}}}}]
"""
BREAKS = """document: {dsl: '1.0.3', namespace: a, name: breaks, version: '1.0.0'}
do: [{x: {raise: {error: {type: 'https://example.com/broken', status: 500}}}}]
"""


class Bulk(World):
    def __init__(self, daemon, socket_path):
        super().__init__(daemon, socket_path)
        for each in (BREAKS, FOUND):
            self.ok("POST", "/v1/definitions", each, kind="application/yaml")
        self.groups = 0

    # --- Helpers ---------------------------------------------------------------

    def group(self, count, ns="a", name="hears"):
        """Instances with a label of their own."""
        self.groups += 1
        label = f"g{self.groups}"
        return label, [self.start(ns, name, labels={"g": label})
                       for _ in range(count)]

    def order(self, action, label, token=None, headers=None, **more):
        body = {"action": action, "filter": {"label.g": label}, **more}
        return self.ok("POST", "/v1/bulk", body, token, headers=headers or {})

    def bulk(self, name):
        return self.ok("GET", f"/v1/bulk/{name}")

    def ends(self, name, patience=60):
        def look():
            now = self.bulk(name)
            return now if now["status"] in ENDED else None
        return wait_until(look, f"bulk {name} ends", patience)

    def report(self, name, **query):
        items, cursor = [], ""
        rest = "".join(f"&{key}={value}" for key, value in query.items())
        while cursor is not None:
            page = self.ok("GET", f"/v1/bulk/{name}/items?limit=7{rest}" + (
                f"&cursor={cursor}" if cursor else ""))
            items += page["items"]
            cursor = page["nextCursor"]
        return items

    def statuses(self, names):
        return sorted({self.ok("GET", f"/v1/instances/{each}")["status"]
                       for each in names})

    def facts(self, name, kind):
        items = self.ok("GET", f"/v1/instances/{name}/history?limit=1000")
        return [each for each in items["items"] if each["type"] == kind]

    # --- What it does ----------------------------------------------------------

    def a_preview_counts_and_shows_and_does_nothing(self):
        label, names = self.group(12)
        self.ok("POST", f"/v1/instances/{names[0]}/cancel", {})
        told = self.order("pause", label, dryRun=True)
        same((told["count"], told["countComplete"], told["byStatus"]),
             (11, True, {"waiting": 11}), "count")
        made = [each["createdAt"] for each in told["samples"]]
        same((len(made), sorted(made, reverse=True)), (10, made),
             "samples, newest first")
        same({each["id"] for each in told["samples"]} - set(names[1:]), set(),
             "samples")
        same({json.dumps(each["would"]) for each in told["samples"]},
             {json.dumps({"refused": None, "then": "suspended"})}, "would")
        same(self.statuses(names[1:]), ["waiting"], "nothing is done")
        same([each for each in self.ok("GET", "/v1/bulk")["items"]
              if each["filter"].get("labels") == {"g": label}], [], "orders")
        all_of = {"action": "retry", "filter": {
            "labels": {"g": label}, "status": "waiting"}, "dryRun": True}
        told = self.ok("POST", "/v1/bulk", all_of)
        same({each["would"]["refused"] for each in told["samples"]},
             {"invalid-state"}, "a verb that does not fit")

    def a_pause_reaches_each_and_a_report_says_so(self):
        label, names = self.group(30)
        late = self.group(1)[1][0]
        made = self.order("pause", label, reason="deploy",
                          args={"timers": "freeze"}, ratePerSecond=1000)
        same((made["status"], made["count"], made["action"]),
             ("running", 30, "pause"), "order")
        ended = self.ends(made["id"])
        same((ended["status"], ended["complete"], ended["progress"]["done"],
              ended["progress"]["percent"]), ("completed", True, 30, 100),
             "end")
        same(self.statuses(names), ["suspended"], "statuses")
        same(self.ok("GET", f"/v1/instances/{late}")["status"], "waiting",
             "another")
        items = self.report(made["id"])
        same(([each["number"] for each in items],
              sorted(each["instance"] for each in items),
              {each["outcome"] for each in items}),
             (list(range(1, 31)), sorted(names), {"done"}), "report")
        fact = self.facts(names[3], "instance.suspended")[-1]
        same(fact["data"]["reason"], f"deploy (bulk {made['id']})", "reason")
        self.ends(self.order("resume", label)["id"])
        same(self.statuses(names), ["waiting"], "resumed")
        self.ends(self.order("cancel", label)["id"])
        same(self.statuses(names), ["cancelled"], "cancelled")
        made = self.order("delete", label, reason="old")["id"]
        self.ends(made)
        same({each["reason"] for each in self.ok(
            "GET", "/v1/audit?action=removeInstance")["items"]
            if each["reason"]}, {f"old (bulk {made})"}, "why each went")
        same(self.ok("GET", f"/v1/instances?label.g={label}")["items"], [],
             "deleted")

    def what_does_not_fit_is_refused_and_the_rest_goes_on(self):
        label, names = self.group(4)
        broken = [self.start("a", "breaks", labels={"g": label})
                  for _ in range(3)]
        for each in broken:
            self.daemon_becomes(each, "faulted")
        made = self.ok("POST", "/v1/bulk", {
            "action": "skip", "filter": {"labels": {"g": label}},
            "args": {"task": "/do/0/hear", "output": {}}})
        ended = self.ends(made["id"])
        same((ended["progress"]["done"], ended["progress"]["refused"]), (4, 3),
             "counts")
        same({each["instance"] for each in self.report(
            made["id"], outcome="refused")}, set(broken), "refused")
        same({each["instance"] for each in self.report(
            made["id"], outcome="done")}, set(names), "done")
        same(self.statuses(names), ["completed"], "skipped")
        retried = self.ends(self.order("retry", label)["id"])
        same((retried["count"], retried["progress"]["done"]), (3, 3), "retry")
        for each in broken:
            self.daemon_becomes(each, "faulted")
            same(len(self.facts(each, "task.retried")), 1, "once")

    def it_finds_what_a_list_finds_by_the_index(self):
        anns, bobs = ([self.start("a", "found", input={"who": who})
                       for _ in range(3)] for who in ("ann", "bob"))
        for index in ({"index.who": "ann"}, {"index": {"who": "ann"}}):
            told = self.ok("POST", "/v1/bulk", {
                "action": "pause", "filter": index, "dryRun": True})
            same({each["id"] for each in told["samples"]}, set(anns), "found")
        made = self.ok("POST", "/v1/bulk", {
            "action": "pause", "filter": {"index": {"who": "ann"}}})
        same(made["filter"]["index"], {"who": "ann"}, "shown")
        self.restart()
        same(self.ends(made["id"])["filter"], made["filter"], "kept")
        same((self.statuses(anns), self.statuses(bobs)),
             (["suspended"], ["waiting"]), "statuses")
        for bad in ({"index": 1}, {"index": {"who": 1}}, {"index.who": 1}):
            got, no = self.ask("POST", "/v1/bulk", {
                "action": "pause", "filter": bad}, self.admin)
            same(got, 422, f"{bad}: {no}")
        self.cli("purge", "-q", "index.who=bob workflow=a/found",
                 token=self.admin)
        same(self.statuses(bobs), ["waiting"], "what lives is not purged")
        for each in anns + bobs:
            self.ok("POST", f"/v1/instances/{each}/cancel", {})
        self.cli("purge", "-q", "index.who=bob workflow=a/found",
                 token=self.admin)
        same([self.ask("GET", f"/v1/instances/{each}", token=self.admin)[0]
              for each in bobs + anns], [410] * 3 + [200] * 3, "purged")

    def another_ends(self):
        """An order of two a second: behind its end, one that had gone on at
        that rate all the while would have come as far."""
        label, names = self.group(4)
        ended = self.ends(self.order("pause", label, ratePerSecond=2)["id"])
        same(ended["progress"]["done"], len(names), "another order")

    def daemon_becomes(self, name, status):
        wait_until(lambda: self.ok("GET", f"/v1/instances/{name}")["status"]
                   == status, f"{name} is {status}")

    def a_limit_ends_it_early_and_it_says_so(self):
        label, names = self.group(6)
        ended = self.ends(self.order("pause", label, limit=2)["id"])
        same((ended["complete"], ended["progress"]["done"]), (False, 2), "end")
        same(self.statuses(names[4:]), ["suspended"], "the newest")
        same(self.statuses(names[:4]), ["waiting"], "the others")

    # --- In the operator's hand ------------------------------------------------

    def it_keeps_its_rate_and_pauses_and_stops(self):
        label, names = self.group(20)
        begun = time.monotonic()
        made = self.order("pause", label, ratePerSecond=2)["id"]
        wait_until(lambda: self.bulk(made)["progress"]["done"] >= 4, "four")
        same(time.monotonic() - begun > 0.9, True, "not before a second")
        paused = self.ok("POST", f"/v1/bulk/{made}/pause", {"reason": "lunch"})
        same((paused["status"], paused["detail"],
              [each["name"] for each in paused["allowedActions"]]),
             ("paused", "lunch", ["resume", "stop"]), "paused")
        same(self.ok("POST", f"/v1/bulk/{made}/pause", {})["status"],
             "paused", "again")
        wait_until(lambda: self.bulk(made)["progress"]["pending"] == 0, "rest")
        stood = self.bulk(made)["progress"]["done"]
        self.restart()
        self.another_ends()
        same((self.bulk(made)["status"], self.bulk(made)["progress"]["done"]),
             ("paused", stood), "it stands")
        self.ok("POST", f"/v1/bulk/{made}/resume", {})
        wait_until(lambda: self.bulk(made)["progress"]["done"] > stood, "on")
        stopped = self.ok("POST", f"/v1/bulk/{made}/stop", {})
        same(stopped["status"], "stopped", "stopped")
        wait_until(lambda: self.bulk(made)["progress"]["pending"] == 0, "rest")
        asked = len(self.report(made))
        self.another_ends()
        same(len(self.report(made)), asked, "nothing more")
        left = [each for each in names if self.ok(
            "GET", f"/v1/instances/{each}")["status"] == "waiting"]
        same(len(left), 20 - self.bulk(made)["progress"]["done"], "left alone")
        status, no = self.ask("POST", f"/v1/bulk/{made}/resume", {}, self.admin)
        same((status, no["code"], no["from"], no["allowed"]),
             (409, "invalid-state", "stopped", []), "refused")

    # --- Crashes -----------------------------------------------------------------

    def killed_in_the_middle_it_goes_on_and_doubles_nothing(self):
        """A retry that faults again at once is the verb that a second one
        would harm: it would be seen in the history."""
        label, names = self.group(150, name="breaks")
        for each in names:
            self.daemon_becomes(each, "faulted")
        made = self.order("retry", label, ratePerSecond=100)["id"]
        kills = 0
        while self.bulk(made)["status"] == "running" and kills < 5:
            done = self.bulk(made)["progress"]["done"]
            wait_until(lambda d=done: self.bulk(made)["progress"]["done"] > d
                       or self.bulk(made)["status"] != "running", "it moves")
            self.restart()
            kills += 1
        ended = self.ends(made)
        same(kills >= 3, True, f"kills: {kills}")
        same((ended["status"], ended["progress"]["done"],
              ended["progress"]["unknown"]), ("completed", 150, 0), "end")
        items = self.report(made)
        same(sorted(each["instance"] for each in items), sorted(names),
             "each stands in the report once")
        counts = [len(self.facts(each, "task.retried")) for each in names]
        same((min(counts), max(counts)), (1, 1), "retried")

    # --- Who -------------------------------------------------------------------

    def it_may_do_what_its_orderer_may(self):
        label, names = self.group(3)
        others = [self.start("b", "hears", labels={"g": label})]
        made = self.order("pause", label, self.a_operator)
        same(made["count"], 3, "count")
        same(self.ends(made["id"])["progress"]["done"], 3, "done")
        same(self.statuses(others), ["waiting"], "the other tenant's")
        body = {"action": "cancel", "filter": {"namespace": "a"}}
        for token, status in ((self.stranger, 403), (self.a_viewer, 403)):
            got, said = self.ask("POST", "/v1/bulk", body, token)
            same(got, status, f"{said}")
        for path in ("", "/items"):
            got, said = self.ask("GET", f"/v1/bulk/{made['id']}{path}",
                                 token=self.stranger)
            same(got, 404, f"{said}")
        same([each for each in self.ok("GET", "/v1/bulk", token=self.stranger)[
            "items"] if each["id"] == made["id"]], [], "list")
        same(self.ask("POST", f"/v1/bulk/{made['id']}/stop", {},
                      self.stranger)[0], 404, "stop")

    def a_revoked_token_stops_what_it_has_ordered(self):
        label, names = self.group(10)
        token = self.made("short", role("operator", "a"))
        made = self.order("pause", label, token, ratePerSecond=1)["id"]
        wait_until(lambda: self.bulk(made)["progress"]["done"] >= 1, "one")
        mine = token.split("_")[1]
        self.ok("DELETE", f"/v1/tokens/{mine}")
        ended = self.ends(made)
        same((ended["status"], "revoked" in ended["detail"]), ("stopped", True),
             f"{ended}")
        same("waiting" in self.statuses(names), True, "left")

    def all_of_it_is_audited_and_measured(self):
        label, names = self.group(2)
        made = self.order("pause", label, self.a_operator, reason="audit")["id"]
        self.ends(made)
        def told(target):
            return [(each["action"], each["who"].split(" ")[0], each["reason"])
                    for each in self.ok("GET", f"/v1/audit?target={target}")[
                        "items"]]
        order = told(made)
        same([order[0][0], order[0][2]], ["orderBulk", "pause: audit"], "order")
        item = [each for each in told(names[0]) if each[0] == "pauseInstance"]
        same((len(item), item[0][1], item[0][2]),
             (1, order[0][1], f"audit (bulk {made})"), "of one instance")
        text = self.ask("GET", "/metrics", token=self.admin)[1]
        same("pawl_bulk_running 0" in text, True, "metrics")

    # --- What is refused ---------------------------------------------------------

    def a_bad_order_is_refused_with_its_place(self):
        good = {"action": "pause", "filter": {"namespace": "a"}}
        for change, pointer in (
                ({"action": "jump"}, "/action"), ({"action": None}, "/action"),
                ({"filter": None}, "/filter"), ({"filter": 1}, "/filter"),
                ({"filter": {"status": "x"}}, "/filter/status"),
                ({"filter": {"what": "x"}}, "/filter/what"),
                ({"args": {"mode": "x"}}, "/args/mode"),
                ({"args": {"to": "x"}}, "/args/to"),
                ({"ratePerSecond": 0}, "/ratePerSecond"),
                ({"ratePerSecond": 9999}, "/ratePerSecond"),
                ({"action": "rollback"}, "/args/to"), ({"x": 1}, "/x")):
            body = {**good, **change}
            status, no = self.ask("POST", "/v1/bulk", body, self.admin)
            same((status, no["errors"][0]["pointer"]), (422, pointer),
                 f"{change}: {no}")

    def a_repeat_under_a_key_orders_one(self):
        label, _ = self.group(2)
        first, second = (self.order("pause", label,
                                    headers={"Idempotency-Key": "bulk-1"})
                         for _ in range(2))
        same(first, second, "answers")
        self.ends(first["id"])

    def there_is_an_end_to_what_is_under_way(self):
        label, _ = self.group(12)
        made = [self.order("pause", label, ratePerSecond=0.01)["id"]
                for _ in range(8)]
        status, no = self.ask("POST", "/v1/bulk", {
            "action": "pause", "filter": {"label.g": label}}, self.admin)
        same((status, no["code"]), (429, "overloaded"), f"{no}")
        for each in made:
            self.ok("POST", f"/v1/bulk/{each}/stop", {})

    # --- With `pawl` -------------------------------------------------------------

    def the_client_has_it_all(self):
        label, names = self.group(5)
        query = ["-q", f"label.g={label} workflow=a/hears"]
        def pawl(*words, code=0):
            return self.cli(*words, code=code, token=self.admin)
        said = pawl("pause", *query, "--dry-run")
        same([each in said for each in names], [True] * 5, said)
        same(self.statuses(names), ["waiting"], "nothing is done")
        pawl("pause", *query, "--freeze", "--reason", "by hand")
        same(self.statuses(names), ["suspended"], "paused")
        said = pawl("bulk", "run", "cancel", *query, "--rate", "1000", "-o",
                    "json")
        made = json.loads(said)
        same((made["status"], made["progress"]["done"]), ("completed", 5), said)
        same(made["id"] in pawl("bulk", "ls"), True, "list")
        same(pawl("bulk", "show", made["id"][:24], "-o", "name").strip(),
             made["id"], "show")
        same(sorted(pawl("bulk", "report", made["id"], "-o", "name").split()),
             sorted(names), "report")
        said = pawl("bulk", "run", "retry", "-q",
                    f"label.g={label} status=cancelled", code=4)
        same("5" in said, True, said)
        label, names = self.group(4)
        said = pawl("pause", "-q", f"label.g={label}", "--rate", "0.1",
                    "--detach", "-o", "name").strip()
        pawl("bulk", "pause", said, "--reason", "wait")
        same("paused" in pawl("bulk", "show", said), True, "paused")
        pawl("bulk", "resume", said)
        pawl("bulk", "stop", said)
        pawl("bulk", "resume", said, code=4)
        pawl("pause", code=2)
        pawl("pause", names[0], "-q", "all", code=2)
        pawl("pause", "-q", "hello", code=2)


def main():
    run_all(Bulk, "One verb for many instances").finish("bulk.md")


if __name__ == "__main__":
    main()
