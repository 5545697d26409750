#!/usr/bin/env python3
"""What `pawl test` says beside what a real daemon does with the same service,
and dry runs beside a daemon: they leave nothing behind."""

import json

from cases import Suite

import stub
from harness import same

FLOW = """document: {dsl: '1.0.3', namespace: tests, name: bought, version: '1.0.0'}
do:
  - stock:
      try:
        - look:
            call: http
            with: {method: get, endpoint: 'http://stock.test/items'}
            output: {as: '${ {items: [.items[] | select(.name | test("^a"))]} }'}
      catch: {retry: {delay: PT0.1S, limit: {attempt: {count: 5}}}}
  - each:
      for: {each: one, in: .items}
      do:
        - buy:
            call: http
            with:
              {method: post, endpoint: 'http://stock.test/orders', body: '${ $one }'}
            output: {as: '${ $input + {bought: (($input.bought // []) + [.id])} }'}
  - enough:
      switch: [{yes: {when: '(.bought | length) > 1', then: say}}, {no: {then: fail}}]
  - say: {set: '${ {bought, n: (.bought | length)} }', then: end}
  - fail: {raise: {error: {type: 'https://x.test/few', status: 409, title: Few}}}
"""
NOTES = """document: {dsl: '1.0.3', namespace: tests, name: notes, version: '1.0.0'}
do:
  - ask:
      for: {each: who, in: .people}
      do:
        - look:
            call: http
            with: {method: get, endpoint: 'http://stock.test/people/{who}'}
            input: {from: '${ {who: $who} }'}
            metadata: {cache: {key: '${ .who }', ttl: PT1H}}
            output: {as: .name}
            export: {as: '${ {names: (($context.names // []) + [.])} }'}
  - tell:
      try:
        - send:
            call: notify
            with:
              channel: slack
              url: 'http://chat.test/hook'
              text: '${ ($runtime.metadata.flags.hello // "Hi") + " " + ($context.names | join(", ")) }'
      catch: {retry: {delay: PT0.1S, limit: {attempt: {count: 3}}}}
  - log:
      call: notify
      with: {channel: webhook, url: 'http://chat.test/log', body: {said: '${ .status }'}}
"""
# The same for both: what the service answers, call by call.
ANSWERS = {
    "look": [(503, {"why": "busy"}), (429, None),
             (200, {"items": [{"name": "ax"}, {"name": "b"}, {"name": "ay"}]})],
    "buy": [(201, {"id": 7}), (201, {"id": 9})],
}
NOTED = {
    "look": [(200, {"name": "Ann"}), (200, {"name": "Bob"})],
    "send": [(429, None), (200, "ok")],
    "log": [(202, None)],
}
TASKS = {"/items": "look", "/orders": "buy", "/people/a": "look",
         "/people/b": "look", "/hook": "send", "/log": "log"}


def answers_as_mocks(answers):
    return {task: [{"status": status, **({} if body is None else {"body": body})}
                   for status, body in rows] for task, rows in answers.items()}


