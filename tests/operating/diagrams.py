#!/usr/bin/env python3
"""Drawings of definitions and of instances, over HTTP and with `pawl`, against
a real daemon that dies in between."""

import http.client
import pathlib
import tempfile
import xml.etree.ElementTree

from cases import Suite

import stub
from harness import same

FLOW = """document:
  dsl: '1.0.3'
  namespace: tests
  name: drawn
  version: '1.0.0'
  metadata:
    states:
      initial: draft
      terminal: [published]
      transitions: {draft: [review], review: [draft, published]}
do:
  - write: {set: {text: x}, metadata: {state: {done: review}}}
  - each:
      for: {each: page, in: '${ [1, 2] }'}
      do:
        - check: {set: {ok: true}}
  - review:
      listen: {to: {one: {with: {type: reviewed}}}}
      metadata: {state: {done: published}}
  - pay: {call: http, with: {method: post, endpoint: 'http://svc.test/pay'}}
"""
SVG = "{http://www.w3.org/2000/svg}"


class Diagrams(Suite):
    flows = {"drawn": FLOW}
    calls = True

    def __init__(self, daemon, services):
        super().__init__(daemon, services)
        services.service = lambda _: stub.answer(500, None)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port,
                                                timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        same(answer.status, 200, f"status of {path}: {text}")
        return answer.headers, text

    @staticmethod
    def classes(svg):
        """What each task is marked with, by its name."""
        out = {}
        for group in svg.iter(f"{SVG}g"):
            title = group.find(f"{SVG}title")
            if title is not None and title.text.startswith("/do/"):
                place, _, mark = title.text.partition(": ")
                out[place.rsplit("/", 1)[1]] = mark
        return out

    # --- Definitions ---------------------------------------------------------

    def a_definition_as_mermaid_and_as_svg(self):
        path = "/v1/definitions/tests/drawn/1.0.0/diagram"
        headers, text = self.get(path)
        same(headers["Content-Type"], "text/vnd.mermaid; charset=utf-8", "type")
        same("flowchart TD" in text and 'n1["write<br>set"]' in text, True, text)
        headers, text = self.get(path + "?format=svg")
        same(headers["Content-Type"], "image/svg+xml; charset=utf-8", "type")
        same(headers["X-Content-Type-Options"], "nosniff", "sniffing")
        same("default-src 'none'" in headers["Content-Security-Policy"], True,
             "policy")
        same(self.classes(xml.etree.ElementTree.fromstring(text)),
             {"write": "", "each": "", "check": "", "review": "", "pay": ""},
             "tasks")
        _, text = self.get(path + "?of=states")
        same("stateDiagram-v2" in text and "[*] --> n1" in text, True, text)

    def what_is_not_there_is_not_drawn(self):
        for path, wanted in (
                ("/v1/definitions/tests/other/1.0.0/diagram", 404),
                ("/v1/definitions/tests/drawn/9.0.0/diagram", 404),
                ("/v1/definitions/tests/drawn/1.0.0/diagram?format=png", 422),
                ("/v1/instances/nobody/diagram", 404)):
            status, _ = self.daemon.ask("GET", path)
            same(status, wanted, path)

    def files_and_names_with_pawl(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "flow.yaml"
            file.write_text(FLOW.replace("name: drawn", "name: unheard"))
            same("flowchart TD" in self.cli("def", "diagram", str(file)), True,
                 "a file")
            status, _ = self.daemon.ask("GET", "/v1/definitions/tests/unheard")
            same(status, 404, "it is not registered")
            picture = pathlib.Path(folder) / "flow.svg"
            same(self.cli("def", "diagram", "tests/drawn", "--format", "svg",
                          "-o", str(picture)), "", "stdout")
            xml.etree.ElementTree.parse(picture)
            file.write_text("do: [{a: {nothing: 1}}]")
            self.cli("def", "diagram", str(file), code=1)
        same("stateDiagram-v2" in self.cli("def", "diagram", "-", "--of",
                                           "states", input=FLOW), True, "stdin")
        same("stateDiagram" in self.cli("def", "diagram", "tests/drawn@1.0.0"),
             False, "tasks")
        self.cli("def", "diagram", "tests/none", code=3)
        self.cli("def", "diagram", "tests/drawn", "--format", "png", code=2)

    # --- Instances -----------------------------------------------------------

    def an_instance_shows_where_it_is(self):
        name = self.start("drawn")
        self.daemon.becomes(name, "waiting")
        self.restart()
        path = f"/v1/instances/{name}/diagram"
        headers, text = self.get(path + "?format=svg")
        same(headers["ETag"], f'"{self.daemon.instance(name)["sequence"]}"',
             "ETag")
        same(self.classes(xml.etree.ElementTree.fromstring(text)),
             {"write": "done", "each": "done", "check": "done",
              "review": "waiting", "pay": ""}, "marks")
        _, text = self.get(path + "?of=states")
        same("class n2 current" in text, True, text)
        self.daemon.must("POST", f"/v1/instances/{name}/events",
                         {"specversion": "1.0", "id": "1", "source": "s",
                          "type": "reviewed"},
                         {"Content-Type": "application/cloudevents+json"})
        self.daemon.becomes(name, "faulted")
        text = self.cli("status", name, "--diagram")
        same("class n5 faulted" in text, True, text)
        same(f"{name} is faulted" in text, True, text)
        self.cli("status", name, "--format", "svg", code=2)


def main():
    Diagrams.main("Drawings")


if __name__ == "__main__":
    main()
