"""What limits, disks and the daemon's own life refuse: cases of problems.py."""

import json
import resource
import signal
import socket
import subprocess
import threading

import damage
import stub
from harness import same, wait_until
from problem_pages import BIN, Scene
from problem_requests import (CASES, EVENT, HEARS, NAPS, SETS, START, case,
                              document)

CALLS = ("do: [{ask: {call: http, with: {method: get, endpoint: "
         "'http://slow.test/'}}}]")


class Stage(Scene):
    """A scene with a service that answers when it is let."""

    def __init__(self, settings):
        self.go = threading.Event()
        self.services = stub.Stub(
            lambda _: (self.go.wait(30), stub.answer(200, {}))[1])
        super().__init__(settings, self.services.environment())

    def __exit__(self, *why):
        self.go.set()
        super().__exit__(*why)
        self.services.close()


def begins(scene, text, more=None):
    """A request whose head says more than what is sent of it at first."""
    body = json.dumps(text).encode()
    head = (f"POST /v1/instances HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}"
            f"\r\n\r\n").encode()
    return scene.raw(head + body[:5], more and (lambda: (more(), body[5:])[1]))


# --- Limits ----------------------------------------------------------------------


@case("too-large", 413, {"http.body_max": "1KiB"})
def too_large(scene):
    scene.flow(SETS)
    large = {**START, "input": {"text": "x" * 2000}}
    scene.file("FILE", large)
    yield scene.tell("POST", "/v1/instances", large)


@case("header-too-large", 431, {"http.header_max": "1KiB"})
def header_too_large(scene):
    scene.file("HEADERS", "Cookie: " + "x" * 2000 + "\n")
    yield scene.tell("GET", "/livez", headers={"Cookie": "x" * 2000})


@case("request-timeout", 408, {"http.body_timeout": "500ms",
                               "http.header_timeout": "300ms"})
def request_timeout(scene):
    scene.file("FILE", document(SETS))
    same(scene.raw(b"GET /livez HTTP/1.1\r\n")["code"], "request-timeout",
         "a slow header")
    yield begins(scene, START)


@case("too-many-connections", 503, {"http.streams_max": 1,
                                    "http.connections_max": 8})
def too_many_connections(scene):
    lines = [socket.create_connection(("127.0.0.1", scene.port))
             for _ in range(8)]
    # One more is taken and refused before it says anything.
    same(scene.raw(b"")["code"], "too-many-connections", "connections")
    for each in lines[1:]:
        each.close()
    lines[0].sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    same(lines[0].recv(15), b"HTTP/1.1 200 OK", "a stream")

    def refused():
        said = scene.tell("GET", "/v1/events")
        return said if "streams" in said["detail"] else None
    yield wait_until(refused, "the connections are free again")
    lines[0].close()


@case("overloaded", 429, {"instances.hot_max": 16})
def overloaded(scene):
    made = scene.flow(CALLS)
    for n in range(16):
        scene.start_instance(made, {}, id=f"busy-{n}")
    scene.names.update({
        "NS/NAME": "tests/flow",
        "HOLD": lambda: scene.must("GET", "/v1/holds")["items"][0]["id"]})
    yield scene.tell("POST", "/v1/instances", START)
    scene.go.set()


@case("timed-out", 504, {"http.request_timeout": "1s",
                         "expression.deadline": "3s"})
def timed_out(scene):
    scene.flow("do: [{turn: {set: {n: '${ 1 | until(. > 2; .) }'}}}]")
    wish = {**START, "id": "order-7"}
    scene.file("FILE", wish)
    scene.names.update({"KEY": "order-7", "ID": "order-7"})
    yield scene.tell("POST", "/v1/instances", wish,
                     {"Idempotency-Key": "order-7"})


def fills_up(scene):
    scene.configure({"storage.disk_low": "1TiB"})
    scene.manage("reload")
    wait_until(lambda: not scene.is_ready(), "the disk is low")


@case("disk-low", 507)
def disk_low(scene):
    scene.define(document(SETS))
    fills_up(scene)
    scene.names["NS/NAME"] = "tests/flow"
    yield scene.tell("POST", "/v1/instances", START)