class Trying(Suite):
    calls = True

    def __init__(self, daemon, services):
        super().__init__(daemon, services)
        self.answers = {}  # Task -> what it is answered, each once.
        services.service = self.answer
        self.folder = daemon.folder / "files"
        self.folder.mkdir()
        (self.folder / "flow.yaml").write_text(FLOW)

    def answer(self, request):
        status, body = self.answers[TASKS[request.path]].pop(0)
        if body is None:
            return stub.answer(status)
        return stub.answer(status, text=json.dumps(body, separators=",:"),
                           headers={"Content-Type": "application/json"})

    def tried(self, answers, expect, code=0, workflow="flow.yaml", **more):
        file = self.folder / "flow.test.json"
        file.write_text(json.dumps({"workflow": workflow, "tests": [{
            "name": "it", "mocks": answers_as_mocks(answers),
            "expect": expect, **more}]}))
        return json.loads(self.cli("test", str(file), "-o", "json", code=code)
                          )["items"][0]

    def really(self, answers):
        return self.runs(FLOW, {}, answers)

    def runs(self, definition, value, answers):
        """What becomes of it where the services answer so."""
        self.answers = {k: list(rows) for k, rows in answers.items()}
        return self.daemon.run(definition, value)

    # --- Checks --------------------------------------------------------------

    def a_test_says_what_the_daemon_does(self):
        real = self.really(ANSWERS)
        same(real["status"], "completed", real)
        self.tried(ANSWERS, {"output": real["output"], "context":
                             real["context"], "attempts": {"look": 3, "buy": 2}})

    def errors_are_the_same_too(self):
        gone = {"look": [(404, {"why": "gone"})] * 6, "buy": []}
        for answers in (gone, {**ANSWERS, "buy": [(500, None)]},
                        {"look": [(200, {"items": [{"name": "a"}]})],
                         "buy": [(201, {"id": 1})]}):
            real = self.really(answers)
            same(real["status"], "faulted", real)
            wanted = {k: v for k, v in real["error"].items()
                      if k not in ("at", "attempt")}
            mocks = {k: rows for k, rows in answers.items() if rows}
            self.tried(mocks, {"status": "faulted", "error": wanted})

    def what_is_told_and_flags_are_the_same_too(self):
        (self.folder / "notes.yaml").write_text(NOTES)
        people = {"people": ["a", "b", "a"]}
        self.daemon.must("PUT", "/v1/flags/hello?namespace=tests",
                         {"value": "Dear"})
        before = len(self.services.seen)
        real = self.runs(NOTES, people, NOTED)
        same(real["status"], "completed", real)
        sent = [(one.path, one.json()) for one in self.services.seen[before:]
                if one.host == "chat.test"]
        text = "Dear Ann, Bob, Ann"
        same(sent, [("/hook", {"text": text}), ("/hook", {"text": text}),
                    ("/log", {"said": 200})], "what was told")
        told = {"channel": "slack", "url": "http://chat.test/hook", "text": text}
        wanted = {
            "output": real["output"], "context": real["context"],
            "attempts": {"send": 2}, "visits": {"look": 3},
            "calls": {"look": [{"uri": "http://stock.test/people/a"},
                               {"uri": "http://stock.test/people/b"}],
                      "send": [told, told],
                      "log": {"channel": "webhook", "body": {"said": 200}}}}
        self.tried(NOTED, wanted, workflow="notes.yaml", input=people,
                   flags={"hello": "Dear"})
        # Without the flag it is told otherwise, and the test says so.
        other = self.tried(NOTED, wanted, code=1, workflow="notes.yaml",
                           input=people)
        same(other["differences"][0],
             {"path": "calls/do/1/tell/try/0/send/0/text",
              "expected": json.dumps(text),
              "got": json.dumps("Hi Ann, Bob, Ann")}, other["differences"])
        path = json.loads(self.cli(
            "run", str(self.folder / "notes.yaml"), "-i", json.dumps(people),
            "--mock", 'look={"name": "X"}', "--dry-run", "-o", "json"))["path"]
        actions = [step["action"] for step in path if "action" in step]
        same([one.get("fromCache", False) for one in actions],
             [False, False, True, False, False], actions)
        same((actions[3]["kind"], actions[3]["text"]),
             ("notify", "Hi X, X, X"), actions[3])

    def what_cannot_be_told_is_the_same_too(self):
        for number, given in enumerate((
                "channel: slack, text: '${ .none }'",
                "channel: slack, text: '${ [.none] }'",
                "channel: slack, text: a, blocks: '${ {} }'",
                "channel: teams, text: a, title: '${ 7 }'",
                "channel: webhook, headers: '${ {a: 1} }'",
                "channel: webhook, secret: '${ 7 }'")):
            definition = f"""document: {{dsl: '1.0.3', namespace: tests, name: untold-{number}, version: '1.0.0'}}
do: [{{send: {{call: notify, with: {{url: 'http://chat.test/hook', {given}}}}}}}]
"""
            real = self.daemon.run(definition, {})
            same(real["status"], "faulted", real)
            (self.folder / "untold.yaml").write_text(definition)
            self.tried({"send": [(200, None)]}, workflow="untold.yaml", expect={
                "status": "faulted", "error": {
                    k: v for k, v in real["error"].items()
                    if k not in ("at", "attempt")}})

    def a_dry_run_leaves_nothing_behind(self):
        made = self.daemon.define(FLOW.replace("bought, version", "dry, version"))
        before = self.daemon.must("GET", "/v1/instances")["items"]
        seen = len(self.services.seen)
        path = json.loads(self.cli(
            "run", "tests/dry", "--dry-run", "-o", "json", "--mock",
            'look={"items": [{"name": "a1"}, {"name": "a2"}]}'))
        same([step["name"] for step in path["path"]],
             ["stock", "look", "each", "buy", "buy", "enough", "say"], path)
        same(path["assumed"], ["/do/1/each/do/0/buy"], path)
        same(path["path"][3]["action"]["uri"], "http://stock.test/orders", path)
        (self.folder / "new.yaml").write_text(
            FLOW.replace("bought, version", "unknown, version"))
        self.cli("run", str(self.folder / "new.yaml"), "--dry-run")
        self.cli("run", "tests/unknown", "--dry-run", code=3)
        same(self.daemon.must("GET", "/v1/instances")["items"], before, "none")
        same(len(self.services.seen), seen, "nobody was called")
        same(made["name"], "dry", made)


def main():
    Trying.main("Trying")


if __name__ == "__main__":
    main()
