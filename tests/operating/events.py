#!/usr/bin/env python3
"""Events in a pause: none is lost, however many come, and who listens side by
side gets each, whenever it came."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import cases  # noqa: E402
import harness  # noqa: E402
from harness import same  # noqa: E402

ROOM = 5  # Events that an instance keeps.


def document(name, flow):
    return (f"document: {{dsl: '1.0.3', namespace: tests, name: {name}, "
            f"version: '1.0.0'}}\n{flow.strip()}\n")


def events(kind, count):
    return [{"type": kind, "data": n} for n in range(count)]


def paused(daemon, name, flow):
    made = daemon.start_instance(daemon.define(document(name, flow)), {})["id"]
    daemon.becomes(made, "waiting")
    daemon.act(made, "pause")
    return made


def more_than_there_is_room(daemon):
    name = paused(daemon, "burst", """
do: [{hear: {listen: {to: {any: [{with: {type: com.example.burst}}], until: 'length == 40'}}}}]
""")
    daemon.publish(*events("com.example.burst", 20))
    daemon.publish(*events("com.example.other", 20))
    daemon.kill()
    daemon.start()
    daemon.publish(*events("com.example.burst", 20))
    daemon.act(name, "resume")
    ended = daemon.becomes(name, "completed")
    same(sorted(ended["output"]), sorted(2 * list(range(20))), "output")


def a_pause_changes_nothing(daemon):
    """Two branches that listen get what they would have got without it."""
    name = paused(daemon, "branches", """
do:
  - both:
      fork:
        branches:
          - all: {listen: {to: {any: [{with: {type: com.example.side}}], until: 'length == 3'}}}
          - each:
              do:
                - one: {listen: {to: {one: {with: {type: com.example.side}}}}, export: {as: '${ {got: .} }'}}
                - two: {listen: {to: {one: {with: {type: com.example.side}}}}, export: {as: '${ {got: ($context.got + .)} }'}}
                - three: {listen: {to: {one: {with: {type: com.example.side}}}}, export: {as: '${ {got: ($context.got + .)} }'}}
""")
    daemon.publish(*events("com.example.side", 3))
    daemon.act(name, "resume")
    ended = daemon.becomes(name, "completed")
    same(ended["output"][0], [0, 1, 2], "the one listener")
    same(ended["context"], {"got": [0, 1, 2]}, "the three listeners")


def main():
    report = harness.Report("Events in a pause")
    options = ["--set", f"instances.events_max={ROOM}"]
    with harness.Daemon(options) as daemon:
        cases.check(report, [more_than_there_is_room, a_pause_changes_nothing],
                    daemon)
    report.finish("events.md")


if __name__ == "__main__":
    main()
