#!/usr/bin/env python3
"""Every command of the runbooks that needs only a daemon is run as it stands
there, on instances that are in the state that the page speaks of. What needs
systemd or the disk is only named."""

import os
import re
import subprocess
import tempfile

from cases import Suite, finish

import harness
import stub
from harness import same, wait_until
from runbook_pages import RUNBOOKS, commands

ELSEWHERE = ("systemctl", "journalctl", "iostat")

FLOWS = {
    "sleeps": "do: [{s: {wait: {hours: 1}}}]",
    "faults": "do: [{c: {call: http, with: {method: get, endpoint: "
              "'http://bad.test/'}}}]",
    "works": "do: [{w: {call: worker, with: {queue: orders}}}]",
    "asks": "do: [{ask: {call: approval, with: {title: 'Go?', approvers: "
            "{users: [ann]}}}}]",
}


class Scene(Suite):
    namespace = "shop"
    flows = FLOWS

    def start(self, name, *statuses):
        made = super().start(name)
        self.daemon.becomes(made, *statuses)
        return made

    def paused(self):
        made = self.start("asks", "waiting")
        self.daemon.act(made, "pause")
        return made

    def approval(self):
        made = self.start("asks", "waiting")
        return wait_until(lambda: next(
            (each["id"] for each in self.daemon.must(
                "GET", "/v1/approvals")["items"] if made in each["id"]), None),
            "the approval is listed")

    def hold(self):
        return self.daemon.must("POST", "/v1/holds", {
            "selector": {"host": "idle.test"}, "reason": "a trial"})["id"]

    def limit(self):
        self.daemon.must("PUT", "/v1/limits/mail", {
            "quota": {"max": 4000, "per": "P1D"}})
        return "mail"

    def subscription(self):
        """One with a dead message, whose receiver is well by now; events of
        what faults are refused once more."""
        path = "/v1/subscriptions/crm?namespace=shop"
        self.daemon.must("PUT", path, {
            "url": "http://bad.test/in",
            "filter": {"type": "io.serverlessworkflow.workflow.faulted"}})
        self.start("faults", "faulted")
        wait_until(lambda: self.daemon.must("GET", path)["dead"], "it is dead")
        self.daemon.must("PUT", path, {"url": "http://good.test/in",
                                       "filter": {"workflow": "nobody"}})
        return "crm"

    def message(self):
        return self.daemon.must("GET", "/v1/subscriptions/crm/dead"
                                "?namespace=shop")["items"][0]["id"]

    def fill_in(self, command):
        """Each name in capitals becomes one that is there."""
        makers = {"FAULTED": lambda: self.start("faults", "faulted"),
                  "PAUSED": self.paused, "APPROVAL": self.approval,
                  "JOB": lambda: self.start("works", "waiting"),
                  "ID": lambda: self.start("sleeps", "waiting"),
                  "SUBSCRIPTION": self.subscription,
                  "MESSAGE": self.message, "NS": lambda: "shop",
                  "LIMIT": self.limit, "HOLD": self.hold, "HOST": lambda: "calls.test",
                  "NS/NAME": lambda: "shop/faults", "NAME": lambda: "faults",
                  "NAMESPACE": lambda: "shop", "QUEUE": lambda: "orders"}
        for word, make in makers.items():
            pattern = rf"(?<![\w$/]){word}(?![\w/])" if word != "QUEUE" \
                else r"\bQUEUE\b"
            if re.search(pattern, command):
                made = make()
                command = re.sub(pattern, lambda _, m=made: m, command)
        left = re.findall(r"(?<!\$)\b[A-Z][A-Z/]+\b", command)
        same(left, [], f"names of {command}")
        return command

    def carry_out(self, command):
        ready = self.fill_in(command)
        folder = os.environ["PAWL_BIN_DIR"]
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", ready], capture_output=True,
            text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env={"PATH": f"{folder}:{os.environ['PATH']}",
                 "HOME": "/nonexistent", "PAWL_URL": self.url})
        same(ran.returncode, 0, f"{ready}: {ran.stdout}{ran.stderr}")
        if not ran.stdout.strip() and "pawl ls" not in ready \
                and "release" not in ready and "discard" not in ready:
            raise AssertionError(f"{ready} says nothing")
        for each in self.daemon.must("GET", "/v1/holds")["items"]:
            if each["selector"].get("host") != "idle.test":
                self.daemon.must("DELETE", f"/v1/holds/{each['id']}")


def main():
    report = harness.Report("Runbooks")
    services = stub.Stub(lambda call: stub.answer(
        200 if call.host == "good.test" else 500, {}))
    with tempfile.TemporaryDirectory(prefix="pawl-shelf-") as shelf:
        options = ["--set=metrics.census_every=100ms",
                   "--set=notify.retry_for=1s",
                   "--set=tracing.endpoint=http://traces.test/v1/traces",
                   f"--set=backup.directory={shelf}/backups"]
        with harness.Daemon(options, services.environment()) as daemon:
            scene = Scene(daemon)
            # So that there are queues, holds, faults and backups to be seen.
            scene.limit()
            for word in ("JOB", "HOLD", "FAULTED", "APPROVAL"):
                scene.fill_in(word)
            daemon.must("POST", "/v1/admin/backups", {},
                        {"Prefer": "wait=20"})
            wait_until(lambda: "pawl_queue_ready" in
                       daemon.ask("GET", "/metrics")[1], "the queue is there")
            seen = set()
            for page, command in commands():
                seen.add(page)
                if not command.startswith(ELSEWHERE):
                    report.check(f"{page}: {command}",
                                 lambda c=command: scene.carry_out(c))
            report.check("every page has commands", lambda: same(
                sorted(seen), sorted(p.stem for p in RUNBOOKS.glob("Pawl*.md")),
                "pages"))
    services.close()
    finish(report)


if __name__ == "__main__":
    main()
