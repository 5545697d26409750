#!/usr/bin/env python3
"""Who may do what: tokens, roles, tenants that know nothing of each other, and
the audit log, over HTTP and with `pawl`, against a real daemon."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

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
}


def document(ns, name):
    return (f"document: {{dsl: '1.0.3', namespace: {ns}, name: {name}, "
            f"version: '1.0.0'}}\n{FLOWS[name].strip()}\n")


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


class Access:
    """Tenants a and b; an admin of all."""

    def __init__(self, daemon, socket_path):
        self.daemon, self.socket = daemon, socket_path
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
        ran = subprocess.run(
            [pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawl", "--url",
             f"http://127.0.0.1:{self.daemon.port}", *words],
            capture_output=True, text=True, timeout=60, check=False,
            env=environment, **more)
        same(ran.returncode, code, f"code of {words}: {ran.stderr}")
        return ran.stdout

    # --- Coming in -----------------------------------------------------------

    def nobody_comes_in_without_a_token(self):
        status, said = self.ask("GET", "/v1/instances")
        same((status, said["code"]), (401, "unauthenticated"), "answer")
        for path in ("/livez", "/readyz", "/version", "/openapi.json"):
            same(self.ask("GET", path)[0], 200, path)
        same(self.ask("GET", "/metrics")[0], 401, "metrics")
        same(self.ask("GET", "/metrics", token=self.a_viewer)[0], 403, "a's")
        same(self.ask("GET", "/metrics", token=self.admin)[0], 200, "admin's")
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port)
        connection.request("GET", "/v1/instances")
        challenge = connection.getresponse().getheader("WWW-Authenticate")
        same(challenge.startswith("Bearer"), True, "challenge")

    def the_daemons_own_user_is_let_in_by_the_socket(self):
        same(self.by_socket("GET", "/v1/tokens")[0], 200, "status")
        if os.getuid() != 0:
            return
        other = subprocess.run(
            [sys.executable, "-c",
             "import os,socket,sys\n"
             "s=socket.socket(socket.AF_UNIX); os.setuid(65534)\n"
             "s.connect(sys.argv[1])\n"
             "s.send(b'GET /v1/tokens HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
             "print(s.recv(99).decode().split()[1])", str(self.socket)],
            capture_output=True, text=True, check=True)
        same(other.stdout.strip(), "401", "another user")

    def a_token_is_shown_once_and_ends_when_it_is_revoked(self):
        status, said = self.ask(
            "POST", "/v1/tokens",
            {"name": "short", "roles": [role("viewer")]}, self.admin)
        same(status, 201, "status")
        text, name = said["token"], said["id"]
        same(bool(re.fullmatch(r"pawl_[0-9a-f]{12}_[0-9a-f]{64}", text)), True,
             "form")
        shown = self.ok("GET", f"/v1/tokens/{name}")
        same("token" in shown or "digest" in shown, False, "shown again")
        same(shown["createdBy"].endswith("(admin)"), True, "made by")
        same(self.ask("GET", "/v1/instances", token=text)[0], 200, "in")
        same(self.ok("GET", f"/v1/tokens/{name}")["lastUsedAt"] is None, False,
             "used")
        for path in sorted((self.daemon.folder / "data").rglob("*")):
            if path.is_file():
                same(text.encode()[-64:] in path.read_bytes(), False,
                     f"secret in {path}")
        self.daemon.kill()
        self.daemon.start()
        same(self.ask("GET", "/v1/instances", token=text)[0], 200, "after all")
        self.ok("DELETE", f"/v1/tokens/{name}")
        self.daemon.kill()
        self.daemon.start()
        same(self.ask("GET", "/v1/instances", token=text)[0], 401, "revoked")
        same(self.ask("DELETE", f"/v1/tokens/{name}", token=self.admin)[0], 404,
             "twice")

    def a_key_makes_no_second_token(self):
        body = {"name": "once", "roles": [role("viewer", "a")]}
        key = {"Idempotency-Key": "make-once"}
        first = self.ask("POST", "/v1/tokens", body, self.admin, headers=key)
        again = self.ask("POST", "/v1/tokens", body, self.admin, headers=key)
        same((first[0], again[0]), (201, 409), "statuses")
        same(again[1]["code"], "already-exists", "code")
        same("token" in again[1], False, "shown again")

    def an_expired_token_is_refused(self):
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                             time.gmtime(time.time() + 3))
        token = self.made("soon over", role("viewer"), expiresAt=soon)
        same(self.ask("GET", "/v1/instances", token=token)[0], 200, "before")
        harness.wait_until(
            lambda: self.ask("GET", "/v1/instances", token=token)[0] == 401,
            "it has expired")
        status, _ = self.ask("POST", "/v1/tokens", {
            "name": "x", "roles": [role("viewer")], "expiresAt": soon},
            self.admin)
        same(status, 422, "one that is over already")

    def bad_tokens_are_slowed_down(self):
        seen = [self.ask("GET", "/v1/instances", token="pawl_bad")[0]
                for _ in range(13)]
        same((seen[0], seen[-1]), (401, 429), "statuses")
        same(self.ask("GET", "/v1/instances", token=self.admin)[0], 200,
             "who shows the right one")

    # --- Tenants -------------------------------------------------------------

    def a_stranger_learns_nothing_from_any_route(self):
        """Each operation of the contract, on what exists in a and on what
        exists nowhere, must give the stranger the same answer."""
        instance = self.start("a", "hears", id="known-id")
        there = {"namespace": "a", "name": "hears", "version": "1.0.0",
                 "id": instance}
        nowhere = {"namespace": "a", "name": "hoars", "version": "1.0.0",
                   "id": "knows-id"}
        paths = self.ok("GET", "/openapi.json")["paths"]
        walked = 0
        for pattern, methods in paths.items():
            for method in methods:
                if method == "parameters":
                    continue
                walked += 1
                self.compare(method.upper(), pattern, there, nowhere)
        same(walked > 40, True, "routes walked")
        same(self.ok("GET", f"/v1/instances/{instance}")["status"], "waiting",
             "status after all that")
        same(self.ok("GET", "/v1/definitions/a/hears")["version"], "1.0.0",
             "definition after all that")

    def compare(self, method, pattern, there, nowhere):
        if "{" not in pattern:
            return
        if pattern.startswith("/v1/schedules"):
            there, nowhere = {"id": "a.nightly"}, {"id": "a.naghtly"}
        answers = []
        for names in (there, nowhere):
            path = re.sub(r"\{(\w+)\}", lambda m, n=names: n[m[1]], pattern)
            body, kind = None, "application/json"
            if method in ("POST", "PUT"):
                body = {}
            if pattern.endswith("/events") and method == "POST":
                kind = "application/cloudevents+json"
                body = {"specversion": "1.0", "type": "com.example.go",
                        "source": "/t", "id": "1"}
            if pattern.endswith(("/skip", "/complete")):
                body = {"output": {}}
            for query in ("", "?namespace=a"):
                if query and "instances" not in pattern:
                    continue
                status, said = self.ask(method, path + query, body,
                                        self.stranger, kind=kind)
                text = json.dumps(said)
                for value in names.values():
                    text = text.replace(value, "-")
                answers.append((status, text))
        half = len(answers) // 2
        same(answers[:half], answers[half:], f"{method} {pattern}")
        for status, text in answers:
            same(status in (403, 404), True, f"{method} {pattern}: {text}")

    def a_stranger_sees_nothing_in_lists(self):
        self.start("a", "hears")
        self.start("b", "hears")
        for path in ("/v1/instances", "/v1/definitions", "/v1/schedules"):
            items = self.ok("GET", path, token=self.stranger)["items"]
            spaces = {each.get("workflow", each)["namespace"]
                      for each in items}
            same(spaces, {"b"}, path)
            same(self.ok("GET", path + "?namespace=a",
                         token=self.stranger)["items"], [], path)
            whole = self.ok("GET", path)["items"]
            same({each.get("workflow", each)["namespace"] for each in whole},
                 {"a", "b"}, path)
        paged, cursor = [], ""
        while cursor is not None:
            page = self.ok("GET", "/v1/instances?limit=1" + (
                f"&cursor={cursor}" if cursor else ""), token=self.stranger)
            paged += [each["id"] for each in page["items"]]
            cursor = page["nextCursor"]
        listed = [each["id"] for each in self.ok(
            "GET", "/v1/instances", token=self.stranger)["items"]]
        same(paged, listed, "page by page")

    def a_stranger_changes_nothing(self):
        def refused(method, path, body, status, **more):
            got, said = self.ask(method, path, body, self.stranger, **more)
            same(got, status, f"{method} {path}: {said}")
        refused("POST", "/v1/instances",
                {"workflow": {"namespace": "a", "name": "hears"}}, 404)
        refused("POST", "/v1/definitions", document("a", "quick"), 403,
                kind="application/yaml")
        event = {"specversion": "1.0", "type": "com.example.go",
                 "source": "/t", "id": "1"}
        kind = "application/cloudevents+json"
        refused("POST", "/v1/events?namespace=a", event, 403, kind=kind)
        refused("POST", "/v1/events", event, 403, kind=kind)
        child = ("document: {dsl: '1.0.3', namespace: b, name: reaches, "
                 "version: '1.0.0'}\ndo: [{x: {run: {workflow: {namespace: a, "
                 "name: quick, version: '1.0.0'}}}}]\n")
        refused("POST", "/v1/definitions", child, 403, kind="application/yaml")
        for path in ("/v1/secrets", "/v1/tokens", "/v1/audit"):
            refused("GET", path, None, 403)

    def one_id_in_two_namespaces_is_not_ambiguous_to_a_tenant(self):
        for ns in ("a", "b"):
            self.start(ns, "hears", id="both")
        same(self.ask("GET", "/v1/instances/both", token=self.admin)[0], 409,
             "admin")
        for token, ns in ((self.a_viewer, "a"), (self.stranger, "b")):
            shown = self.ok("GET", "/v1/instances/both", token=token)
            same(shown["workflow"]["namespace"], ns, "namespace")

    def follow(self, path, token, patience):
        """What an event stream says until `patience` seconds have passed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port,
                                                timeout=patience)
        connection.request("GET", path, headers=bearer(token))
        answer = connection.getresponse()
        same(answer.status, 200, path)
        text = b""
        end = time.monotonic() + patience
        try:
            while time.monotonic() < end:
                chunk = answer.read1(65536)
                if not chunk:
                    break
                text += chunk
        except OSError:
            pass
        connection.close()
        return text.decode()

    def a_stream_tells_a_stranger_nothing(self):
        said = {}

        def listen(who, token):
            said[who] = self.follow("/v1/events", token, 4)
        listeners = [threading.Thread(target=listen, args=each) for each in (
            ("a", self.a_viewer), ("b", self.stranger), ("all", self.admin))]
        for each in listeners:
            each.start()
        time.sleep(1)
        for _ in range(5):
            self.start("a", "quick")
        self.start("b", "quick")
        for each in listeners:
            each.join()
        sources = {who: set(re.findall(r'"namespace":"(\w+)"', text))
                   | set(re.findall(r'namespaces/(\w+)', text))
                   for who, text in said.items()}
        count = {who: text.count("event: ") for who, text in said.items()}
        same(count["all"], count["a"] + count["b"], f"events {sources}")
        same(count["a"], 5 * count["b"], "events of a")
        numbers = [int(n) for n in re.findall(r"^id: (\d+)$", said["b"], re.M)]
        gaps = {abs(y - x) for x, y in zip(numbers, numbers[1:])}
        same(all(gap > 10**6 for gap in gaps), True, f"gaps {gaps}")

    def a_stream_ends_with_its_token(self):
        name = self.start("a", "hears")
        token = self.made("follower", role("viewer", "a"))
        threading.Timer(1, lambda: self.ok(
            "DELETE", "/v1/tokens/" + token.split("_")[1])).start()
        begun = time.monotonic()
        text = self.follow(f"/v1/instances/{name}/events", token, 20)
        same("instance.created" in text, True, text)
        same(time.monotonic() - begun < 6, True, "it ended soon")

    # --- Roles ---------------------------------------------------------------

    def roles_do_what_they_are_for(self):
        name = self.start("a", "hears", self.a_operator)
        same(self.ask("POST", f"/v1/instances/{name}/pause", {},
                      self.a_viewer)[1]["role"], "operator", "missing role")
        self.ok("POST", f"/v1/instances/{name}/pause", {}, self.a_operator)
        same(self.ask("POST", "/v1/definitions", document("a", "quick"),
                      self.a_operator, kind="application/yaml")[0], 403,
             "an operator is no author")
        author = self.made("a author", role("author", "a"))
        same(self.ask("POST", "/v1/definitions", document("a", "quick"), author,
                      kind="application/yaml")[0], 200, "an author is")
        same(self.ask("POST", f"/v1/instances/{name}/cancel", {}, author)[0],
             403, "an author is no operator")
        for who in ("worker:q", "approver:g"):
            token = self.made(who, role(who, "a"))
            same(self.ask("GET", "/v1/instances", token=token)[0], 403, who)

    def a_role_holds_for_single_definitions(self):
        token = self.made("hears only",
                          role("operator", "a", definitions=["hears"]))
        mine = self.start("a", "hears", token)
        other = self.start("a", "quick")
        same(self.ask("GET", f"/v1/instances/{other}", token=token)[0], 404,
             "another's")
        self.ok("POST", f"/v1/instances/{mine}/pause", {}, token)
        names = {each["workflow"]["name"] for each in self.ok(
            "GET", "/v1/instances", token=token)["items"]}
        same(names, {"hears"}, "listed")
        same([each["name"] for each in self.ok(
            "GET", "/v1/definitions", token=token)["items"]], ["hears"],
            "definitions")

    def a_role_holds_for_single_types_of_events(self):
        token = self.made("goes", role("operator", "a",
                                       eventTypes=["com.example.go"]))
        name = self.start("a", "hears")
        kind = "application/cloudevents+json"

        def event(text):
            return {"specversion": "1.0", "type": text, "source": "/t",
                    "id": str(time.time_ns())}
        path = f"/v1/instances/{name}/events"
        same(self.ask("POST", path, event("com.example.stop"), token,
                      kind=kind)[0], 403, "another type")
        same(self.ask("POST", f"/v1/instances/{name}/cancel", {}, token)[0],
             403, "a verb")
        same(self.ask("POST", "/v1/events?namespace=a", event("other"), token,
                      kind=kind)[0], 403, "published")
        self.ok("POST", path, event("com.example.go"), token, kind=kind)
        same(self.ok("GET", f"/v1/instances/{name}")["status"], "completed",
             "status")

    # --- Audit ---------------------------------------------------------------

    def audit(self, **filters):
        query = "&".join(f"{k}={v}" for k, v in filters.items())
        return self.ok("GET", f"/v1/audit?limit=1000&{query}")["items"]

    def every_change_is_in_the_audit_log(self):
        operator = self.a_operator.split("_")[1]
        name = self.start("a", "hears", self.a_operator)
        for verb in ("pause", "resume", "cancel"):
            self.ok("POST", f"/v1/instances/{name}/{verb}",
                    {"reason": f"to {verb}"}, self.a_operator)
        self.ok("DELETE", f"/v1/instances/{name}", token=self.a_operator)
        for verb in ("pause", "resume"):
            self.ok("POST", f"/v1/schedules/a.nightly/{verb}",
                    {"reason": "r"}, self.a_operator)
        self.ok("POST", "/v1/schedules/a.nightly/trigger", {}, self.a_operator)
        self.ok("POST", "/v1/events?namespace=a",
                {"specversion": "1.0", "type": "com.example.no", "source": "/t",
                 "id": "audit"}, self.a_operator,
                kind="application/cloudevents+json")
        seen = self.audit(who=f"token:{operator}", order="oldest")
        mine = [(each["action"], each["namespace"], each["target"],
                 each["reason"], each["status"])
                for each in seen[-9:]]
        same([each[0] for each in mine],
             ["startInstance", "pauseInstance", "resumeInstance",
              "cancelInstance", "removeInstance", "pauseSchedule",
              "resumeSchedule", "triggerSchedule", "publishEvents"], "actions")
        same(mine[1], ("pauseInstance", "a", name, "to pause", 200), "pause")
        same(mine[0][4], 201, "start")
        same(mine[8][2], "com.example.no", "event")
        same({each["from"] for each in seen}, {"127.0.0.1"}, "from")
        status, _ = self.ask("POST", f"/v1/instances/{name}/pause", {},
                             self.a_viewer)
        same(status, 403, "refused")
        harness.wait_until(
            lambda: [each for each in self.audit(action="pauseInstance")
                     if each["status"] == 403
                     and each["who"].endswith("(a viewer)")],
            "the refusal is recorded")
        uid = f"uid:{os.getuid()}"
        same(any(each["action"] == "createToken" and each["from"] == "unix"
                 for each in self.audit(who=uid)), True, "by the socket")

    def a_repeat_and_a_change_of_nothing_leave_no_record(self):
        name = self.start("a", "hears")
        before = len(self.audit(target=name))
        for _ in range(2):
            self.ok("POST", f"/v1/instances/{name}/resume", {})
        key = {"Idempotency-Key": f"pause-{name}"}
        for _ in range(2):
            self.ok("POST", f"/v1/instances/{name}/pause", {}, headers=key)
        same(len(self.audit(target=name)), before + 1, "records")

    def no_acknowledged_change_lacks_its_record(self):
        stop = threading.Event()
        acked = []

        def work():
            while not stop.is_set():
                try:
                    acked.append(self.start("a", "quick"))
                except (OSError, harness.Refused, http.client.HTTPException):
                    time.sleep(0.02)
        workers = [threading.Thread(target=work) for _ in range(4)]
        for each in workers:
            each.start()
        for _ in range(3):
            time.sleep(1)
            self.daemon.process.send_signal(signal.SIGKILL)
            self.daemon.process.wait()
            self.daemon.start()
        stop.set()
        for each in workers:
            each.join()
        recorded, cursor = set(), ""
        while cursor is not None:
            page = self.ok("GET", "/v1/audit?action=startInstance&limit=1000"
                           + (f"&cursor={cursor}" if cursor else ""))
            recorded |= {each["target"] for each in page["items"]}
            cursor = page["nextCursor"]
        same(len(acked) > 50, True, f"{len(acked)} starts")
        same(sorted(set(acked) - recorded), [], "starts without a record")
        found = self.ok("GET", "/v1/audit/verify")
        same((found["ok"], found["complete"]), (True, True), f"{found}")

    def the_chain_can_be_checked_by_anybody(self):
        import hashlib
        items = self.audit(order="oldest")
        before = "0" * 64
        for each in items:
            own = each.pop("hash")
            same(each["previous"], before, "previous")
            text = json.dumps(each, sort_keys=True, separators=(",", ":"),
                              ensure_ascii=False)
            same(hashlib.sha256(text.encode()).hexdigest(), own, "hash")
            before = own

    def a_secret_does_not_get_into_the_audit_log(self):
        self.ask("PUT", "/v1/secrets/key", {"value": "hunter-two"}, self.admin)
        same("hunter-two" in json.dumps(self.audit()), False, "leaked")

    # --- The command line ----------------------------------------------------

    def pawl_makes_lists_and_revokes_tokens(self):
        self.cli("ls", code=5)
        text = self.cli("token", "create", "by hand", "--role", "viewer",
                        "--role", "operator", "--in", "a", "--expires", "1d",
                        token=self.admin).strip()
        name = text.split("_")[1]
        listed = self.cli("token", "ls", token=self.admin)
        same("viewer on a; operator on a" in listed, True, listed)
        same(text in listed, False, "shown again")
        same("hears" in self.cli("ls", "-n", "a", token=text), True, "ls")
        self.cli("token", "ls", code=5, token=text)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text + "\n")
            file.flush()
            self.cli("--token-file", file.name, "ls")
        self.cli("token", "revoke", name, token=self.admin)
        self.cli("ls", code=5, token=text)
        self.cli("token", "create", "x", "--role", "king", code=1,
                 token=self.admin)
        self.cli("token", "create", "x", "--role", "viewer", "--expires",
                 "soon", code=2, token=self.admin)

    def pawl_reads_the_audit_log(self):
        name = self.start("a", "hears")
        self.cli("pause", name, "--reason", "for the audit", token=self.admin)
        listed = self.cli("audit", "ls", "--target", name, token=self.admin)
        same("for the audit" in listed, True, listed)
        lines = self.cli("audit", "ls", "--all", "-o", "jsonl",
                         token=self.admin).splitlines()
        same(len(lines) > 20, True, "records")
        self.cli("audit", "verify", token=self.admin)
        self.cli("audit", "ls", code=5, token=self.a_viewer)


