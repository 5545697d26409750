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


RUN = "run: {workflow: {namespace: tests, name: sleeper, version: '1.0.0'}}"
CHILDREN = (("sleeper", SLEEPER),)
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
]
