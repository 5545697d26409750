#!/usr/bin/env python3
"""What operators do with events that a subscriber has not taken for too long:
see each of them, send one or all again, or let it go; over HTTP and with
`pawl`, on a real daemon that dies in between."""

import json

from receivers import COMPLETED, Receivers

import stub
from harness import same, wait_until

QUERY = "?namespace=tests"
FILTER = {"workflow": "quick", "type": COMPLETED}


class Dead(Receivers):
    flows = {"quick": "do: [{x: {set: {a: 1}}}]"}

    def dead(self, name, more=""):
        return self.daemon.must(
            "GET", f"/v1/subscriptions/{name}/dead{QUERY}{more}")["items"]

    def bury(self, name, count=3):
        """A subscription of this name with so many dead messages; the ids of
        the instances that they are of."""
        self.rules[f"{name}.test"] = lambda _: stub.answer(400)
        self.subscribe(name, f"{name}.test", filter=FILTER)
        ids = [self.start("quick", wait=10) for _ in range(count)]
        self.stands(name, pending=0, dead=count)
        return ids

    def heal(self, name):
        """From now on it is taken; how many requests came so far."""
        self.rules[f"{name}.test"] = lambda _: stub.answer(200)
        return len(self.seen(f"{name}.test"))

    def redeliver(self, name, **body):
        return self.daemon.ask(
            "POST", f"/v1/subscriptions/{name}/redeliver{QUERY}", body)

    # --- Over HTTP -------------------------------------------------------------

    def each_is_listed_with_what_it_is_and_why(self):
        ids = self.bury("listed")
        seen = {each["subject"]: each for each in self.events("listed.test")}
        tries = len(self.seen("listed.test"))
        items = self.dead("listed")
        same([each["instance"] for each in items], ids, "in their order")
        for each in items:
            event = seen[each["instance"]]
            same((each["eventId"], each["type"], each["source"], each["time"]),
                 (event["id"], event["type"], event["source"], event["time"]),
                 "event")
            same((each["status"], each["reason"]),
                 (400, "answered with 400"), "why")
            same(each["deadAt"] > each["time"], True, "when")
        same(sum(each["attempts"] for each in items), tries, "attempts")
        same(all(each["attempts"] > 1 for each in items), True, "several each")
        self.restart()
        same(self.dead("listed"), items, "after a restart")
        page = self.daemon.must(
            "GET", f"/v1/subscriptions/listed/dead{QUERY}&limit=2")
        same(page["items"], items[:2], "first page")
        rest = self.daemon.must(
            "GET", f"/v1/subscriptions/listed/dead{QUERY}&limit=2"
            f"&cursor={page['nextCursor']}")
        same((rest["items"], rest["nextCursor"]), (items[2:], None), "the rest")
        same(self.daemon.ask("GET", f"/v1/subscriptions/listed/dead{QUERY}"
                             "&cursor=x")[0], 422, "no cursor")
        one = self.daemon.must(
            "GET", f"/v1/subscriptions/listed/dead/{items[1]['id']}{QUERY}")
        same(one.pop("event"), seen[ids[1]], "with its event")
        same(one, items[1], "one")
        self.remove("listed")
        same(self.daemon.ask("GET", f"/v1/subscriptions/listed/dead{QUERY}")[0],
             404, "gone with the subscription")

    def one_is_sent_again_and_the_others_stay(self):
        ids = self.bury("single")
        items = self.dead("single")
        before = self.heal("single")
        same(self.redeliver("single", messages=[items[1]["id"]]),
             (200, {"redelivered": 1}), "answer")
        now = self.stands("single", pending=0, dead=2)
        same(now["deadReasons"], {"answered with 400": 2}, "reasons")
        came = self.events("single.test")[before:]
        same([(e["id"], e["subject"]) for e in came],
             [(items[1]["eventId"], ids[1])], "it came, under its id")
        same(self.dead("single"), [items[0], items[2]], "the others")
        # Nothing is done if one of them is not there.
        for wrong in (items[1]["id"], "00", "zz", ""):
            same(self.redeliver("single", messages=[items[0]["id"], wrong])[0],
                 404, f"unknown {wrong}")
        for wrong in ([], "x", [1], {}):
            same(self.redeliver("single", messages=wrong)[0], 422, wrong)
        same(self.dead("single"), [items[0], items[2]], "nothing was done")
        same(self.redeliver("single", messages=[items[0]["id"]] * 2),
             (200, {"redelivered": 1}), "named twice")
        same(self.redeliver("single"), (200, {"redelivered": 1}), "all")
        self.stands("single", pending=0, dead=0, deadReasons={})
        same(len(self.events("single.test")), before + 3, "each came once")
        self.remove("single")

    def what_is_to_be_sent_again_survives_a_crash(self):
        self.bury("crashed", 1)
        item, = self.dead("crashed")
        before = self.heal("crashed")
        key = {"Idempotency-Key": "again-crashed"}
        path = f"/v1/subscriptions/crashed/redeliver{QUERY}"
        wish = {"messages": [item["id"]]}
        same(self.daemon.must("POST", path, wish, key), {"redelivered": 1},
             "answer")
        self.restart()
        same(self.daemon.must("POST", path, wish, key), {"redelivered": 1},
             "the first answer again")
        self.stands("crashed", pending=0, dead=0)
        same(sorted({e["id"] for e in self.events("crashed.test")[before:]}),
             [item["eventId"]], "it came")
        self.remove("crashed")

    def what_is_still_refused_is_dead_once_more(self):
        self.bury("again", 1)
        first, = self.dead("again")
        self.rules["again.test"] = lambda _: stub.answer(403)
        same(self.redeliver("again")[0], 200, "answer")
        second = wait_until(lambda: next(
            (e for e in self.dead("again") if e["status"] == 403), None), "dead")
        same((second["id"], second["eventId"], second["reason"]),
             (first["id"], first["eventId"], "answered with 403"), "the same")
        same(second["deadAt"] > first["deadAt"], True, "later")
        same(self.shown("again")["deadReasons"], {"answered with 403": 1},
             "reasons")
        self.remove("again")

    def no_answer_at_all_has_no_status(self):
        self.daemon.must("PUT", f"/v1/subscriptions/silent{QUERY}", {
            "url": "https://silent.test/in", "filter": FILTER})
        self.start("quick", wait=10)
        self.stands("silent", pending=0, dead=1)
        item, = self.dead("silent")
        same((item["status"], bool(item["reason"])), (None, True), item)
        self.remove("silent")

    def what_is_let_go_is_never_sent(self):
        self.bury("dropped", 2)
        first, second = self.dead("dropped")
        before = self.heal("dropped")
        path = f"/v1/subscriptions/dropped/dead/{first['id']}{QUERY}"
        same([self.daemon.ask("DELETE", path)[0] for _ in range(2)], [204, 404],
             "once")
        same(self.daemon.ask("GET", path)[0], 404, "gone")
        now = self.shown("dropped")
        same((now["dead"], now["deadReasons"]), (1, {"answered with 400": 1}),
             "counted")
        self.restart()
        same(self.dead("dropped"), [second], "after a restart")
        self.redeliver("dropped")
        self.stands("dropped", pending=0, dead=0)
        same([e["id"] for e in self.events("dropped.test")[before:]],
             [second["eventId"]], "the other one alone")
        actions = [each["action"] for each in self.daemon.must(
            "GET", "/v1/audit?target=dropped")["items"]]
        same(actions, ["redeliverSubscription", "removeDeadMessage",
                       "putSubscription"], "audit")
        self.remove("dropped")

    # --- With pawl ---------------------------------------------------------------

    def the_client_has_it_all(self):
        ids = self.bury("mine", 4)
        shown = self.cli("subscription", "dead", "mine")
        same([name in shown for name in ids], [True] * 4, shown)
        same("answered with 400" in shown, True, shown)
        items = json.loads(self.cli("subscription", "dead", "mine", "-o",
                                    "json"))["items"]
        same(items, self.dead("mine"), "as the API has it")
        named = self.cli("subscription", "dead", "mine", "-o", "name").split()
        same(named, [each["id"] for each in items], "names")
        one = self.cli("subscription", "dead", "mine", named[0])
        same(ids[0] in one and "specversion" in one, True, one)
        self.cli("subscription", "dead", "mine", "00", code=3)
        self.cli("subscription", "dead", "nobody", code=3)
        self.heal("mine")
        same("1" in self.cli("subscription", "redeliver", "mine", named[0]),
             True, "one again")
        self.stands("mine", pending=0, dead=3)
        self.cli("subscription", "discard", "mine", named[1])
        self.cli("subscription", "discard", "mine", named[1], code=3)
        self.cli("subscription", "discard", "mine", code=2)
        same(self.shown("mine")["dead"], 2, "left")
        self.cli("subscription", "redeliver", "mine")
        self.stands("mine", pending=0, dead=0)
        same(self.cli("subscription", "dead", "mine", "-o", "name"), "", "none")
        self.remove("mine")


def main():
    Dead.main("Events that were set aside")


if __name__ == "__main__":
    main()
