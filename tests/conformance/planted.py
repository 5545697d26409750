#!/usr/bin/env python3
"""Plants secrets wherever a secret may stand, lets workflows use them in every
way that there is, and looks for them wherever the daemon shows or keeps
anything: nowhere may one be found."""

import http.client
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import threading
import time

import harness
import planted_flows as flows
import stub

WITNESS = "w1tness0f4search"  # Is no secret, and so has to be found.
JSON = {"Content-Type": "application/json"}


class Watched(harness.Daemon):
    """Remembers every answer of the daemon, its streams too."""

    def __init__(self, *given):
        super().__init__(*given)
        self.shown = []

    def ask(self, method, path, body=None, headers=None, patience=60):
        status, answer = super().ask(method, path, body, headers, patience)
        text = answer if isinstance(answer, str) else json.dumps(
            answer, ensure_ascii=False)
        self.shown.append((f"{method} {path} ({status})", text))
        return status, answer

    def follow(self, path):
        """Begins to remember all of a stream, until the daemon ends."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path, headers={"Accept": "text/event-stream"})
        stream = connection.getresponse()

        def read():
            try:
                while line := stream.readline():
                    self.shown.append((f"stream {path}", line.decode()))
            except (OSError, http.client.HTTPException, ValueError):
                pass
        threading.Thread(target=read, daemon=True).start()


def plant(plants, daemon_folder):
    """Writes the secrets that are files; returns those for the API."""
    files, credentials = daemon_folder / "files", daemon_folder / "credentials"
    files.mkdir()
    credentials.mkdir()
    key = credentials / "pawl-secret-key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    for_headers = {"header", "moved", "followed", "bearer", "refused",
                   "document", "operation", "client", "refresh"}
    values = {}
    for name in sorted({name for name, _, _ in flows.TASKS} | for_headers):
        values[name] = plants.visible(name) if name in for_headers \
            else plants.awkward(name)
    values["host"] = f"{plants.core('host')}.localhost"
    values["hook"] = f"http://svc.test/hook/{plants.core('hook')}"
    values["port"] = plants.core("port")
    values["tunnel"] = plants.core("tunnel")
    values["authority"] = {
        "authority": f"http://{plants.core('authority')}.localhost:1",
        "grant": "client_credentials", "client": {"id": "me"}}
    values["line"] = f"{plants.core('line')}\r\nX: {plants.core('line')}"
    values["lines"] = f"-- begin --\n{plants.core('lines')}\n"
    values["spaces"] = f"  {plants.core('spaces')} \t"
    values["whole"] = {"username": plants.core("user of whole"),
                       "password": plants.core("whole")}
    plants.cores["pin"] = str(10**12 + time.time_ns() % 10**12)
    values["pin"] = {"number": int(plants.core("pin"))}
    del values["missing"]
    (files / "half").write_text('{"password": "' + plants.core("half"))
    (files / "bytes").write_bytes(b"\xff\xfe" + plants.core("bytes").encode()
                                  + b"\xc3(\x80")
    (files / "large").write_text(plants.core("large") * 5000)
    for name in ("half", "bytes", "large"):
        del values[name]
    for at, name in enumerate(sorted(values)):
        if at % 3 == 2:
            continue  # For the API.
        value = values.pop(name)
        text = json.dumps(value) if isinstance(value, dict) else value + "\n"
        ((files if at % 3 else credentials) / name).write_bytes(text.encode())
    return values


def refused_secrets(daemon, plants):
    """Wrong requests that hold a secret all the same."""
    lost = plants.core("refused by the API")
    for body in (f'{{"value": ["{lost}"]}}', f'{{"value": "{lost}', f'"{lost}"',
                 f'{{"value": "a", "b": "{lost}"}}',
                 f"value: {lost}", json.dumps({"value": lost * 5000})):
        status, _ = daemon.ask("PUT", "/v1/secrets/wrong", body)
        assert 400 <= status < 500, status
    daemon.ask("PUT", "/v1/secrets/half", {"value": lost})
    daemon.ask("PUT", "/v1/secrets/a%20b", {"value": lost})


def run_all(daemon, report):
    """Starts every flow, and waits for the ends."""
    begun = []
    refreshing = None
    for at, (name, wanted, task) in enumerate(flows.TASKS):
        for kind, make in (("once", flows.once), ("again", flows.again)):
            called = f"{kind}-{at}-{name.replace('_', '-')}"
            made = daemon.define(flows.flow(called, make(task), {name}))
            shown = daemon.start_instance(made, {"note": WITNESS}, id=called)
            begun.append((called, wanted, shown["id"]))
            refreshing = made if name == "refresh" else refreshing
    for called, wanted, name in begun:
        ended = daemon.becomes(name, *harness.ENDED)
        right = wanted in (None, ended["status"])
        report.add(called, "passed" if right else "failed",
                   "" if right else json.dumps(ended.get("error"))[:600])
    # Once more, by the token that came with the last one.
    last = daemon.start_instance(refreshing, wait=20)
    return [last["id"], *(name for _, _, name in begun)]


def show_everything(daemon, names):
    for name in names:
        for path in ("", "/history?limit=1000"):
            daemon.ask("GET", f"/v1/instances/{name}{path}")
    for path in ("/v1/instances?limit=1000", "/v1/definitions?limit=1000",
                 "/v1/secrets?limit=1000", "/v1/schedules", "/metrics",
                 "/v1/instances?status=faulted", "/openapi.json"):
        daemon.ask("GET", path)
    daemon.ask("POST", f"/v1/instances/{names[0]}/retry", {})
    daemon.ask("GET", "/v1/secrets/header")


def family(pid):
    """Processes that come from `pid`, with itself."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(text.rpartition(")")[2].split()[1])
    found = {pid}
    for _ in parents:
        found |= {child for child, of in parents.items() if of in found}
    return sorted(found)