def the_first_token_is_made_offline():
    with tempfile.TemporaryDirectory() as folder:
        binary = pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawld"
        with harness.Daemon() as daemon:
            daemon.stop()
            data = daemon.folder / "data"
            daemon.options = ["--listen", "unix:" + folder + "/s"]
            said = subprocess.run(
                [binary, "--data-dir", data, "--listen",
                 f"0.0.0.0:{daemon.port}"], capture_output=True, text=True,
                timeout=30, check=False)
            same(said.returncode, 78, f"code: {said.stderr}")
            same("pawld token create" in said.stderr, True, said.stderr)
            made = subprocess.run(
                [binary, "token", "create", "--data-dir", data, "--name",
                 "first", "--role", "admin"], capture_output=True, text=True,
                timeout=30, check=True)
            token = made.stdout.strip()
            open_to_all = subprocess.Popen(
                [binary, "--data-dir", data, "--listen",
                 f"0.0.0.0:{daemon.port}"], stderr=subprocess.DEVNULL)
            try:
                def up():
                    try:
                        return daemon.ask("GET", "/readyz")[0] == 200
                    except OSError:
                        return False
                harness.wait_until(up, "it is up")
                same(daemon.ask("GET", "/v1/tokens")[0], 401, "without")
                items = daemon.ask("GET", "/v1/audit",
                                   headers=bearer(token))[1]["items"]
                same([(each["action"], each["from"]) for each in items],
                     [("createToken", "offline")], "audit")
            finally:
                open_to_all.terminate()
                open_to_all.wait(30)
            checked = subprocess.run(
                [binary, "verify", "--data-dir", data], capture_output=True,
                text=True, timeout=60, check=False)
            same(checked.returncode, 0, checked.stdout)


