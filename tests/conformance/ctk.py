#!/usr/bin/env python3
"""Runs the conformance kit of the specification, as it is, against a real
daemon; its two hosts on the internet are played by a stub behind a proxy."""

import base64
import json
import re
import sys

import harness
import stub

HOSTS = ("petstore.swagger.io", "httpbin.org")


def swagger():
    def operation(name, path, parameter, answers):
        return {path: {"get": {
            "operationId": name, "produces": ["application/json"],
            "parameters": [{"required": True, **parameter}],
            "responses": {str(a): {"description": "-"} for a in answers}}}}

    return {
        "swagger": "2.0", "info": {"title": "Pet store", "version": "1.0.0"},
        "host": HOSTS[0], "basePath": "/v2", "schemes": ["https", "http"],
        "paths": {
            **operation("findPetsByStatus", "/pet/findByStatus",
                        {"name": "status", "in": "query", "type": "array",
                         "items": {"type": "string"},
                         "collectionFormat": "multi"}, [200]),
            **operation("getPetById", "/pet/{petId}",
                        {"name": "petId", "in": "path", "type": "integer"},
                        [200, 404])}}


def pet(number, status="available"):
    return {"id": int(number), "name": f"pet{number}", "status": status,
            "category": {"id": 1, "name": "dog"}, "photoUrls": [], "tags": []}


def petstore(request):
    if request.path == "/v2/swagger.json":
        return stub.answer(200, swagger())
    if request.path == "/v2/pet/findByStatus":
        status = request.query.get("status", [None])[0]
        return stub.answer(200, [pet(1, status), pet(2, status)])
    found = re.fullmatch(r"/v2/pet/(\d+)", request.path)
    if found:
        return stub.answer(200, pet(found[1]))
    return stub.answer(404, {"code": 404, "type": "unknown",
                             "message": "Pet not found"})


def httpbin(request):
    found = re.fullmatch(r"/basic-auth/([^/]+)/([^/]+)", request.path)
    if not found:
        return stub.answer(404, {})
    wanted = base64.b64encode(f"{found[1]}:{found[2]}".encode()).decode()
    if request.headers.get("authorization") == f"Basic {wanted}":
        return stub.answer(200, {"authenticated": True, "user": found[1]})
    return stub.answer(401, {}, {"WWW-Authenticate": 'Basic realm="Fake"'})


def service(request):
    if request.scheme != "https" or request.host not in HOSTS:
        return stub.answer(421, {"unexpected": repr(request)})
    return petstore(request) if request.host == HOSTS[0] else httpbin(request)


def find(value, path):
    """The property at a dotted path; None is a value, absence raises."""
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            raise AssertionError(f"no property '{path}' in {value}")
        value = value[part]
    return value


class Scenario:
    """One scenario: its steps are sentences, told apart by their words."""

    def __init__(self, daemon, steps):
        self.daemon = daemon
        self.steps = steps
        self.definition = self.ended = None
        self.input = None
        self.order = []

    def run(self):
        for step in self.steps:
            for sentence, act in self.sentences:
                found = re.fullmatch(sentence, step["text"])
                if found:
                    act(self, step.get("yaml"), *found.groups())
                    break
            else:
                raise AssertionError(f"unknown step: {step['text']}")

    def given_definition(self, value):
        self.definition = value

    def given_input(self, value):
        self.input = value

    def execute(self, _):
        made = self.daemon.define(self.definition)
        self.ended = self.daemon.start_instance(made, self.input, wait=20)
        # Two scenarios may have one name and version.
        self.daemon.forget(made)
        if self.ended["id"]:
            self.order = [
                item["task"].rsplit("/", 1)[-1]
                for item in self.daemon.history(self.ended["id"])
                if item["type"] == "task.started"]

    def status_is(self, _, word):
        wanted = {"complete": "completed", "fault": "faulted",
                  "cancel": "cancelled"}[word]
        if self.ended["status"] != wanted:
            raise AssertionError(f"{self.ended['status']} instead of {wanted}: "
                                 f"{json.dumps(self.ended['error'])}")

    def output_is(self, value):
        self.status_is(None, "complete")
        harness.same(self.ended["output"], value, "output")

    def error_is(self, value):
        self.status_is(None, "fault")
        for name, wanted in value.items():
            harness.same(self.ended["error"].get(name), wanted,
                         f"error.{name}")

    def has_properties(self, _, names):
        for name in re.findall(r"'([^']+)'", names):
            find(self.ended["output"], name)

    def has_property(self, value, name):
        harness.same(find(self.ended["output"], name), value, name)

    def has_items(self, _, name, count):
        harness.same(len(find(self.ended["output"], name)), int(count), name)

    def runs(self, _, name, place):
        harness.same(self.order[0 if place == "first" else -1], name, place)

    def runs_after(self, _, late, early):
        if self.order.index(early) > self.order.index(late):
            raise AssertionError(f"{late} ran before {early}: {self.order}")

    sentences = [
        (r"a workflow with definition:", given_definition),
        (r"given the workflow input is:", given_input),
        (r"the workflow is executed", execute),
        (r"the workflow should (complete|fault|cancel)", status_is),
        (r"the workflow should complete with output:", output_is),
        (r"the workflow should fault with error:", error_is),
        (r"the workflow output should have properties (.*)", has_properties),
        (r"the workflow output should have a '([^']+)' property with value:",
         has_property),
        (r"the workflow output should have a '([^']+)' property containing "
         r"(\d+) items", has_items),
        (r"(\S+) should run (first|last)", runs),
        (r"(\S+) should run after (\S+)", runs_after),
    ]


def main():
    folder = harness.kit("PAWL_CTK_DIR", "the specification's conformance kit")
    scenarios = json.loads((folder / "ctk-scenarios.json").read_text())
    report = harness.Report("The specification's conformance kit")
    daemon = harness.Daemon()
    services = stub.Stub(service, daemon.folder, HOSTS)
    daemon.environment.update(services.environment())
    with daemon:
        for each in scenarios:
            report.check(f"{each['feature'].split('.')[0]}: {each['scenario']}",
                         Scenario(daemon, each["steps"]).run)
    services.close()
    report.finish("ctk.md")


if __name__ == "__main__":
    sys.exit(main())
