#!/usr/bin/env python3
"""What schemas and definitions call sensitive, and where it might be shown: over
HTTP, in streams, to subscribers, in the log and with `pawl`, against a real
daemon that dies in between."""

import http.client
import json
import threading

from cases import Suite

import harness
import stub
from harness import same

SECRETIVE = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: secretive
  version: '1.0.0'
  metadata: {redact: [/context/card]}
input:
  schema:
    document:
      type: object
      properties:
        name: {type: string}
        pin: {type: string, x-sensitive: true}
do:
  - keep:
      set: {card: '${ "card-" + .number }', pin: '${ .pin }', name: '${ .name }'}
      export: {as: '${ {card: .card} }'}
  - ask:
      call: http
      with: {method: post, endpoint: 'http://svc.test/', body: '${ . }'}
  - fail: {raise: {error: {type: 'https://x.test/e', status: 500, detail: '${ "refused " + $context.card }'}}}
"""
# Its schemas are elsewhere, so it is registered where they are at hand.
LOGIN = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: login
  version: '1.0.0'
do:
  - login:
      call: http
      with: {method: post, endpoint: 'http://svc.test/login'}
      output: {schema: {resource: {endpoint: 'http://schemas.test/login.json'}}}
  - use:
      call: http
      with:
        method: post
        endpoint: 'http://svc.test/use'
        headers: {Authorization: '${ "Bearer " + .token }'}
      output: {as: '${ {heard: .heard} }'}
  - say: {call: log, with: {message: '${ "heard " + .heard }'}}
  - gather:
      listen: {to: {one: {with: {type: com.example.pin}}}}
      output:
        as: '${ .[0] + {heard: $input.heard} }'
        schema: {document: {properties: {pin: {type: string, x-sensitive: true}}}}
  - fail: {raise: {error: {type: 'https://x.test/e', status: 500, detail: '${ "\\(.heard) and \\(.pin)" }'}}}
"""
LOGIN_SCHEMA = {
    "type": "object",
    "properties": {"token": {"$ref": "#/$defs/hidden"},
                   "admin": {"type": "boolean", "x-sensitive": True}},
    "$defs": {"hidden": {"type": "string", "x-sensitive": True}}}