def certificate(folder, name):
    """A self-signed certificate for 127.0.0.1, made by `openssl`."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
         folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)


def shown_name(port, folder):
    """Who the daemon says that it is, checked against the certificate."""
    context = ssl.create_default_context(cafile=folder / "cert.pem")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            return dict(x[0] for x in secure.getpeercert()["subject"])[
                "commonName"]


def tls_is_spoken_and_its_certificate_changes():
    if shutil.which("openssl") is None:
        harness.skip("there is no openssl")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        certificate(folder, "first")
        by_socket = f"unix:{folder}/s"
        with harness.Daemon(["--listen", by_socket]) as daemon:
            daemon.stop()
            daemon.options += ["--set", f"tls.certificate={folder}/cert.pem",
                               "--set", f"tls.key={folder}/key.pem"]
            context = ssl.create_default_context(cafile=folder / "cert.pem")

            def ask(path):
                connection = http.client.HTTPSConnection(
                    "127.0.0.1", daemon.port, timeout=10, context=context)
                connection.request("GET", path)
                answer = connection.getresponse()
                text = answer.read()
                connection.close()
                return answer.status, text
            daemon.is_ready = lambda: (folder / "s").exists()
            daemon.start()
            same(ask("/readyz")[0], 200, "over TLS")
            try:
                status = daemon.ask("GET", "/readyz", patience=10)[0]
            except (OSError, http.client.HTTPException):
                status = None
            same(status, None, "in the clear")
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
            old.set_ciphers("ALL:@SECLEVEL=0")
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            with socket.create_connection(("127.0.0.1", daemon.port)) as plain:
                try:
                    old.wrap_socket(plain)
                except (ssl.SSLError, OSError):
                    pass
                else:
                    raise AssertionError("TLS 1.1 is spoken")
            client = [pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawl",
                      "--url", f"https://127.0.0.1:{daemon.port}"]
            for more, code in (([], 7), (["--ca-file",
                                          folder / "cert.pem"], 0)):
                ran = subprocess.run([*client, *more, "ls"], timeout=60,
                                     capture_output=True, text=True,
                                     check=False)
                same(ran.returncode, code, f"pawl {more}: {ran.stderr}")
            same(shown_name(daemon.port, folder), "first", "name")
            (folder / "key.pem").write_text("broken")
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_until(
                lambda: "daemon.tls_not_reloaded" in daemon.log(), "it says so")
            same(ask("/readyz")[0], 200, "with the old one")
            certificate(folder, "second")
            daemon.process.send_signal(signal.SIGHUP)

            def renewed():
                try:
                    return shown_name(daemon.port, folder) == "second"
                except ssl.SSLError:
                    return False
            harness.wait_until(renewed, "the new certificate is shown")


def without_tokens_all_is_as_it_was():
    with harness.Daemon() as daemon:
        made = daemon.define(document("a", "quick"))
        done = daemon.start_instance(made, {}, wait=10)
        same(done["status"], "completed", "status")
        same(daemon.ask("GET", "/metrics")[0], 200, "metrics")
        same(daemon.ask("GET", "/v1/tokens", headers=bearer("x"))[0], 200,
             "a token that nobody asked for")
        who = {each["who"] for each in daemon.must("GET", "/v1/audit")["items"]}
        same(who, {"loopback"}, "who")


def main():
    report = harness.Report("Who may do what")
    with tempfile.TemporaryDirectory(prefix="pawl-access-") as folder:
        path = pathlib.Path(folder) / "pawl.sock"
        os.chmod(folder, 0o755)
        key = pathlib.Path(folder) / "key"
        key.write_bytes(b"k" * 32)
        key.chmod(0o600)
        options = ["--listen", f"unix:{path}", "--set", "http.unix_mode=0666",
                   "--set", f"secrets.key_file={key}",
                   "--set", "http.stream_keepalive=1s"]
        with harness.Daemon(options) as daemon:
            access = Access(daemon, path)
            for name, run in vars(Access).items():
                if name[0] != "_" and name.count("_") > 2:
                    report.check(name.replace("_", " "),
                                 lambda run=run: run(access))
    report.check("the first token is made offline",
                 the_first_token_is_made_offline)
    report.check("tls is spoken and its certificate changes",
                 tls_is_spoken_and_its_certificate_changes)
    report.check("without tokens all is as it was",
                 without_tokens_all_is_as_it_was)
    report.finish("access.md")


if __name__ == "__main__":
    main()
