#!/usr/bin/env python3
"""Tenants know nothing of each other: not from an answer, a list, a stream, nor
from how an id is refused."""

import json
import pathlib
import re
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

from harness import same  # noqa: E402
from tenancy import World, document, run_all  # noqa: E402


class Tenants(World):
    def a_stranger_learns_nothing_from_any_route(self):
        """Each operation of the contract, on what exists in a and on what
        exists nowhere, must give the stranger the same answer."""
        instance = self.start("a", "hears", id="known-id")
        there = {"namespace": "a", "name": "hears", "version": "1.0.0",
                 "id": instance, "event": "go", "queue": "known-q",
                 "token": "known-lease"}
        nowhere = {"namespace": "a", "name": "hoars", "version": "1.0.0",
                   "id": "knows-id", "event": "go", "queue": "knows-q",
                   "token": "knows-lease"}
        paths = self.ok("GET", "/openapi.json")["paths"]
        walked = 0
        for pattern, methods in paths.items():
            for method in methods:
                if method == "parameters":
                    continue
                walked += 1
                self.compare(method.upper(), pattern, there, nowhere)
        same(walked > 40, True, "routes walked")
        same(self.ok("GET", f"/v1/instances/{instance}")["status"], "waiting",
             "status after all that")
        same(self.ok("GET", "/v1/definitions/a/hears")["version"], "1.0.0",
             "definition after all that")

    def compare(self, method, pattern, there, nowhere):
        if "{" not in pattern:
            return
        if pattern.startswith("/v1/bulk"):
            there = {"id": self.ok("POST", "/v1/bulk", {
                "action": "delete", "limit": 1,
                "filter": {"namespace": "a", "label.g": "none"}})["id"]}
            nowhere = {"id": "known-bulk"}
        if pattern.startswith("/v1/schedules"):
            there, nowhere = {"id": "a.nightly"}, {"id": "a.naghtly"}
        answers = []
        for names in (there, nowhere):
            path = re.sub(r"\{(\w+)\}", lambda m, n=names: n[m[1]], pattern)
            body, kind = None, "application/json"
            if method in ("POST", "PUT"):
                body = {}
            if pattern.endswith("/events") and method == "POST":
                kind = "application/cloudevents+json"
                body = {"specversion": "1.0", "type": "com.example.go",
                        "source": "/t", "id": "1"}
            if pattern.endswith(("/skip", "/complete")):
                body = {"output": {}}
            if pattern.endswith("/redo"):
                body = {"task": "/do/0/hear"}
            if pattern.endswith("/rollback"):
                body = {"to": "/do/0/hear"}
            if pattern.endswith("/backfill"):
                body = {"from": "2020-01-01T00:00:00Z",
                        "to": "2020-01-02T00:00:00Z"}
            if pattern.startswith("/v1/approvals"):
                body = body if method == "GET" else {"outcome": "approved"}
            for query in ("", "?namespace=a"):
                if query and "instances" not in pattern:
                    continue
                status, said = self.ask(method, path + query, body,
                                        self.stranger, kind=kind)
                text = json.dumps(said)
                for value in sorted(names.values(), key=len, reverse=True):
                    text = text.replace(value, "-")
                answers.append((status, text))
        half = len(answers) // 2
        same(answers[:half], answers[half:], f"{method} {pattern}")
        if pattern.startswith(("/v1/queues", "/v1/leases")):
            return  # They belong to no namespace; what they give out does.
        for status, text in answers:
            same(status in (403, 404), True, f"{method} {pattern}: {text}")

    def a_stranger_sees_nothing_in_lists(self):
        self.start("a", "hears")
        self.start("b", "hears")
        for path in ("/v1/instances", "/v1/definitions", "/v1/schedules"):
            items = self.ok("GET", path, token=self.stranger)["items"]
            spaces = sorted({each.get("workflow", each)["namespace"]
                             for each in items})
            same(spaces, ["b"], path)
            same(self.ok("GET", path + "?namespace=a",
                         token=self.stranger)["items"], [], path)
            whole = self.ok("GET", path)["items"]
            same(sorted({each.get("workflow", each)["namespace"]
                         for each in whole}), ["a", "b"], path)
        paged, cursor = [], ""
        while cursor is not None:
            page = self.ok("GET", "/v1/instances?limit=1" + (
                f"&cursor={cursor}" if cursor else ""), token=self.stranger)
            paged += [each["id"] for each in page["items"]]
            cursor = page["nextCursor"]
        listed = [each["id"] for each in self.ok(
            "GET", "/v1/instances", token=self.stranger)["items"]]
        same(paged, listed, "page by page")

    def stats_tell_a_stranger_of_his_own(self):
        for ns in ("a", "b"):
            self.start(ns, "quick")
        said = self.ok("GET", "/v1/stats", token=self.stranger)
        same(sorted({each["namespace"] for each in said["workflows"]}), ["b"],
             "workflows")
        same([each for each in said["bottlenecks"] if each["namespace"] != "b"],
             [], "bottlenecks")
        same(("complete" in said, "published" in said["events"]),
             (False, False), "what tells of all")
        same(self.ok("GET", "/v1/stats?namespace=a", token=self.stranger)[
            "workflows"], [], "of a")
        whole = self.ok("GET", "/v1/stats")
        same(sorted({each["namespace"] for each in whole["workflows"]}),
             ["a", "b"], "of the admin")

    def a_stranger_changes_nothing(self):
        def refused(method, path, body, status, **more):
            got, said = self.ask(method, path, body, self.stranger, **more)
            same(got, status, f"{method} {path}: {said}")
        refused("POST", "/v1/instances",
                {"workflow": {"namespace": "a", "name": "hears"}}, 404)
        refused("POST", "/v1/definitions", document("a", "quick"), 403,
                kind="application/yaml")
        refused("POST", "/v1/definitions/diagram", document("a", "quick"), 403,
                kind="application/yaml")
        event = {"specversion": "1.0", "type": "com.example.go",
                 "source": "/t", "id": "1"}
        kind = "application/cloudevents+json"
        refused("POST", "/v1/events?namespace=a", event, 403, kind=kind)
        refused("POST", "/v1/events", event, 403, kind=kind)
        child = ("document: {dsl: '1.0.3', namespace: b, name: reaches, "
                 "version: '1.0.0'}\ndo: [{x: {run: {workflow: {namespace: a, "
                 "name: quick, version: '1.0.0'}}}}]\n")
        refused("POST", "/v1/definitions", child, 403, kind="application/yaml")
        for path in ("/v1/secrets", "/v1/tokens", "/v1/audit"):
            refused("GET", path, None, 403)

    def one_id_in_two_namespaces_is_not_ambiguous_to_a_tenant(self):
        for ns in ("a", "b"):
            self.start(ns, "hears", id="both")
        same(self.ask("GET", "/v1/instances/both", token=self.admin)[0], 409,
             "admin")
        for token, ns in ((self.a_viewer, "a"), (self.stranger, "b")):
            shown = self.ok("GET", "/v1/instances/both", token=token)
            same(shown["workflow"]["namespace"], ns, "namespace")

    def a_stream_tells_a_stranger_nothing(self):
        said = {}
        stand = threading.Barrier(4)

        def listen(who, token):
            said[who] = self.follow("/v1/events", token, 4, stand.wait)
        listeners = [threading.Thread(target=listen, args=each) for each in (
            ("a", self.a_viewer), ("b", self.stranger), ("all", self.admin))]
        for each in listeners:
            each.start()
        stand.wait(20)
        for _ in range(5):
            self.start("a", "quick")
        self.start("b", "quick")
        for each in listeners:
            each.join()
        sources = {who: set(re.findall(r'"namespace":"(\w+)"', text))
                   | set(re.findall(r'namespaces/(\w+)', text))
                   for who, text in said.items()}
        count = {who: text.count("event: ") for who, text in said.items()}
        same(count["all"], count["a"] + count["b"], f"events {sources}")
        same(count["a"], 5 * count["b"], "events of a")
        numbers = [int(n) for n in re.findall(r"^id: (\d+)$", said["b"], re.M)]
        gaps = {abs(y - x) for x, y in zip(numbers, numbers[1:])}
        same(all(gap > 10**6 for gap in gaps), True, f"gaps {gaps}")


if __name__ == "__main__":
    run_all(Tenants, "Tenants").finish("tenants.md")
