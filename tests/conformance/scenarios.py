#!/usr/bin/env python3
"""Runs our own scenarios (suite/) against a real daemon, and holds them against
the list of what must be covered."""

import json
import shutil
import time

import harness
import stub
from harness import same
from suite import around, children, later, refusals, tasks

ALL = (tasks.SCENARIOS + around.SCENARIOS + children.SCENARIOS
       + later.SCENARIOS + refusals.SCENARIOS)

# Each task type, each property, each decision (docs/dsl/decisions.md).
COVERED = """
do set set.expression switch raise use.errors wait
for for.at for.while for.concurrency fork fork.compete
try try.filter try.then retry retry.backoff retry.limit
emit emit.source listen listen.read listen.all listen.any listen.until
listen.foreach listen.filter listen.correlate
call.http http.output http.redirect call.openapi call.function call.log
run.shell run.script run.workflow run.stdin run.return run.await run.source
input.from output.as export if context variables expressions
schema input.schema output.schema export.schema
evaluate.loose evaluate.language then then.name then.exit then.end
timeout use.timeouts workflow.timeout extensions use.functions
use.authentications auth.basic auth.bearer effect.key yaml
schedule.every schedule.after schedule.cron schedule.on
refuse.grpc refuse.asyncapi refuse.mcp refuse.a2a
D1 D3 D5 D6 D7 D8 D9 D10 D11 D12 D13 D14 D15 D16 D20 D21 D22 D22b D23 D24 D25
D26 D-timeout D-schema
""".split()


def answers(given):
    """A service that gives these in turn, and then the last for ever."""
    left = [stub.answer(status, None if isinstance(value, str) else value,
                        dict(*more[:1]),
                        text=value if isinstance(value, str) else None,
                        delay=more[1] if len(more) > 1 else 0)
            for status, value, *more in given]
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def document(name, flow, head=""):
    return (f"document: {{dsl: '1.0.3', namespace: tests, name: {name}, "
            f"version: '1.0.0'{head}}}\n{flow.strip()}\n")


def waits_for_event(daemon, name):
    def look():
        now = daemon.instance(name)
        return now["status"] in harness.ENDED or any(
            (each.get("waitingFor") or {}).get("kind") == "event"
            for each in now["current"])
    harness.wait_until(look, f"{name} waits for an event")


class Run:
    def __init__(self, daemon, services, number, what):
        self.daemon, self.services, self.what = daemon, services, what
        self.name = f"s{number}"

    def __call__(self):
        what = self.what
        for name, flow in what.children:
            self.daemon.define(document(name, flow))
        text = document(self.name, what.flow, what.head)
        if what.refused:
            return self.is_refused(text)
        made = self.daemon.define(text)
        if what.warns and what.warns not in json.dumps(made["warnings"]):
            raise AssertionError(f"no warning of {what.warns}: {made}")
        self.services.service = answers(what.service or [(404, None)])
        first = len(self.services.seen)
        begun = time.monotonic()
        ended = self.execute(made)
        took = time.monotonic() - begun
        self.judge(ended)
        if took < what.least:
            raise AssertionError(f"took {took} s, less than {what.least}")
        if what.calls:
            what.calls(self.services.seen[first:])

    def execute(self, made):
        what = self.what
        if what.early:
            self.daemon.publish(*map(dict, what.early))
        if not what.events and not what.drive:
            return self.daemon.start_instance(made, what.given, wait=20)
        name = self.daemon.start_instance(made, what.given)["id"]
        if what.drive:
            what.drive(self.daemon, name)
        for each in what.events:
            waits_for_event(self.daemon, name)
            self.daemon.publish(dict(each))
        return self.daemon.becomes(name, *harness.ENDED)

    def judge(self, ended):
        what = self.what
        same(ended["status"], what.status,
             f"status ({json.dumps(ended['error'])})")
        if what.output is not ...:
            same(ended["output"], what.output, "output")
        if what.context is not None:
            same(ended["context"], what.context, "context")
        for name, wanted in (what.error or {}).items():
            same(ended["error"].get(name), wanted,
                 f"error.{name} ({ended['error'].get('detail')})")
        if what.check:
            what.check(self.daemon, ended)

    def is_refused(self, text):
        status, answer = self.daemon.ask(
            "POST", "/v1/definitions", text,
            {"Content-Type": "application/yaml"})
        if status not in (400, 422):
            raise AssertionError(f"not refused: {status} {answer}")
        wanted = self.what.refused
        found = [e for e in answer["errors"]
                 if wanted["pointer"] in (None, e["pointer"])
                 and wanted["says"] in e["detail"]]
        if not found:
            raise AssertionError(f"refused for another reason: {answer}")
        if not found[0]["line"] or not found[0]["column"]:
            raise AssertionError(f"without its place: {found[0]}")


def main():
    report = harness.Report("Our own scenarios")
    services = stub.Stub(None)
    with harness.Daemon(environment=services.environment()) as daemon:
        for number, what in enumerate(ALL):
            if what.needs and not shutil.which(what.needs):
                report.add(what.name, "not run", f"needs {what.needs}")
                continue
            report.check(what.name, Run(daemon, services, number, what))
    services.close()
    words = {word for what in ALL for word in what.covers.split()}
    report.check("every construct and decision is covered",
                 lambda: same(sorted(words), sorted(COVERED), "words"))
    report.finish("scenarios.md")


if __name__ == "__main__":
    main()
