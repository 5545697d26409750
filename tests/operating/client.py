#!/usr/bin/env python3
"""What the client does with a real daemon that dies in between: several names
and stdin, lists that say what is waited for, events of all, and `pawl top`."""

import json
import subprocess

from cases import Suite, patiently

from harness import same

WAITS = """document:
  dsl: '1.0.3'
  namespace: tests
  name: waits
  version: '1.0.0'
  metadata:
    states:
      initial: draft
      terminal: [done]
      transitions: {draft: [asked], asked: [done]}
do:
  - begin: {set: {a: 1}, metadata: {state: {done: asked}}}
  - ask:
      listen: {to: {one: {with: {type: answered}}}}
      metadata: {state: {done: done}}
"""


class Client(Suite):
    flows = {"waits": WAITS, "quick": "do: [{only: {set: {a: 1}}}]"}

    def start(self, what, value=None, **more):
        return patiently(lambda: super(Client, self).start(what, value, **more))

    def waiting(self, count):
        ids = [self.start("waits") for _ in range(count)]
        for name in ids:
            self.daemon.becomes(name, "waiting")
        return ids

    # --- Checks --------------------------------------------------------------

    def names_come_from_stdin(self):
        ids = self.waiting(3)
        listed = self.cli("ls", "-s", "waiting", "-w", "waits", "-o", "name")
        same(set(ids) <= set(listed.split()), True, "listed")
        done = self.cli("pause", "-", "--reason", "why", "-o", "name",
                        input="\n".join(ids))
        same(done.split(), ids, "paused")
        self.restart()
        for name in ids:
            same(self.daemon.instance(name)["status"], "suspended", name)
        # One that cannot be done does not keep the others from their turn.
        self.cli("cancel", ids[0], "NOBODY", ids[1], code=3)
        self.daemon.becomes(ids[1], "cancelled")
        plan = json.loads(self.cli("cancel", "-", "--dry-run", "-o", "json",
                                   input=ids[2]))
        same(plan["items"][0]["instance"]["status"], "cancelled", "plan")
        same(self.daemon.instance(ids[2])["status"], "suspended", "not done")
        said = self.pawl("retry", ids[2], code=4).stderr
        same(f"pawl resume {ids[2]}" in said, True, said)
        shown = self.cli("status", *ids)
        same([line.split()[1] for line in shown.splitlines()
              if line.startswith("id ")], ids, "shown")
        same(len(json.loads(self.cli("explain", *ids, "-o", "json"))["items"]),
             3, "explained")
        self.cli("purge", ids[2], code=4)
        self.cli("purge", ids[0], ids[1])
        self.cli("status", ids[0], code=3)
        self.cli("cancel", ids[2])

    def lists_and_histories_tell_more(self):
        name, = self.waiting(1)
        row = next(line for line in self.cli("ls").splitlines()
                   if line.startswith(name))
        same("ask (event)" in row, True, row)
        told = self.cli("history", name)
        same("/do/0" in told, False, "places are told by name")
        same(" -> draft" in told and "draft -> asked" in told, True, told)
        self.cli("cancel", name)

    def a_list_takes_the_whole_name_of_a_workflow(self):
        name, = self.waiting(1)
        def ids(query):
            return [each["id"] for each in self.daemon.must(
                "GET", f"/v1/instances?status=waiting&{query}")["items"]]
        same(ids("workflow=tests/waits"),
             ids("workflow=waits&namespace=tests"), "list")
        same(name in ids("workflow=tests%2Fwaits"), True, "listed")
        same(ids("workflow=others/waits"), [], "of another namespace")
        same(self.daemon.ask("GET", "/v1/stats?workflow=tests/waits&"
                             "namespace=others")[0], 422, "contradiction")
        self.cli("cancel", name)

    def events_of_all_are_followed(self):
        events = self.spawn("events", "-f", "-w", "tests/quick", "--count", "2",
                            "-o", "name", "--for", "30",
                            stderr=subprocess.DEVNULL)
        # It tells nothing of what was before it came, so there is more to tell.
        while events.poll() is None:
            self.start("quick")
            try:
                events.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
        types = events.stdout.read().split()
        same(events.returncode, 0, "code")
        same(len(types), 2, types)
        same(all(t.startswith("io.") for t in types), True, types)

    def top_tells_what_goes_on(self):
        ids = self.waiting(2)
        load = json.loads(self.cli("top", "--once", "--interval", "0.2", "-w",
                                   "tests/waits", "-o", "json"))
        same(load["instances"]["waiting"], 2, load)
        same(load["workflows"][0]["workflow"], "tests/waits@1.0.0", load)
        same(load["workflows"][0]["startedLastMinute"] >= 2, True, load)
        same(load["rates"]["faulted"], 0, load)
        same(load["memoryBytes"] > 0, True, load)
        top = self.spawn("top", "--interval", "0.2", "-o", "jsonl",
                         stderr=subprocess.DEVNULL)
        try:
            json.loads(top.stdout.readline())
            self.restart()
            while True:  # It goes on when the daemon is there again.
                again = json.loads(top.stdout.readline())
                if again["rates"] is not None:
                    break
        finally:
            top.send_signal(2)
            top.stdout.close()
            top.wait(30)
        table = self.cli("top", "--once", "--interval", "0.2")
        same("tests/waits@1.0.0" in table, True, table)
        self.cli("cancel", "-", input=" ".join(ids))


def main():
    Client.main("The client")


if __name__ == "__main__":
    main()
