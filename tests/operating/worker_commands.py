#!/usr/bin/env python3
"""A command for each job, with `pawl worker run`, and the examples of workers,
against a real daemon that dies in between."""

import json
import os
import shutil
import signal
import subprocess
import sys

from jobs import Jobs

import harness
from harness import same, wait_until


class Commands(Jobs):
    def worker(self, queue, *command, options=()):
        return self.spawn("worker", "run", queue, "--lease", "3", *options,
                          "--", *command, stderr=subprocess.PIPE)

    def the_client_runs_a_command_for_each_job(self):
        names = [self.job("cmds", {"n": n}) for n in range(3)]
        script = ("import json, os, sys; t = json.load(sys.stdin); "
                  "print(json.dumps({'n': t['input']['n'] * 2, "
                  "'key': os.environ['PAWL_EFFECT_KEY'] == t['effectKey']}))")
        asks = self.worker("cmds", sys.executable, "-c", script,
                           options=("--max", "2", "--id", "me"))
        for n, name in enumerate(names):
            same(self.daemon.becomes(name, "completed")["output"],
                 {"n": 2 * n, "key": True}, "output")
        same("cmds" in self.cli("queue", "ls"), True, "queue ls")
        shown = json.loads(self.cli("queue", "ls", "-o", "json"))
        same([each["workers"] for each in shown["items"]
              if each["name"] == "cmds"], [1], "workers")
        asks.terminate()
        same(asks.wait(10), 0, "it ends")
        same(asks.stderr.read().count("completed"), 3, "what it says")

    def exit_codes_decide_about_retries(self):
        wrap = ("do: [{g: {try: %s, catch: {retry: {limit: {attempt: "
                "{count: 2}}}}}}]")
        asks = self.worker("codes", "sh", "-c",
                           "read t; case $t in *never*) exit 65;; "
                           "*text*) echo words;; *) exit 3;; esac")
        for given, attempts in (("never", 1), ("again", 3), ("text", 1)):
            name = self.job("codes", {"do": given}, wrap=wrap)
            self.daemon.becomes(name, "faulted")
            begun = [each for each in self.daemon.history(name)
                     if each["type"] == "task.started"
                     and each["task"].endswith("/w")]
            same(len(begun), attempts, given)
        asks.terminate()
        asks.wait()

    def a_killed_client_loses_its_job_to_another(self):
        name = self.job("kills")
        first = self.worker("kills", "sleep", "60")
        wait_until(lambda: self.count("kills", "leased"), "it runs")
        first.kill()
        second = self.worker("kills", "echo", '"second"')
        same(self.daemon.becomes(name, "completed")["output"], "second",
             "output")
        second.terminate()
        second.wait()

    def the_client_survives_the_daemon(self):
        name = self.job("stays")
        go, gone = self.daemon.folder / "go", self.daemon.folder / "gone"
        asks = self.worker("stays", "sh", "-c", f"until [ -e {go} ]; do "
                           f"sleep 0.05; done; echo 5; touch {gone}")
        wait_until(lambda: self.count("stays", "leased"), "it runs")
        self.daemon.kill()
        go.touch()
        wait_until(gone.exists, "the command ends meanwhile")
        self.daemon.start()
        same(self.daemon.becomes(name, "completed")["output"], 5, "output")
        same(self.daemon.becomes(self.job("stays"), "completed")["output"], 5,
             "it asks again")
        asks.terminate()
        same(asks.wait(10), 0, "it ends")

    def a_cancel_ends_the_command_and_sigterm_does_not(self):
        name = self.job("ended")
        asks = self.worker("ended", "sh", "-c",
                           "read t; case $t in *long*) sleep 60;; esac; "
                           "sleep 1; echo 1", options=("--max", "2"))
        long = self.job("ended", {"how": "long"})
        wait_until(lambda: self.count("ended", "leased") == 2,
                   "both run")
        self.daemon.ask("POST", f"/v1/instances/{long}/cancel", {})
        asks.send_signal(signal.SIGTERM)
        same(self.daemon.becomes(name, "completed")["output"], 1, "drained")
        self.daemon.becomes(long, "cancelled")
        same(asks.wait(15), 0, "it ends")

    def the_examples_work(self):
        for kind, *command in (("python", sys.executable, "worker.py"),
                               ("shell", "sh", "worker.sh"),
                               ("javascript", "node", "worker.mjs")):
            needed = ("curl", "jq") if kind == "shell" else command[:1]
            if not all(map(shutil.which, needed)):
                continue
            name = self.job(f"{kind}-words", {"text": "a bb a"})
            asks = subprocess.Popen(
                [*command, f"{kind}-words"], cwd=harness.ROOT / "examples"
                / "workers" / kind, env={**os.environ, "PAWL_URL": self.url})
            try:
                same(self.daemon.becomes(name, "completed")["output"]["words"],
                     3, kind)
            finally:
                asks.terminate()
                asks.wait()


def main():
    Commands.main("Commands for jobs")


if __name__ == "__main__":
    main()
