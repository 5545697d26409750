"""Daemons with a directory for their backups, and workflows for them: what the
suites of keeping and of backups have in common."""

import pathlib
import tempfile

from cases import run

import harness

SETS = "- a: {set: {x: 1}}"
FAILS = "- a: {raise: {error: {type: 'https://e', status: 500}}}"
HEARS = ("- hear: {listen: {to: {one: {with: {type: com.example.go}}}}}\n"
         "- after: {set: {done: true}}")


def flow(name, work, metadata="{}"):
    return (f"document: {{dsl: '1.0.3', namespace: tests, name: {name}, "
            f"version: '1.0.0', metadata: {metadata}}}\ndo:\n{work}\n")


class Kept(harness.Daemon):
    """A daemon with a directory for its backups."""

    def __init__(self, *settings, environment=None):
        self.shelf_scratch = tempfile.TemporaryDirectory(prefix="pawl-shelf-")
        self.shelf = pathlib.Path(self.shelf_scratch.name) / "backups"
        options = [f"--set=backup.directory={self.shelf}"]
        options += [f"--set={each}" for each in settings]
        super().__init__(options, environment)

    def __exit__(self, *why):
        super().__exit__(*why)
        self.shelf_scratch.cleanup()

    @property
    def data(self):
        return self.folder / "data"

    def pawl(self, *words, code=0):
        return run("pawl", "--url", f"http://127.0.0.1:{self.port}", *words,
                   code=code).stdout

    def status_of(self, name, method="GET", rest="", body=None):
        status, answer = self.ask(method, f"/v1/instances/{name}{rest}", body)
        code = answer.get("code") if isinstance(answer, dict) else None
        return status, code

    def metric(self, name):
        _, text = self.ask("GET", "/metrics")
        for line in text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        raise AssertionError(f"no metric {name}")
