"""A real pawld on an empty data directory, and what is said of the results."""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # What CTest takes for "skipped".
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENDED = ("completed", "faulted", "cancelled")


class Refused(Exception):
    """The daemon did not take a request; `answer` is the problem."""

    def __init__(self, status, answer):
        super().__init__(f"{status}: {json.dumps(answer)}")
        self.status = status
        self.answer = answer


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def kit(variable, what):
    """The folder that the environment names, or the test is skipped."""
    path = os.environ.get(variable)
    if not path or not pathlib.Path(path).is_dir():
        skip(f"${variable} names no folder with {what}")
    return pathlib.Path(path)


def wait_until(look, what, patience=20.0):
    """The first thing that `look` gives which is true."""
    end = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"did not happen: {what}")
        time.sleep(0.01)


class Daemon:
    """Use as a context. `options` are flags, `environment` is added."""

    def __init__(self, options=(), environment=None):
        self.scratch = tempfile.TemporaryDirectory(prefix="pawl-conformance-")
        self.folder = pathlib.Path(self.scratch.name)
        self.options = list(options)
        self.environment = dict(environment or {})
        self.process = None
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is not None:
            print(self.log()[-2000:])
        self.scratch.cleanup()

    def start(self):
        binary = pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawld"
        environment = {k: v for k, v in os.environ.items()
                       if not k.lower().endswith("_proxy")
                       and not k.startswith("PAWL_")}
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [binary, "--data-dir", self.folder / "data", "--listen",
                 f"127.0.0.1:{self.port}", *self.options],
                env={**environment, **self.environment}, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL)
        wait_until(self.is_ready, "the daemon is ready")

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("the daemon has ended: " + self.log()[-2000:])
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def ask(self, method, path, body=None, headers=None, patience=60):
        """Status and JSON of one request; `body` is text, or made JSON."""
        fields = {"Content-Type": "application/json", **(headers or {})}
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=patience)
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text) if text else None
        except json.JSONDecodeError:
            return answer.status, text

    def must(self, method, path, body=None, headers=None):
        status, answer = self.ask(method, path, body, headers)
        if status >= 300:
            raise Refused(status, answer)
        return answer

    def define(self, definition):
        """Registers YAML text or a JSON value; what the daemon says of it."""
        kind = "application/yaml" if isinstance(definition, str) \
            else "application/json"
        return self.must("POST", "/v1/definitions", definition,
                         {"Content-Type": kind})

    def forget(self, made):
        name = "/".join(made[k] for k in ("namespace", "name", "version"))
        self.must("DELETE", f"/v1/definitions/{name}")

    def forget_schedule(self, workflow):
        """Lets nothing more be made by the schedules of this workflow."""
        for each in self.must("GET", "/v1/schedules")["items"]:
            if each["workflow"]["name"] == workflow["name"]:
                self.must("POST", f"/v1/schedules/{each['id']}/pause", {})

    def start_instance(self, made, value=None, wait=None, headers=None, **more):
        """`made` is what define() gave. An input that the schema refuses makes
        no instance; it counts as one that faulted."""
        workflow = {k: made[k] for k in ("namespace", "name", "version")}
        body = {"workflow": workflow, "input": value, **more}
        headers = {**({"Prefer": f"wait={wait}"} if wait else {}),
                   **(headers or {})}
        try:
            return self.must("POST", "/v1/instances", body, headers)
        except Refused as why:
            error = why.answer.get("error") \
                if isinstance(why.answer, dict) else None
            if error is None:
                raise
            return {"id": None, "status": "faulted", "error": error,
                    "output": None, "context": {}}

    def run(self, definition, value=None, wait=20):
        """Registers, starts, and waits for the end."""
        return self.start_instance(self.define(definition), value, wait)

    def instance(self, name):
        return self.must("GET", f"/v1/instances/{name}")

    def becomes(self, name, *statuses, patience=20.0):
        def look():
            now = self.instance(name)
            return now if now["status"] in statuses else None
        return wait_until(look, f"{name} is {' or '.join(statuses)}", patience)

    def history(self, name):
        return self.must("GET", f"/v1/instances/{name}/history?limit=1000")[
            "items"]

    def publish(self, *events):
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        for at, event in enumerate(events):
            event.setdefault("specversion", "1.0")
            event.setdefault("id", f"{time.time_ns()}-{at}")
            event.setdefault("source", "/tests")
        return self.must("POST", "/v1/events", list(events), headers)

    def act(self, name, verb, body=None):
        return self.must("POST", f"/v1/instances/{name}/{verb}", body or {})


class Report:
    """Collects results, prints them, writes them as a table."""

    def __init__(self, title):
        self.title = title
        self.rows = []
        self.failed = []

    def add(self, name, result, why=""):
        """`result`: passed, failed, or another word that is no failure."""
        self.rows.append((name, result, why))
        if result == "failed":
            self.failed.append(name)
        print(f"{result:<8} {name}{': ' if why else ''}{why}", flush=True)

    def check(self, name, run):
        """Runs; what it raises is the failure."""
        try:
            run()
        except Exception as why:  # Whatever it is, the others go on.
            self.add(name, "failed", f"{type(why).__name__}: {why}")
        else:
            self.add(name, "passed")

    def markdown(self):
        def cell(text):
            return " ".join(str(text).split()).replace("|", "\\|")

        count = {}
        for _, result, _ in self.rows:
            count[result] = count.get(result, 0) + 1
        total = ", ".join(f"{n} {word}" for word, n in sorted(count.items()))
        lines = [f"# {self.title}", "", f"{len(self.rows)} cases: {total}.", "",
                 "| case | result | |", "|---|---|---|"]
        lines += [f"| {cell(name)} | {result} | {cell(why)} |"
                  for name, result, why in self.rows]
        return "\n".join(lines) + "\n"

    def finish(self, file=None):
        """Writes the table below the build directory; ends the program."""
        folder = os.environ.get("PAWL_REPORT_DIR")
        if file and folder:
            (pathlib.Path(folder) / file).write_text(self.markdown())
        good = len(self.rows) - len(self.failed)
        print(f"{good} of {len(self.rows)} as they should be")
        sys.exit(1 if self.failed or not self.rows else 0)


def same(got, wanted, what="value"):
    if got != wanted:
        raise AssertionError(
            f"{what}: {json.dumps(got)} instead of {json.dumps(wanted)}")
