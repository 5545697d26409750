"""A daemon with two tenants, a and b, and tokens for them: what the tests of
access, of tenants and of the audit log have in common."""

import http.client
import json
import os
import pathlib
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import cases  # noqa: E402
import harness  # noqa: E402
from harness import same  # noqa: E402

FLOWS = {
    "hears": """
do: [{hear: {listen: {to: {one: {with: {type: com.example.go}}}}}}]
""",
    "nightly": """
schedule: {cron: '0 3 * * *'}
do: [{x: {set: {a: 1}}}]
""",
    "quick": "do: [{x: {set: {a: 1}}}]\n",
    "works": "do: [{job: {call: worker, with: {queue: q, input: 1}}}]\n",
}


def document(ns, name):
    return cases.document(name, FLOWS[name], ns)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def role(name, *namespaces, **more):
    return {"role": name, "namespaces": list(namespaces) or "*", **more}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


class World(cases.Suite):
    """Tenants a and b; an admin of all."""

    def __init__(self, daemon, socket_path):
        super().__init__(daemon)
        self.socket = socket_path
        self.admin = self.made("admin", role("admin"))
        for ns in ("a", "b"):
            for name in FLOWS:
                self.ok("POST", "/v1/definitions", document(ns, name),
                        kind="application/yaml")
        self.a_viewer = self.made("a viewer", role("viewer", "a"))
        self.a_operator = self.made("a operator", role("operator", "a"))
        self.stranger = self.made(
            "b everything", *(role(r, "b") for r in (
                "viewer", "operator", "author", "admin", "worker:q",
                "approver:g")))

    # --- Requests ------------------------------------------------------------

    def ask(self, method, path, body=None, token=None, **more):
        headers = bearer(token) if token else {}
        if "kind" in more:
            headers["Content-Type"] = more["kind"]
        headers.update(more.get("headers", {}))
        return self.daemon.ask(method, path, body, headers)

    def ok(self, method, path, body=None, token=None, **more):
        status, said = self.ask(method, path, body, token or self.admin, **more)
        if status >= 300:
            raise harness.Refused(status, said)
        return said

    def by_socket(self, method, path, body=None):
        connection = UnixConnection(self.socket)
        connection.request(method, path, body and json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def made(self, name, *roles, **more):
        status, said = self.by_socket(
            "POST", "/v1/tokens", {"name": name, "roles": list(roles), **more})
        same(status, 201, f"token {name}: {said}")
        return said["token"]

    def start(self, ns, name, token=None, **more):
        body = {"workflow": {"namespace": ns, "name": name}, **more}
        return self.ok("POST", "/v1/instances", body, token)["id"]

    def cli(self, *words, code=0, token=None, **more):
        environment = {**os.environ, "HOME": "/nonexistent"}
        environment.pop("PAWL_TOKEN", None)
        if token:
            environment["PAWL_TOKEN"] = token
        return super().cli(*words, code=code, env=environment, **more)

    def follow(self, path, token, patience, begun=lambda: None):
        """What an event stream says until `patience` seconds have passed.
        `begun` is called once it stands."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port,
                                                timeout=patience)
        connection.request("GET", path, headers=bearer(token))
        answer = connection.getresponse()
        same(answer.status, 200, path)
        begun()
        text = b""
        end = time.monotonic() + patience
        try:
            while time.monotonic() < end:
                chunk = answer.read1(65536)
                if not chunk:
                    break
                text += chunk
        except (OSError, http.client.HTTPException):
            pass  # It was cut, or nothing came any more.
        connection.close()
        return text.decode()


def run_all(kind, title, more=()):
    """Runs every test of a World on one daemon, with `more` options; returns
    the report."""
    report = harness.Report(title)
    with tempfile.TemporaryDirectory(prefix="pawl-access-") as folder:
        path = pathlib.Path(folder) / "pawl.sock"
        os.chmod(folder, 0o755)
        key = pathlib.Path(folder) / "key"
        key.write_bytes(b"k" * 32)
        key.chmod(0o600)
        options = ["--listen", f"unix:{path}", "--set", "http.unix_mode=0666",
                   "--set", f"secrets.key_file={key}",
                   "--set", "http.stream_keepalive=1s", *more]
        with harness.Daemon(options) as daemon:
            cases.check(report, cases.of(kind), kind(daemon, path))
    return report
