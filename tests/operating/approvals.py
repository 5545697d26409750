#!/usr/bin/env python3
"""People decide, over HTTP, with `pawl` and by links, against a real daemon that
dies in between."""

import json
import urllib.parse

from cases import Suite, next_millisecond

import harness
from harness import same

AFTER = "{after: {set: '${ {was: .outcome, by, comment, data} }'}}"
FLOWS = {
    "any": "{title: Any, data: {risk: 3}}",
    "both": "{title: Both, approvers: {users: [ann, bob], mode: all}}",
    "peers": "{title: Peers, approvers: {groups: [peer], quorum: 2}}",
    "chain": "{title: Chain, approvers: {groups: [peer, elder], "
             "mode: sequence}}",
    "low": "{title: Low, autoApprove: '.tier == 1'}",
    "late": "{title: Late, due: PT1S, onDue: reject}",
    "timed": "{title: Timed, due: PT1S}",
    "soon": "{title: Soon, due: P1D, approvers: {users: [zoe]}}",
    "form": "{title: Form, commentRequired: true, dataSchema: {type: object, required: [n]}}",
    "lifts": "{title: Lifts, due: PT1S, onDue: escalate, approvers: {users: "
             "[ann]}, escalateTo: {groups: [chief]}}",
}


class People(Suite):
    flows = {name: f"do: [{{ask: {{call: approval, with: {asked}}}}}, {AFTER}]"
             for name, asked in FLOWS.items()}

    def asks(self, name, value=None, **more):
        """The ids of a new instance and of its approval."""
        made = self.daemon.start_instance(self.workflows[name], value or {},
                                          **more)
        return made["id"], made["current"][0]["waitingFor"]["id"]

    def vote(self, approval, outcome="approved", headers=None, **more):
        body = {"outcome": outcome, **more}
        if outcome == "rejected":
            body.setdefault("comment", "no")
        return self.daemon.ask("POST", f"/v1/approvals/{approval}", body,
                               headers)

    def votes(self, approval, wanted, outcome="approved", **more):
        status, said = self.vote(approval, outcome, **more)
        same(status, wanted, f"{outcome} {more}: {said}")
        return said

    # --- Votes -----------------------------------------------------------------

    def the_first_decides(self):
        name, approval = self.asks("any")
        same(approval.startswith(name + "~"), True, approval)
        shown = self.votes(approval, 200, by="ann", comment="fine",
                           data={"n": 1})
        same(shown["status"], "completed", "status")
        same(shown["output"], {"was": "approved", "by": "ann",
                               "comment": "fine", "data": {"n": 1}}, "output")

    def nobody_in_particular_is_anonymous(self):
        _, approval = self.asks("any")
        same(self.votes(approval, 200)["output"]["by"], "anonymous", "by")

    def all_must_agree_through_kills(self):
        name, approval = self.asks("both")
        self.restart()
        same(self.votes(approval, 200, by="ann")["status"], "waiting", "status")
        self.restart()
        wait = self.daemon.instance(name)["current"][0]["waitingFor"]
        same((wait["kind"], wait["id"], [v["by"] for v in wait["votes"]]),
             ("approval", approval, ["ann"]), "waitingFor")
        self.votes(approval, 200, by="bob")
        self.restart()
        same(self.daemon.instance(name)["output"]["was"], "approved", "output")

    def one_rejection_rejects(self):
        _, approval = self.asks("both")
        shown = self.votes(approval, 200, "rejected", by="bob", comment="late")
        same((shown["output"]["was"], shown["output"]["comment"]),
             ("rejected", "late"), "output")

    def a_quorum_of_a_group(self):
        _, approval = self.asks("peers")
        self.votes(approval, 403, by="ann")
        self.votes(approval, 403, by="ann", groups=["elder"])
        self.votes(approval, 200, by="ann", groups=["elder", "peer"])
        shown = self.votes(approval, 200, by="bob", groups=["peer"])
        same(shown["status"], "completed", "status")

    def one_after_the_other(self):
        _, approval = self.asks("chain")
        no = self.votes(approval, 409, by="eve", groups=["elder"])
        same((no["code"], no["turn"]), ("invalid-state", {"group": "peer"}),
             "problem")
        self.votes(approval, 200, by="ann", groups=["peer"])
        self.restart()
        same(self.votes(approval, 200, by="eve", groups=["elder"])["status"],
             "completed", "status")

    def everybody_votes_once(self):
        _, approval = self.asks("both")
        for _ in range(2):
            self.votes(approval, 200, by="ann")
        no = self.votes(approval, 409, "rejected", by="ann")
        same(no["vote"]["outcome"], "approved", "what he said")

    def who_comes_late_is_told(self):
        name, approval = self.asks("any")
        self.votes(approval, 200, by="ann")
        self.restart()
        no = self.votes(approval, 409, "rejected", by="bob")
        same((no["code"], no["outcome"], no["from"]),
             ("invalid-state", "approved", "approved"), "problem")
        self.votes(approval, 200, by="ann")  # The same once more.
        past = self.daemon.must("GET", f"/v1/approvals/{approval}")
        same((past["status"], past["title"], past["votes"][0]["by"]),
             ("approved", "Any", "ann"), "the past")
        same(self.daemon.instance(name)["status"], "completed", "status")

    def the_starter_does_not_decide(self):
        name, approval = self.asks("any", by="ann")
        no = self.votes(approval, 403, by="ann")
        same(no["code"], "forbidden", "code")
        self.restart()
        self.votes(approval, 403, by="ann")
        self.votes(approval, 200, by="bob")
        same(self.daemon.instance(name)["output"]["by"], "bob", "by")

    def a_low_tier_is_approved_at_once(self):
        made = self.daemon.start_instance(self.workflows["low"], {"tier": 1})
        same((made["status"], made["output"]["by"]),
             ("completed", "autoApprove"), "ended")
        fact = [each for each in self.daemon.history(made["id"])
                if each["type"] == "approval.voted"][0]["data"]
        same(fact["automatic"], True, "the fact")

    def what_comes_with_a_vote_is_checked(self):
        _, approval = self.asks("form")
        no = self.daemon.ask("POST", f"/v1/approvals/{approval}",
                             {"outcome": "rejected"})
        same((no[0], no[1]["errors"][0]["pointer"]), (422, "/comment"), "why")
        no = self.votes(approval, 422, data={"m": 1})
        same((no["code"], no["error"]["status"]), ("invalid-input", 400),
             "problem")
        self.votes(approval, 422, "maybe")
        self.votes(approval, 422, who="ann", data={"n": 1})
        self.votes(approval, 422, groups="peer", data={"n": 1})
        self.votes(approval, 200, data={"n": 1})

    def what_is_not_there_is_not_found(self):
        name, approval = self.asks("any")
        for other in (f"{name}~99", f"{name}~0", f"{approval}.2", "nobody~1",
                      name, "x~y"):
            self.votes(other, 404)
            same(self.daemon.ask("GET", f"/v1/approvals/{other}")[0], 404,
                 other)
        same(self.daemon.ask("GET", f"/v1/approvals/{approval}?namespace=no")[
            0], 404, "elsewhere")
        self.votes(approval, 200)

    # --- Guards ----------------------------------------------------------------

    def a_repeat_under_a_key_changes_nothing(self):
        name, approval = self.asks("both")
        key = {"Idempotency-Key": f"vote-{name}"}
        first = self.vote(approval, headers=key, by="ann")
        self.restart()
        same(self.vote(approval, headers=key, by="ann"), first, "again")
        same(self.vote(approval, headers=key, by="bob")[0], 422, "another")

    def a_stale_view_is_refused(self):
        name, approval = self.asks("both")
        at = self.daemon.instance(name)["sequence"]
        match = {"If-Match": f'"{at}"'}
        same(self.vote(approval, headers=match, by="ann")[0], 200, "first")
        same(self.vote(approval, headers=match, by="bob")[0], 412, "second")

    # --- Time ------------------------------------------------------------------

    def nobody_decides_in_time(self):
        late, _ = self.asks("late")
        timed, approval = self.asks("timed")
        self.restart()
        same(self.daemon.becomes(late, "completed")["output"]["by"], "due",
             "by")
        same(self.daemon.becomes(timed, "faulted")["error"]["status"], 408,
             "error")
        no = self.votes(approval, 409)
        same(no["from"], "faulted", "from")
        self.daemon.act(timed, "retry")
        again = self.daemon.instance(timed)["current"][0]["waitingFor"]["id"]
        same(again, approval + ".2", "asked anew")

    def it_is_escalated_in_time(self):
        name, approval = self.asks("lifts")
        self.votes(approval, 403, by="eve", groups=["chief"])

        def escalated():
            wait = self.daemon.instance(name)["current"][0]["waitingFor"]
            return wait["groups"] == ["chief"]
        harness.wait_until(escalated, "it is escalated")
        self.restart()
        self.votes(approval, 200, by="eve", groups=["chief"])
        same(self.daemon.instance(name)["output"]["was"], "approved", "was")

    # --- Pauses, explanations, settling ------------------------------------------

    def a_vote_in_a_pause_counts(self):
        name, approval = self.asks("any")
        self.daemon.act(name, "pause")
        shown = self.votes(approval, 200, by="ann")
        same(shown["status"], "suspended", "status")
        self.restart()
        self.daemon.act(name, "resume")
        same(self.daemon.instance(name)["output"]["was"], "approved", "was")

    def it_says_who_is_asked(self):
        name, approval = self.asks("both")
        why = self.explain(name)
        one = why["blockedBy"][0]
        same((one["kind"], one["users"], one["movedBy"][0]),
             ("approval", ["ann", "bob"],
              {"name": "approve", "method": "POST",
               "href": f"/v1/approvals/{approval}", "title": "Both",
               "body": {"outcome": "approved"}}), "why")
        actions = self.daemon.instance(name)["allowedActions"]
        hrefs = [each["href"] for each in actions
                 if each["name"] in ("approve", "reject")]
        same(hrefs, [f"/v1/approvals/{approval}"] * 2, "actions")
        listed = self.daemon.must("GET", "/v1/instances?limit=1")["items"][0]
        same(listed["allowedActions"], actions, "in the list")

    def an_operator_settles_it(self):
        name, approval = self.asks("both")
        self.daemon.act(name, "skip", {"output": {"outcome": "none"}})
        same(self.votes(approval, 409, by="ann")["from"], "skipped", "from")
        gone, other = self.asks("both")
        self.daemon.act(gone, "cancel")
        same(self.votes(other, 409, by="ann")["from"], "cancelled", "from")
        self.daemon.must("DELETE", f"/v1/instances/{gone}")
        same(self.votes(other, 410, by="ann")["code"], "purged", "purged")

    # --- Lists -------------------------------------------------------------------

    def open_ones_are_listed(self):
        for each in self.daemon.must("GET", "/v1/instances?limit=1000")["items"]:
            self.daemon.act(each["id"], "cancel")
        same(self.daemon.must("GET", "/v1/approvals")["items"], [], "none")
        ids = []
        for name in ("both", "peers", "chain", "soon", "any"):
            ids.append(self.asks(name)[1])
            next_millisecond()
        self.restart()

        def listed(query=""):
            return [each["id"] for each in
                    self.daemon.must("GET", "/v1/approvals" + query)["items"]]
        same(listed(), ids[::-1], "all")
        same(listed("?group=peer"), [ids[2], ids[1]], "group")
        same(listed("?user=ann"), [ids[0]], "user")
        same(listed("?workflow=chain&namespace=tests"), [ids[2]], "workflow")
        same(listed("?namespace=other"), [], "namespace")
        same(listed("?dueBefore=2100-01-01T00:00:00Z"), [ids[3]], "due")
        found, cursor = [], ""
        while cursor is not None:
            page = self.daemon.must("GET", f"/v1/approvals?limit=2&cursor={cursor}")
            found += [each["id"] for each in page["items"]]
            cursor = page["nextCursor"]
        same(found, ids[::-1], "pages")
        one = self.daemon.must("GET", "/v1/approvals?workflow=any")["items"][0]
        same((one["title"], one["data"], one["namespace"], one["task"],
              one["mode"], one["votes"]),
             ("Any", {"risk": 3}, "tests", "/do/0/ask", "any", []), "item")
        same(self.daemon.ask("GET", "/v1/approvals?cursor=x")[0], 400, "cursor")
        self.votes(ids[4], 200)
        same(listed(), ids[3::-1], "without the one that is over")

    def several_of_one_instance_are_listed(self):
        made = self.define(
            "many", "do: [{each: {for: {in: '[1, 2, 3]'}, metadata: "
            "{concurrency: 3}, do: [{ask: {call: approval, with: {title: T, "
            "data: '${ $item }'}}}]}}]")
        self.daemon.start_instance(made)
        data, cursor = [], ""
        while cursor is not None:
            page = self.daemon.must(
                "GET", f"/v1/approvals?workflow=many&limit=1&cursor={cursor}")
            data += [each["data"] for each in page["items"]]
            cursor = page["nextCursor"]
        same(sorted(data), [1, 2, 3], "items")

    # --- Links -------------------------------------------------------------------

    def a_link_decides_by_its_button(self):
        name, approval = self.asks("peers")
        made = self.daemon.must(
            "POST", f"/v1/approvals/{approval}/links",
            {"outcome": "approved", "by": "ann", "groups": ["peer"]})
        url = urllib.parse.urlsplit(made["url"])
        same(url.netloc, f"127.0.0.1:{self.daemon.port}", "host")
        self.restart()
        status, page = self.daemon.ask("GET", f"{url.path}?{url.query}")
        same((status, "Peers" in page, "<form" in page), (200, True, True),
             "page")
        same(self.daemon.instance(name)["current"][0]["waitingFor"]["votes"],
             [], "no vote yet")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        token = urllib.parse.parse_qs(url.query)["token"][0]
        body = urllib.parse.urlencode({"token": token, "comment": "a & b"})
        for _ in range(2):
            same(self.daemon.ask("POST", url.path, body, form)[0], 200, "act")
        votes = self.daemon.instance(name)["current"][0]["waitingFor"]["votes"]
        same([(v["by"], v["group"], v["comment"]) for v in votes],
             [("ann", "peer", "a & b")], "votes")
        for bad in (token[:-1], token + "x", "", "a.b.c"):
            same(self.daemon.ask("POST", url.path, "token=" + bad, form)[0],
                 404, "a forged link")
        same(self.daemon.ask("POST", url.path, {"token": token})[0], 415, "JSON")
        old = self.daemon.must(
            "POST", f"/v1/approvals/{approval}/links",
            {"outcome": "rejected", "by": "bob",
             "expires": "2020-01-01T00:00:00Z"})
        query = urllib.parse.urlsplit(old["url"]).query
        same(self.daemon.ask("GET", f"{url.path}?{query}")[0], 409, "expired")

    # --- With `pawl` ---------------------------------------------------------------

    def the_client_has_it_all(self):
        name, approval = self.asks("both")
        same(approval in self.cli("approvals", "ls", "--user", "ann"), True,
             "listed")
        same(json.loads(self.cli("approvals", "ls", "--group", "none", "-o",
                                 "json"))["items"], [], "not listed")
        same("approve" in self.cli("explain", name), True, "explained")
        self.cli("approve", name, "--by", "ann", "-m", "fine")
        self.cli("reject", approval, "--by", "ann", "-m", "no", code=4)
        self.cli("approve", approval, "--by", "eve", code=5)
        self.cli("approve", approval, "--by", "bob", "-d", '{"n": 1}')
        same(self.daemon.instance(name)["output"]["data"], {"n": 1}, "data")
        _, group = self.asks("chain")
        self.cli("approve", group, "--by", "ann", "--group", "peer")
        self.cli("reject", group, "--by", "eve", "--group", "elder", "-m", "x")
        self.cli("approve", "nobody", code=3)


def main():
    People.main("People")


if __name__ == "__main__":
    main()
