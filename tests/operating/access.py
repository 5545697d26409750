#!/usr/bin/env python3
"""Who comes in, and what his roles let him do, over HTTP and TLS and with
`pawl`, against a real daemon."""

import http.client
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

import cases  # noqa: E402
import harness  # noqa: E402
from harness import same  # noqa: E402
from tenancy import (World, bearer, document, role,  # noqa: E402
                     run_all)


class Access(World):
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
        same(sorted(names), ["hears"], "listed")
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
        same(sorted(who), ["loopback"], "who")


def main():
    report = run_all(Access, "Who may do what")
    cases.check(report, [the_first_token_is_made_offline,
                         tls_is_spoken_and_its_certificate_changes,
                         without_tokens_all_is_as_it_was])
    report.finish("access.md")


if __name__ == "__main__":
    main()
