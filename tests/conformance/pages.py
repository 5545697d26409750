#!/usr/bin/env python3
"""Runs the examples of docs/dsl/ against a real daemon, and looks whether its
links lead anywhere.

An example is a ```yaml block that begins with `document:`. The ```json blocks
behind it say what comes of it, each by the line before it: "Input:", "Event:"
(published once the instance waits for one), "Output:", "Error:" (members that
it must have), "A worker of `queue` answers:", and "`GET https://...` answers:" or "... answers 503:".
"""

import json
import os
import re
import tempfile
import urllib.parse

import harness
import scenarios
import stub
from harness import same

PAGES = harness.ROOT / "docs" / "dsl"
BLOCK = re.compile(r"([^\n]*)\n\n```(yaml|json)\n(.*?)```", re.S)
ANSWERS = re.compile(r"`(\w+) (https?://[^`]+)` answers(?: (\d+))?:")
WORKER = re.compile(r"A worker of `(\S+)` answers:")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
TASKS = """call-approval call-function call-http do emit for fork listen openapi raise run set
switch try wait worker""".split()


class Example:
    def __init__(self, flow):
        self.flow = flow
        self.name = re.search(r"name: ([\w-]+)", flow)[1]
        self.given, self.events, self.jobs = {}, [], []
        self.services = {}  # (method, URL without query) to (status, body)
        self.wanted = {}  # Members of the instance.

    def add(self, before, text):
        value = json.loads(text)
        answer = ANSWERS.search(before)
        if answer:
            method, url, status = answer.groups()
            self.services[method, url] = (int(status or 200), value)
        elif WORKER.fullmatch(before):
            self.jobs.append((WORKER.fullmatch(before)[1], value))
        elif before == "Input:":
            self.given = value
        elif before == "Event:":
            self.events.append(value)
        elif before in ("Output:", "Error:"):
            self.wanted[before[:-1].lower()] = value
        else:
            raise AssertionError(f"what is the json behind {before!r}?")

    def answer(self, request):
        url = f"{request.scheme}://{request.host}{request.path}"
        status, value = self.services.get((request.method, url), (404, None))
        return stub.answer(status, value)

    def run(self, daemon, services):
        services.service = self.answer
        made = daemon.define(self.flow)
        same(made["warnings"], [], "warnings")
        ended = self.scheduled(daemon, made) \
            if "\nschedule:" in self.flow else self.started(daemon, made)
        error = self.wanted.get("error")
        same(ended["status"], "faulted" if error else "completed",
             f"status ({json.dumps(ended['error'])})")
        if "output" in self.wanted:
            same(ended["output"], self.wanted["output"], "output")
        for member, value in (error or {}).items():
            same(ended["error"].get(member), value, f"error.{member}")

    def started(self, daemon, made):
        if not self.events and not self.jobs:
            return daemon.start_instance(made, self.given, wait=20)
        name = daemon.start_instance(made, self.given)["id"]
        for each in self.events:
            scenarios.waits_for_event(daemon, name)
            daemon.publish(dict(each))
        for queue, output in self.jobs:
            lease = daemon.must("POST", f"/v1/queues/{queue}/leases", {
                "worker": {"id": "reader"}, "wait": "PT20S"})["leases"][0]
            daemon.must("POST", f"/v1/leases/{lease['token']}/complete",
                        {"output": output})
        return daemon.becomes(name, *harness.ENDED)

    def scheduled(self, daemon, made):
        if self.events:
            daemon.publish(*map(dict, self.events))
        else:
            for each in daemon.must("GET", "/v1/schedules")["items"]:
                if each["workflow"]["name"] == made["name"]:
                    daemon.must("POST", f"/v1/schedules/{each['id']}/trigger",
                                {})
        all_of_it = f"/v1/instances?workflow={made['name']}"
        found = harness.wait_until(
            lambda: daemon.must("GET", all_of_it)["items"], "an instance")
        daemon.forget_schedule(made)
        return daemon.becomes(found[0]["id"], *harness.ENDED)


def examples(text):
    found = []
    for before, kind, body in BLOCK.findall(text):
        if kind == "yaml" and body.startswith("document:"):
            found.append(Example(body))
        elif kind == "json" and found:
            found[-1].add(before, body)
    return found


def check_links(page):
    for target in LINK.findall(page.read_text()):
        if not (page.parent / urllib.parse.unquote(target)).exists():
            raise AssertionError(f"{page.name} leads to {target}")


def every_task_has_its_page():
    for name in TASKS:
        if not examples((PAGES / f"{name}.md").read_text()):
            raise AssertionError(f"{name}.md has no example")


def every_decision_is_covered():
    """The decisions of the page are those that the scenarios have."""
    text = (PAGES / "decisions.md").read_text()
    same(sorted(re.findall(r"^\| (D\S+) \|", text, re.M)),
         sorted(w for w in scenarios.COVERED if w.startswith("D")),
         "decisions")


def main():
    report = harness.Report("The examples of the documentation")
    pages = sorted(PAGES.glob("*.md"))
    for page in pages:
        report.check(f"links of {page.name}", lambda: check_links(page))
    report.check("every task type has a page with an example",
                 every_task_has_its_page)
    report.check("the page of decisions has those that are covered",
                 every_decision_is_covered)
    with tempfile.TemporaryDirectory(prefix="pawl-pages-") as folder:
        services = stub.Stub(None, folder, ["*.example.com"])
        with harness.Daemon(environment={
                **services.environment(),
                "PAWL_SECRETS_DIRECTORY": folder + "/secrets"}) as daemon:
            os.mkdir(folder + "/secrets")
            with open(folder + "/secrets/shop_token", "w") as secret:
                secret.write("a-token")
            with open(folder + "/secrets/ops-chat", "w") as secret:
                secret.write("https://chat.example.com/hook")
            for page in pages:
                for each in examples(page.read_text()):
                    report.check(f"{page.name}: {each.name}",
                                 lambda: each.run(daemon, services))
        services.close()
    report.finish()


if __name__ == "__main__":
    main()
