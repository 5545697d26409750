"""Children in the life of their parent: pauses, ends, crashes, retries."""

import harness
from harness import same

from . import scenario

SLEEPER = "do: [{rest: {wait: PT1H}}]"


def child_of(daemon, name, which=0):
    """The id of a child of this instance, once it is there."""
    def look():
        found = [each["id"] for each in daemon.must(
            "GET", "/v1/instances?workflow=sleeper&limit=100")["items"]
            if daemon.instance(each["id"]).get("parent") == name]
        return found if len(found) > which else None
    return harness.wait_until(look, f"{name} has a child")[which]


def suspended_with(daemon, name):
    child = child_of(daemon, name)
    daemon.act(name, "pause")
    daemon.becomes(child, "suspended")
    daemon.becomes(name, "suspended")
    return child


def cancelled_in_a_pause(daemon, name):
    child = suspended_with(daemon, name)
    daemon.act(name, "cancel")
    daemon.becomes(child, "cancelled")


def timed_out_in_a_pause(daemon, name):
    child = suspended_with(daemon, name)
    daemon.kill()
    daemon.start()
    same(daemon.instance(child)["status"], "suspended", "the child")
    daemon.act(name, "resume")
    daemon.becomes(child, "cancelled")


def timed_out_and_killed(daemon, name):
    """Whenever the daemon dies, the child is cancelled when it is back."""
    child = child_of(daemon, name)
    daemon.becomes(name, *harness.ENDED)
    daemon.kill()
    daemon.start()
    daemon.becomes(child, "cancelled")


def faulted_and_retried(daemon, name):
    """The child stands still with its parent, and goes on with it."""
    child = child_of(daemon, name)
    daemon.becomes(name, "faulted")
    daemon.becomes(child, "suspended")
    daemon.act(name, "retry")
    daemon.becomes(child, "waiting")
    daemon.becomes(name, "faulted")
    daemon.becomes(child, "suspended")
    daemon.act(name, "cancel")
    daemon.becomes(child, "cancelled")


def both_children(daemon, name):
    return [child_of(daemon, name, which) for which in (0, 1)]


def paused_and_killed(daemon, name):
    """Whoever is told of the pause finds the children at rest, or they come to
    rest when the daemon is back."""
    children = both_children(daemon, name)
    daemon.act(name, "pause")
    daemon.kill()
    daemon.start()
    daemon.becomes(name, "suspended")
    for child in children:
        daemon.becomes(child, "suspended")
    daemon.act(name, "resume")
    for child in children:
        daemon.becomes(child, "waiting")
    daemon.act(name, "cancel")
    for child in children:
        daemon.becomes(child, "cancelled")


def faulted_and_killed(daemon, name):
    child = child_of(daemon, name)
    daemon.becomes(name, "faulted")
    daemon.kill()
    daemon.start()
    daemon.becomes(child, "suspended")
    daemon.must("DELETE", f"/v1/instances/{name}")
    daemon.becomes(child, "cancelled")


def faulted_itself(daemon, name):
    """Its parent's task is over, so nobody goes on with its children."""
    inner = child_of_workflow(daemon, name, "middle")
    leaf = child_of(daemon, inner)
    daemon.becomes(name, *harness.ENDED)
    same(daemon.instance(inner)["status"], "faulted", "the child")
    daemon.becomes(leaf, "cancelled")


def child_of_workflow(daemon, name, workflow):
    def look():
        found = [each["id"] for each in daemon.must(
            "GET", f"/v1/instances?workflow={workflow}&limit=100")["items"]
            if daemon.instance(each["id"]).get("parent") == name]
        return found[0] if found else None
    return harness.wait_until(look, f"{name} has a child")


def busy_child(daemon, name):
    child = child_of_workflow(daemon, name, "busy")
    harness.wait_until(lambda: daemon.instance(child)["current"],
                       "the child has begun")
    return child


def cancelled_while_it_pauses(daemon, name):
    child = busy_child(daemon, name)
    daemon.act(name, "pause")
    daemon.becomes(child, "suspending")
    daemon.act(name, "cancel")
    daemon.becomes(child, "cancelled", patience=5)
    daemon.becomes(name, "cancelled", patience=5)


def interrupted_with_its_parent(daemon, name):
    child = busy_child(daemon, name)
    daemon.act(name, "pause", {"mode": "interrupt"})
    daemon.becomes(name, "suspended", patience=5)
    same(daemon.instance(child)["status"], "suspended", "the child")
    daemon.act(name, "cancel")


