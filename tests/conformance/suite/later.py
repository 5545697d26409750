"""What takes more than one instance, or somebody who acts meanwhile."""

import harness
from harness import same

from . import event, scenario


def old_definition_is_pinned(daemon, name):
    """The version goes, and comes back with other content."""
    daemon.becomes(name, "waiting")
    shown = daemon.instance(name)["workflow"]
    daemon.act(name, "pause")
    daemon.becomes(name, "suspended")
    daemon.kill()
    daemon.start()
    same(daemon.instance(name)["workflow"], shown, "workflow")
    daemon.act(name, "resume")


def instances_of(daemon, ended):
    return daemon.must(
        "GET", f"/v1/instances?workflow={ended['workflow']['name']}&limit=100"
    )["items"]


def several(count, most=None):
    def look(daemon, ended):
        harness.wait_until(lambda: len(instances_of(daemon, ended)) >= count,
                           f"{count} instances")
        if most is not None:
            same(len(instances_of(daemon, ended)) <= most, True, "instances")
        daemon.forget_schedule(ended["workflow"])
    return look


def started_by_event(daemon, ended):
    daemon.publish(event("com.example.begin", {"n": 5}))

    def look():
        return [each for each in instances_of(daemon, ended)
                if daemon.instance(each["id"])["output"] == {"got": [{"n": 5}]}]
    harness.wait_until(look, "an instance that the event has made")
    daemon.forget_schedule(ended["workflow"])


def both_listeners_hear(daemon, name):
    other = daemon.must("POST", "/v1/instances", {
        "workflow": daemon.instance(name)["workflow"], "input": {}})["id"]

    def waiting(which):
        return any((each.get("waitingFor") or {}).get("kind") == "event"
                   for each in daemon.instance(which)["current"])
    for which in (name, other):
        harness.wait_until(lambda: waiting(which), f"{which} waits")
    daemon.publish(event("com.example.both", 1, id="both-1"),
                   event("com.example.both", 1, id="both-1"))
    same(daemon.becomes(other, *harness.ENDED)["output"], [1], "the other's")


SCENARIOS = [
    scenario("buffered events come in the order of their arrival", "D12", """
do:
  - rest: {wait: PT0.3S}
  - hear:
      listen: {to: {any: [{with: {type: com.example.yes}}, {with: {type: com.example.no}}], until: 'length == 5'}}
""", early=[event("com.example.no", 1), event("com.example.yes", 2),
            event("com.example.yes", 3), event("com.example.no", 4),
            event("com.example.yes", 5)], output=[1, 2, 3, 4, 5]),
    scenario("what comes while one is handled keeps its order", "D12", """
do:
  - hear:
      listen: {to: {any: [{with: {type: com.example.go}}], until: {one: {with: {type: com.example.stop}}}}}
      foreach: {item: it, do: [{rest: {wait: PT0.1S}}]}
""", drive=lambda daemon, name: (
        harness.wait_until(lambda: daemon.instance(name)["status"] == "waiting",
                           "it listens"),
        daemon.publish(*[event("com.example.go", n) for n in range(3)],
                       event("com.example.stop"),
                       event("com.example.go", 99))), output=[0, 1, 2]),
    scenario("an instance keeps its definition through a restart", "D16", """
do: [{rest: {wait: PT0.3S}}, {x: {set: {done: true}}}]
""", drive=old_definition_is_pinned, output={"done": True}),
    scenario("one event comes once to each who listens", "D23 D12", """
do: [{hear: {listen: {to: {one: {with: {type: com.example.both}}}}}}]
""", drive=both_listeners_hear, output=[1]),
    scenario("a month later is the same day", "D13", """
do:
  - long: {try: [{rest: {wait: P1M, timeout: {after: PT0.05S}}}], catch: {do: [{say: {set: {late: true}}}]}}
""", output={"late": True}),
    scenario("every: again and again", "schedule.every D24", """
schedule: {every: {milliseconds: 100}}
do: [{x: {set: {n: 1}}}]
""", check=several(4)),
    scenario("after: again when one has ended", "schedule.after D24", """
schedule: {after: {milliseconds: 50}}
do: [{x: {set: {n: 1}}}]
""", check=several(3)),
    scenario("cron: each second", "schedule.cron D24", """
schedule: {cron: '* * * * * *'}
do: [{x: {set: {n: 1}}}]
""", check=several(2)),
    scenario("on: an event makes an instance", "schedule.on D24", """
schedule: {on: {one: {with: {type: com.example.begin}}}}
do: [{x: {set: {got: '${ $workflow.input }'}}}]
""", check=started_by_event),
]