class Hidden(Suite):
    flows = {"secretive": SECRETIVE}
    calls = True

    def shows_none(self, name, hidden):
        """Looks at all that is shown of an instance."""
        path = f"/v1/instances/{name}"
        for part in ("", "/history", "/explain", "/tasks"):
            text = json.dumps(self.daemon.must("GET", path + part))
            same([one for one in hidden if one in text], [], f"{part}: {text}")
        text = json.dumps(self.daemon.must("GET", "/v1/instances?limit=5"))
        same([one for one in hidden if one in text], [], f"the list: {text}")
        for words in (("history", name), ("explain", name), ("status", name)):
            text = self.cli(*words)
            same([one for one in hidden if one in text], [], text)

    def follow(self, path, into):
        """Keeps all that a stream tells, until the daemon ends."""
        stream = http.client.HTTPConnection("127.0.0.1", self.daemon.port)
        stream.request("GET", path, headers={"Accept": "text/event-stream"})
        lines = stream.getresponse()

        def read():
            try:
                while line := lines.readline():
                    into.append(line.decode())
            except (OSError, http.client.HTTPException, ValueError):
                pass
        threading.Thread(target=read, daemon=True).start()

    def what_schemas_of_tasks_hide_is_shown_nowhere(self):
        token, pin = "tok-4711-0815", "pin-9462"
        told = []

        def service(asked):
            if asked.host == "schemas.test":
                return stub.answer(200, LOGIN_SCHEMA)
            if asked.host == "hooks.test":
                told.append(asked.body)
                return stub.answer(204)
            return stub.answer(200, {"token": token, "admin": True}
                               if asked.path == "/login" else {"heard": token})
        self.services.service = service
        made = self.define("login", LOGIN)
        self.daemon.must("PUT", "/v1/subscriptions/all?namespace=tests", {
            "url": "http://hooks.test/in", "filter": {"workflow": "login"}})
        streamed = []
        self.follow("/v1/events?workflow=tests/login", streamed)
        name = self.start(made)
        self.follow(f"/v1/instances/{name}/events", streamed)
        self.daemon.becomes(name, "waiting")
        used = [one.headers["authorization"] for one in self.services.seen
                if one.path == "/use"]
        same(used, [f"Bearer {token}"], "the call gets it")
        self.shows_none(name, [token])
        done = {item["task"]: item["data"].get("output")
                for item in self.daemon.history(name)
                if item["type"] == "task.completed"}
        same(done["/do/0/login"], {"token": "***", "admin": "***"}, done)
        same(done["/do/1/use"], {"heard": "***"}, done)
        harness.wait_until(
            lambda: sum('"token":"***"' in line for line in streamed) == 2,
            "both streams tell of it")
        # The state has forgotten it by now; so has the daemon, of all.
        self.restart()
        self.shows_none(name, [token])
        plan = self.daemon.must("POST", f"/v1/instances/{name}/skip", {
            "task": "/do/3/gather", "output": {"heard": token, "pin": pin},
            "dryRun": True})
        same([one for one in (token, pin) if one in json.dumps(plan)], [], plan)
        streamed_later = []
        self.follow(f"/v1/instances/{name}/events", streamed_later)
        self.daemon.must(
            "POST", f"/v1/instances/{name}/events",
            {"specversion": "1.0", "type": "com.example.pin", "source": "/t",
             "id": "1", "data": {"pin": pin}},
            {"Content-Type": "application/cloudevents+json"})
        shown = self.daemon.becomes(name, "faulted")
        same(shown["error"]["detail"], "*** and ***", shown)
        self.shows_none(name, [token, pin])
        harness.wait_until(
            lambda: any("instance.faulted" in line for line in streamed_later)
            and any("workflow.faulted" in body for body in told),
            "all is told")
        same(any("*** and ***" in body for body in told), True, told)
        for seen in (streamed + streamed_later, told):
            same([line for line in seen if token in line], [], "streams, hooks")
        same([line for line in told if pin in line], [], "hooks")
        log = self.daemon.log()
        same((token in log, "heard ***" in log), (False, True), "the log")
        self.daemon.ask("DELETE", "/v1/subscriptions/all?namespace=tests")

    def what_breaks_its_schema_is_not_quoted(self):
        def service(asked):
            if asked.host == "schemas.test":
                return stub.answer(200, LOGIN_SCHEMA)
            return stub.answer(200, {"token": 47110815, "admin": True})
        self.services.service = service
        made = self.define("login", LOGIN)
        name = self.start(made)
        error = self.daemon.becomes(name, "faulted")["error"]
        same(error["errors"], [{"pointer": "/token", "detail":
                                "it does not fit, and must not be shown"}], error)
        self.shows_none(name, ["47110815"])

    def what_is_sensitive_is_shown_nowhere(self):
        self.services.service = lambda asked: stub.answer(200, asked.json())
        name = self.start("secretive", {"name": "Ann", "pin": "9462-x",
                                        "number": "4711-0815"})
        self.daemon.becomes(name, "faulted")
        same(self.services.seen[-1].json()["pin"], "9462-x",
             "the call gets it")
        self.shows_none(name, ["9462-x", "card-4711-0815"])
        shown = self.daemon.instance(name)
        same((shown["input"]["name"], shown["input"]["pin"],
              shown["context"]["card"]), ("Ann", "***", "***"), "shown")
        same("4711-0815" in self.daemon.log().replace(
            "number", ""), False, "the log")


def main():
    Hidden.main("What is hidden")


if __name__ == "__main__":
    main()