def an_id_is_used_again(daemon, name):
    made = daemon.becomes(name, "completed")
    workflow = made["workflow"]
    for run in (1, 2):
        again = daemon.must("POST", "/v1/instances", {
            "workflow": workflow, "id": f"{name}-x", "input": {"run": run}},
            {"Prefer": "wait=10"})
        same(again["output"], {"run": run}, "output")
        daemon.must("DELETE", f"/v1/instances/{name}-x")


RUN = "run: {workflow: {namespace: tests, name: sleeper, version: '1.0.0'}}"
CHILDREN = (("sleeper", SLEEPER),)
BUSY = (("busy", "do: [{x: {run: {shell: {command: sleep 30}}}}]"),)
SCENARIOS = [
    scenario("a cancel reaches a child that a pause has stopped", "D20",
             f"do: [{{it: {{{RUN}}}}}]", children=CHILDREN,
             drive=cancelled_in_a_pause, status="cancelled"),
    scenario("a timeout in a pause cancels the child, through a crash", "D20",
             f"do: [{{it: {{{RUN}, timeout: {{after: PT0.5S}}}}}}]",
             children=CHILDREN, drive=timed_out_in_a_pause, status="faulted",
             error={"status": 408}),
    scenario("a timeout cancels the child, whenever the daemon dies", "D20",
             f"do: [{{it: {{{RUN}, timeout: {{after: PT0.2S}}}}}}]",
             children=CHILDREN, drive=timed_out_and_killed, status="faulted"),
    scenario("a child stands still while its parent is faulted", "D20",
             f"do: [{{both: {{fork: {{branches: [{{it: {{{RUN}}}}}, {{rest: "
             "{wait: PT1H, timeout: {after: PT0.2S}}}]}}}]",
             children=CHILDREN, drive=faulted_and_retried,
             status="cancelled"),
    scenario("a retry runs another child", "D20 retry", """
do:
  - guard:
      try: [{it: {run: {workflow: {namespace: tests, name: caller, version: '1.0.0'}}}}]
      catch: {retry: {limit: {attempt: {count: 2}}}}
""", children=(("caller", "do: [{get: {call: http, with: {method: get, "
                "endpoint: 'http://svc.test/'}}}]"),),
             service=[(500, None), (500, None), (200, {"n": 3})],
             output={"n": 3}),
    scenario("a pause reaches the children, whenever the daemon dies", "D20",
             f"do: [{{both: {{fork: {{branches: [{{a: {{{RUN}}}}}, "
             f"{{b: {{{RUN}}}}}]}}}}}}]",
             children=CHILDREN, drive=paused_and_killed, status="cancelled"),
    scenario("a faulted parent that is deleted leaves no child", "D20",
             f"do: [{{both: {{fork: {{branches: [{{it: {{{RUN}}}}}, {{rest: "
             "{wait: PT1H, timeout: {after: PT0.3S}}}]}}}]",
             children=CHILDREN, check=lambda daemon, ended: faulted_and_killed(
                 daemon, ended["id"]), status="faulted"),
    scenario("a child that faults leaves no child", "D20", """
do: [{it: {run: {workflow: {namespace: tests, name: middle, version: '1.0.0'}}}}]
""", children=CHILDREN + (("middle", f"do: [{{both: {{fork: {{branches: "
                           f"[{{it: {{{RUN}}}}}, {{rest: {{wait: PT1H, "
                           "timeout: {after: PT0.3S}}}]}}}]"),),
             drive=faulted_itself, status="faulted"),
    scenario("a cancel reaches a child that drains", "D20", """
do: [{it: {run: {workflow: {namespace: tests, name: busy, version: '1.0.0'}}}}]
""", children=BUSY, drive=cancelled_while_it_pauses, status="cancelled"),
    scenario("an interrupt reaches what a child runs", "D20", """
do: [{it: {run: {workflow: {namespace: tests, name: busy, version: '1.0.0'}}}}]
""", children=BUSY, drive=interrupted_with_its_parent, status="cancelled"),
    scenario("an id that is used again has children of its own", "D20", """
do: [{it: {run: {workflow: {namespace: tests, name: echo, version: '1.0.0'}}}}]
""", children=(("echo", "do: [{x: {set: '${ . }'}}]"),), given={"run": 0},
             drive=an_id_is_used_again, output={"run": 0}),
]
