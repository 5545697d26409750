#!/usr/bin/env python3
"""What `pawl test` says beside what a real daemon does with the same service,
and dry runs beside a daemon: they leave nothing behind."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402
import stub  # noqa: E402
from harness import same  # noqa: E402

PAWL = pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawl"
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
# The same for both: what the service answers, call by call.
ANSWERS = {
    "look": [(503, {"why": "busy"}), (429, None),
             (200, {"items": [{"name": "ax"}, {"name": "b"}, {"name": "ay"}]})],
    "buy": [(201, {"id": 7}), (201, {"id": 9})],
}


def answers_as_mocks(answers):
    return {task: [{"status": status, **({} if body is None else {"body": body})}
                   for status, body in rows] for task, rows in answers.items()}


class Trying:
    def __init__(self, daemon, service, folder):
        self.daemon = daemon
        self.service = service
        self.folder = pathlib.Path(folder)
        (self.folder / "flow.yaml").write_text(FLOW)

    def cli(self, *words, code=0):
        ran = subprocess.run(
            [PAWL, "--url", f"http://127.0.0.1:{self.daemon.port}", *words],
            capture_output=True, text=True, timeout=60, check=False)
        same(ran.returncode, code, f"code of {words}: {ran.stdout}{ran.stderr}")
        return ran.stdout

    def tried(self, answers, expect, code=0):
        file = self.folder / "flow.test.json"
        file.write_text(json.dumps({"workflow": "flow.yaml", "tests": [{
            "name": "it", "mocks": answers_as_mocks(answers),
            "expect": expect}]}))
        return json.loads(self.cli("test", str(file), "-o", "json", code=code)
                          )["items"][0]

    def really(self, answers):
        self.service.answers = {k: list(rows) for k, rows in answers.items()}
        return self.daemon.run(FLOW, {})

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

    def a_dry_run_leaves_nothing_behind(self):
        made = self.daemon.define(FLOW.replace("bought, version", "dry, version"))
        before = self.daemon.must("GET", "/v1/instances")["items"]
        seen = len(self.service.stub.seen)
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
        same(len(self.service.stub.seen), seen, "nobody was called")
        same(made["name"], "dry", made)


class Service:
    """Answers what it was told, each once."""

    def __init__(self):
        self.answers = {}
        self.stub = stub.Stub(self.answer)

    def answer(self, request):
        task = "look" if request.path == "/items" else "buy"
        status, body = self.answers[task].pop(0)
        if body is None:
            return stub.answer(status)
        return stub.answer(status, text=json.dumps(body, separators=",:"),
                           headers={"Content-Type": "application/json"})


def main():
    report = harness.Report("Trying")
    service = Service()
    with tempfile.TemporaryDirectory() as folder, harness.Daemon(
            environment=service.stub.environment()) as daemon:
        trying = Trying(daemon, service, folder)
        for name, run in vars(Trying).items():
            if name[0] != "_" and name.count("_") > 1:
                report.check(name.replace("_", " "), lambda run=run: run(trying))
    report.finish("trying.md")


if __name__ == "__main__":
    main()