@case("not-ready", 503)
def not_ready(scene):
    fills_up(scene)
    yield scene.tell("GET", "/readyz")


@case("no-secret-key", 409)
def no_secret_key(scene):
    scene.names.update({"NAME": "api-key", "KEY": str(scene.folder / "key")})
    scene.file("FILE", "hush")
    yield scene.tell("PUT", "/v1/secrets/api-key", {"value": "hush"})


# --- The daemon's life -------------------------------------------------------------


@case("shutting-down", 503)
def shutting_down(scene):
    made = scene.flow(CALLS)
    scene.start_instance(made, {}, id="order-7")
    wait_until(lambda: scene.services.seen, "it has called")

    def drains():
        try:
            return scene.tell("GET", "/readyz").status != 200
        except OSError:
            return True

    def ends():
        scene.process.send_signal(signal.SIGTERM)
        wait_until(drains, "it drains")
    problem = begins(scene, START, ends)
    scene.go.set()
    yield problem


@case("locked", None)
def locked(scene):
    ran = subprocess.run([BIN / "pawld", "--data-dir", scene.folder / "data",
                          "--listen", "127.0.0.1:0"], capture_output=True,
                         text=True, timeout=60, check=False)
    same((ran.returncode, '"code":"locked"' in ran.stdout + ran.stderr),
         (75, True), f"{ran.stdout}{ran.stderr}")
    with open(scene.folder / "log", "a") as log:
        log.write(ran.stdout + ran.stderr)
    yield None


@case("io", None)
def io(scene):
    """A disk that takes no more: the bound on the size of files, which a
    process is told of as an error of the write."""
    made = scene.flow(NAPS)
    scene.waits(made, "order-7")
    scene.names["ID"] = "order-7"
    before = resource.prlimit(scene.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(scene.process.pid, resource.RLIMIT_FSIZE,
                     (100_000, before[1]))
    try:
        status, said = scene.ask("POST", "/v1/instances", {
            **START, "input": "x" * 300_000})
    except OSError:
        status, said = 500, {"code": "io"}  # It has hung up.
    same(status >= 500 and said["code"] in ("io", "timed-out"), True, f"{said}")
    same(scene.process.wait(30), 74, "exit code")
    yield None


# --- Damage ----------------------------------------------------------------------


def damaged(scene):
    """A backup, and an instance whose last row is not what was written."""
    made = scene.flow(HEARS)
    for name in ("order-6", "order-7"):
        scene.waits(made, name)
    scene.must("POST", "/v1/admin/backups", {}, {"Prefer": "wait=20"})
    scene.must("POST", "/v1/instances/order-7/events", {
        "specversion": "1.0", "type": "note", "source": "/t", "id": "1",
        "data": "as it was sent"}, EVENT)
    scene.kill()
    same(damage.change_log(scene.folder / "data", b"as it was sent",
                           b"as it was bent"), 1, "rows")
    scene.start()
    scene.names.update({"ID": "order-7", "OTHER": "order-6",
                        "BACKUPS": str(scene.shelf)})


@case("corrupt", 500)
def corrupt(scene):
    with_backups(scene)
    damaged(scene)
    yield scene.tell("GET", "/v1/instances/order-7")


@case("quarantined", 409, {"instances.quarantine_after": 1})
def quarantined(scene):
    with_backups(scene)
    damaged(scene)
    problem = scene.tell("POST", "/v1/instances/order-7/pause", {})
    same(problem["code"], "timed-out", "while it crashes")
    wait_until(lambda: "instance.quarantined" in scene.log(), "it is set aside")
    yield wait_until(lambda: next(
        (each for each in [scene.tell("POST", "/v1/instances/order-7/pause", {})]
         if each.status == 409), None), "it is refused")


def with_backups(scene):
    scene.shelf = scene.folder / "backups"
    scene.configure({"backup.directory": scene.shelf})
    scene.manage("restart")


# --- What nobody can bring about ---------------------------------------------------


@case("conflict", None)
def conflict(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    scene.names["ID"] = "order-7"
    yield None


@case("internal", None)
def internal(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    scene.names["ID"] = "order-7"
    yield None