def look_at_processes(daemon, found):
    """While a program runs that has a secret: nobody but itself shows it."""
    task = flows.shell('read -r line; echo "$line"; sleep 1', environment={
        "KEY": flows.secret("environment")}, arguments=["plain"],
        stdin=flows.secret("stdin"))
    made = daemon.define(flows.flow("sleeper", [{"sleep": task}],
                                    {"environment", "stdin"}))
    name = daemon.start_instance(made)["id"]
    time.sleep(0.5)
    seen = 0
    for pid in family(daemon.process.pid):
        for part in ("cmdline", "environ"):
            try:
                text = pathlib.Path(f"/proc/{pid}/{part}").read_bytes()
            except OSError:
                continue
            if part == "environ" and b"PAWL_EFFECT_KEY=" in text:
                continue  # The program itself.
            seen += 1
            found(f"/proc/{part} of {pid}", text)
    assert seen >= 3, "no processes were seen"
    daemon.becomes(name, "completed")


def look_at_files(folder, found):
    count = 0
    for path in folder.rglob("*"):
        if path.is_file():
            count += 1
            found(str(path.relative_to(folder)), path.read_bytes())
    assert count > 3, "there are no files"


def crash(daemon, report):
    """A daemon and its helpers that crash leave no core, where any other
    program does."""
    with tempfile.TemporaryDirectory() as other:
        subprocess.run(["sh", "-c", "kill -SEGV $$"], cwd=other, check=False)
        usual = any(pathlib.Path(other).iterdir())
    children = family(daemon.process.pid)[1:]
    for pid in [*reversed(children), daemon.process.pid]:
        try:
            os.kill(pid, signal.SIGSEGV)
        except ProcessLookupError:
            continue
    daemon.process.wait(30)
    cores = [p.name for p in pathlib.Path().iterdir() if "core" in p.name]
    report.add("no core is dumped", "failed" if cores else "passed",
               " ".join(cores) if usual else "none is dumped here by any one")


def main():
    report = harness.Report("Planted secrets")
    plants = flows.Plants()
    hits = {}
    with tempfile.TemporaryDirectory(prefix="pawl-planted-") as place:
        place = pathlib.Path(place)
        place.chmod(0o755)
        values = plant(plants, place)
        run_in(place, plants, values, hits, report)
    report.add("what is no secret is found",
               "passed" if len(hits.pop(WITNESS, ())) >= 4 else "failed")
    for whose, places in sorted(hits.items()):
        report.add(whose, "failed", f"is in {'; '.join(sorted(places))[:900]}")
    report.finish()


def run_in(place, plants, values, hits, report):
    def found(where, text):
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        for needle, whose in (*plants.needles().items(), (WITNESS, WITNESS)):
            if needle in text:
                hits.setdefault(whose, set()).add(where)

    services = stub.Stub(flows.service(plants))
    options = ["--set", f"secrets.directory={place}/files", "--set",
               "log_level=debug", "--set", "events.lifecycle=tasks"]
    environment = {**services.environment(),
                   "no_proxy": ".localhost",
                   "CREDENTIALS_DIRECTORY": str(place / "credentials")}
    working = place / "working"
    working.mkdir()
    os.chdir(working)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    with Watched(options, environment) as daemon:
        daemon.follow("/v1/events")
        for name, value in values.items():
            daemon.must("PUT", f"/v1/secrets/{name}", {"value": value})
        refused_secrets(daemon, plants)
        names = run_all(daemon, report)
        for name in names:
            daemon.follow(f"/v1/instances/{name}/events")
        look_at_processes(daemon, found)
        show_everything(daemon, names)
        data = daemon.folder / "data"
        look_at_files(data, found)
        daemon.kill()
        look_at_files(data, found)
        daemon.start()  # What the log held goes into tables.
        show_everything(daemon, names)
        look_at_files(data, found)
        crash(daemon, report)
        look_at_files(data, found)
        for where, text in daemon.shown:
            found(where, text)
        found("the log", daemon.log())
        os.chdir("/")
    seen = repr([vars(each) for each in services.seen])
    used = {whose.split(" (")[0] for needle, whose in plants.needles().items()
            if needle in seen}
    for name in ("header", "query", "body", "uri", "bearer", "basic", "whole",
                 "client", "client_basic", "password", "refresh", "oidc",
                 "access token", "rotated token", "operation", "document"):
        report.add(f"{name} was sent", "passed" if name in used else "failed")


if __name__ == "__main__":
    main()
