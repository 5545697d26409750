#!/usr/bin/env python3
"""The streams as their clients see them: WebSocket by RFC 6455, filters, where
a client goes on that was away, and what it is told if it was away too long."""

import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "conformance"), str(HERE.parent / "support")]

import harness  # noqa: E402
import websocket  # noqa: E402
from harness import same, wait_until  # noqa: E402
from tenancy import World, bearer, run_all  # noqa: E402

GO = {"specversion": "1.0", "type": "com.example.go", "source": "/t", "id": "1"}
GAP = "pawl.stream.gap.v1"


class Events:
    """Server-sent events, one after the other, until `patience` is over."""

    def __init__(self, port, path, fields, patience=20):
        self.link = http.client.HTTPConnection("127.0.0.1", port,
                                               timeout=patience)
        self.link.request("GET", path, headers=fields)
        self.answer = self.link.getresponse()
        same(self.answer.status, 200, path)

    def next(self):
        """id, type and data of the next event; keep-alives are passed over."""
        found = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if not line and "data" in found:
                return found["id"], found["event"], json.loads(found["data"])
            if not line:
                found.pop("event", None)
                continue
            name, _, value = line.partition(":")
            if name:
                found[name] = value.strip()

    def keep_alive(self):
        """The id that the next sign of life names, None without one."""
        while self.answer.readline() != b":\n":
            pass
        line = self.answer.readline().decode().strip()
        return line.partition(": ")[2] or None

    def close(self):
        self.link.close()


class Streams(World):
    def listen(self, path="/v1/ws", token=None, **more):
        fields = bearer(token or self.admin) if token is not False else {}
        fields.update(more.pop("fields", {}))
        return websocket.connect(self.daemon.port, path, fields=fields, **more)

    def start(self, ns, name, token=None, **more):
        """A slow disk makes the daemon say: later."""
        def once():
            try:
                return World.start(self, ns, name, token, **more)
            except harness.Refused as why:
                same(why.status, 429, why)
                return None
        return wait_until(once, "an instance is taken", 60)

    def refused(self, status, path="/v1/ws", **more):
        try:
            self.listen(path, **more)
        except websocket.Refused as why:
            same(why.status, status, f"{path}: {why}")
            return why
        raise AssertionError(f"{path} was not refused")

    def streams_end(self):
        """No stream is counted any more: each slot was given back."""
        def none():
            text = self.ok("GET", "/metrics")
            line = next(x for x in text.splitlines()
                        if x.startswith("pawl_http_streams "))
            return float(line.split()[1]) == 0
        wait_until(none, "the streams have ended")

    # --- WebSocket -----------------------------------------------------------

    def the_lifecycle_comes_over_websocket(self):
        with_all = self.listen()
        only = self.listen("/v1/ws?namespace=a&workflow=quick&type="
                           "io.serverlessworkflow.workflow.")
        same(with_all.protocol, None, "nothing was offered")
        self.start("b", "quick")
        made = self.start("a", "quick")
        first, second = only.message(), only.message()
        same([first["subject"], second["subject"]], [made, made], "instance")
        same([e["type"].split(".")[-2] for e in (first, second)],
             ["started", "completed"], "types")
        same(first["specversion"], "1.0", "a CloudEvent")
        same(int(first["streamid"]) < int(second["streamid"]), True, "rising")
        seen = [with_all.message()["subject"] for _ in range(10)]
        same(len(set(seen)), 2, "of both namespaces")
        same(with_all.close(), 1000, "close is answered")
        only.close()

    def filters_are_those_of_lists(self):
        done = self.listen("/v1/ws?namespace=a&status=completed")
        stands = self.listen("/v1/ws?namespace=a&status=waiting")
        marked = self.listen("/v1/ws?label.team=red&label.tier=1")
        since = self.listen("/v1/ws?namespace=a&index.by=me&"
                            "startedAfter=2001-01-01T00:00:00Z")
        one = Events(self.daemon.port, "/v1/events?instance=only-this&"
                     "namespace=a", bearer(self.admin))
        waits = self.start("a", "hears", id="only-this",
                           labels={"team": "red", "tier": "2"})
        self.start("a", "quick", labels={"team": "red"})
        quick = self.start("a", "quick", labels={"team": "red", "tier": "1"})
        same(done.message()["subject"] in (waits,), False, "completed")
        same(stands.message()["subject"], waits, "waiting")
        same(marked.message()["subject"], quick, "labels")
        self.ok("POST", "/v1/definitions", """
document: {dsl: '1.0.3', namespace: a, name: owned, version: '1.0.0',
           metadata: {index: {by: '${ .who }'}}}
do: [{x: {set: '${ . }'}}]
""", kind="application/yaml")
        self.start("a", "owned", input={"who": "you"})
        mine = self.start("a", "owned", input={"who": "me"})
        same(since.message()["subject"], mine, "index and time")
        same(one.next()[2]["subject"], waits, "instance")
        self.ok("DELETE", f"/v1/instances/{quick}?namespace=a")
        self.ok("POST", f"/v1/instances/{waits}/cancel?namespace=a", {})
        for stream in (done, stands, marked, since):
            stream.close()
        one.close()
        for path in ("/v1/events", "/v1/ws"):
            status, said = self.ask("GET", path + "?status=odd",
                                    token=self.admin,
                                    headers={} if "ws" not in path else {
                                        "Upgrade": "websocket",
                                        "Connection": "Upgrade",
                                        "Sec-WebSocket-Version": "13",
                                        "Sec-WebSocket-Key": "A" * 22 + "=="})
            same((status, said["code"]), (422, "invalid-request"), path)

    def a_journal_is_followed_to_its_end(self):
        name = self.start("a", "hears")
        path = f"/v1/ws?namespace=a&instance={name}"
        stream = self.listen(path)
        got = [stream.message() for _ in range(3)]
        same([e["sequence"] for e in got], [1, 2, 3], "from the first")
        stream.socket.close()  # It is lost, and comes back behind the third.
        again = self.listen(path + "&after=3")
        self.ok("POST", f"/v1/instances/{name}/events?namespace=a", GO,
                kind="application/cloudevents+json")
        rest, code = again.until_closed()
        same(code, 1000, "the instance has ended")
        whole = self.ok("GET", f"/v1/instances/{name}/history?namespace=a")
        same(got + rest, whole["items"], "without a gap")
        self.refused(404, "/v1/ws?instance=nobody")
        self.refused(422, path + "&workflow=quick")

    def a_lost_stream_goes_on_where_it_was(self):
        path = "/v1/ws?namespace=a&type=io.serverlessworkflow.workflow.started"
        stream = self.listen(path)
        first = self.start("a", "quick")
        at = stream.message()
        same(at["subject"], first, "the first")
        stream.socket.close()
        missed = [self.start("a", "quick") for _ in range(3)]
        again = self.listen(f"{path}&after={at['streamid']}")
        same([again.message()["subject"] for _ in missed], missed, "all")
        again.close()

    def who_may_not_is_told_before_it_begins(self):
        plain = self.ask("GET", "/v1/ws", token=self.admin)
        same((plain[0], plain[1]["code"]), (426, "upgrade-required"), "plain")
        for fields in ({"Upgrade": None}, {"Connection": "close"},
                       {"Sec-WebSocket-Version": "12"}):
            why = self.refused(426, fields=fields)
            same(why.fields["upgrade"], "websocket", "names it")
        self.refused(400, fields={"Sec-WebSocket-Key": "short"})
        self.refused(401, token=False)
        self.refused(401, token="pawl_bad")
        self.refused(403, fields={"Origin": "http://evil.example"})
        self.refused(400, protocols=["soap"])
        worker = self.made("a worker", {"role": "worker:q",
                                        "namespaces": ["a"]})
        self.refused(403, token=worker)

    def a_browser_shows_its_token_as_a_subprotocol(self):
        stream = self.listen(token=False, protocols=[
            "pawl.v1", f"pawl.bearer.{self.a_viewer}"])
        same(stream.protocol, "pawl.v1", "subprotocol")
        made = self.start("a", "quick")
        same(stream.message()["subject"], made, "an event")
        stream.close()
        self.refused(401, token=False,
                     protocols=["pawl.v1", "pawl.bearer.pawl_bad"])
        self.refused(401, token=False, protocols=[
            "pawl.v1", f"pawl.bearer.{self.a_viewer}", "pawl.bearer.x"])
        self.refused(400, token=False,
                     protocols=[f"pawl.bearer.{self.a_viewer}"])
        status, said = self.ask("GET", "/v1/events", headers={
            "Sec-WebSocket-Protocol": f"pawl.bearer.{self.a_viewer}"})
        same((status, said["code"]), (401, "unauthenticated"), "elsewhere")
        same(self.a_viewer in self.daemon.log(), False, "in the log")

    def a_stranger_sees_only_his_own(self):
        name = self.start("a", "hears")
        self.refused(404, f"/v1/ws?instance={name}", token=self.stranger)
        self.refused(404, f"/v1/ws?instance={name}&namespace=a",
                     token=self.stranger)
        stream = self.listen(token=self.stranger)
        for _ in range(5):
            self.start("a", "quick")
        own = self.start("b", "quick")
        events = [stream.message() for _ in range(4)]
        same({e["subject"] for e in events}, {own}, "subjects")
        gaps = {abs(int(x["streamid"]) - int(y["streamid"]))
                for x, y in zip(events, events[1:])}
        same(all(gap > 10**6 for gap in gaps), True, "his ids count nothing")
        stream.close()

    def a_token_that_is_revoked_ends_its_stream(self):
        made = self.by_socket("POST", "/v1/tokens", {
            "name": "soon gone",
            "roles": [{"role": "viewer", "namespaces": ["a"]}]})[1]
        stream = self.listen(token=made["token"])
        self.ok("DELETE", f"/v1/tokens/{made['id']}")
        same(stream.until_closed()[1], 1008, "closed")

    def who_closes_amid_events_is_answered(self):
        for _ in range(20):
            stream = self.listen("/v1/ws?namespace=a")
            made = self.start("a", "quick")
            same(stream.message()["subject"], made, "its beginning")
            same(stream.close(), 1000, "closed")  # While the others come.

    def what_clients_send_is_dropped_within_bounds(self):
        stream = self.listen("/v1/ws?namespace=a")
        stream.send(websocket.TEXT, b"hello")
        stream.send(websocket.PING, b"are you there")
        kind, data = stream.frame()
        same((kind, data), (websocket.PONG, b"are you there"), "pong")
        made = self.start("a", "quick")
        same(stream.message()["subject"], made, "goes on")
        stream.send(websocket.TEXT, b"x" * 5000)
        same(stream.until_closed()[1], 1009, "too large")
        flood = self.listen("/v1/ws?namespace=a")
        try:
            while True:
                flood.send(websocket.TEXT, b"x")
        except OSError:
            pass
        same(flood.until_closed()[1] in (1006, 1008), True, "too many")
        bad = self.listen("/v1/ws?namespace=a")
        bad.socket.sendall(b"\x81\x01x")  # Not masked.
        same(bad.until_closed()[1] in (1002, 1006), True, "against the rules")
        self.streams_end()

    def who_answers_no_ping_is_cut(self):
        stream = self.listen("/v1/ws?namespace=a", answers=False)
        same(stream.until_closed()[1], 1006, "cut")
        same(stream.pings >= 1, True, "was asked")
        lively = self.listen("/v1/ws?namespace=a")
        while lively.pings < 4:  # As long as the other one took, and longer.
            kind, data = lively.frame()
            same(kind, websocket.PING, "nothing else comes")
            lively.send(websocket.PONG, data)
            lively.pings += 1
        lively.close()

    def the_open_ones_are_counted_and_bounded(self):
        self.streams_end()
        streams = [self.listen("/v1/ws?namespace=a") for _ in range(32)]
        self.refused(503)
        for stream in streams:
            stream.socket.close()
        self.streams_end()

    # --- Gaps ------------------------------------------------------------------

    def quiet_streams_tell_where_to_come_back(self):
        stream = Events(self.daemon.port, "/v1/events?workflow=none",
                        bearer(self.admin))
        before = stream.keep_alive()
        self.start("a", "quick")
        wait_until(lambda: stream.keep_alive() != before, "it has moved")
        stream.close()
        hidden = Events(self.daemon.port, "/v1/events", bearer(self.stranger))
        same(hidden.keep_alive(), None, "a stranger learns of no others")
        hidden.close()

    def a_restart_is_told_as_a_gap(self):
        for token in (self.admin, self.a_viewer):
            stream = Events(self.daemon.port, "/v1/events", bearer(token))
            self.start("a", "quick")
            at = stream.next()[0]
            self.daemon.kill()
            self.daemon.start()
            again = Events(self.daemon.port, "/v1/events",
                           {**bearer(token), "Last-Event-ID": at})
            name, kind, data = again.next()
            same((kind, data), ("gap", {"missed": True, "from": at,
                                        "to": name}), "the gap")
            made = self.start("a", "quick")
            same(again.next()[2]["subject"], made, "it goes on")
            again.close()
            further = Events(self.daemon.port, "/v1/events",
                             {**bearer(token), "Last-Event-ID": name})
            same(further.next()[1] == "gap", False, "told once")
            further.close()
            socket_too = self.listen(f"/v1/ws?after={at}", token=token)
            said = socket_too.message()
            same((said["type"], said["data"]["from"]), (GAP, at), "by ws")
            socket_too.close()

    def more_than_is_remembered_is_told_as_a_gap(self):
        stream = self.listen("/v1/ws?namespace=b")
        watcher = self.listen("/v1/ws?workflow=none")
        self.start("b", "quick")
        at = stream.message()["streamid"]
        stream.close()
        self.ok("POST", "/v1/definitions",
                "document: {dsl: '1.0.3', namespace: a, name: many, version: "
                "'1.0.0'}\ndo: [{all: {for: {in: '${ [range(1000)] }'}, "
                "do: [{x: {set: {a: 1}}}]}}]\n", kind="application/yaml")
        for _ in range(4):  # Three events an item: 8192 are remembered.
            name = self.start("a", "many")
            wait_until(lambda n=name: self.ok(
                "GET", f"/v1/instances/{n}")["status"] == "completed", "done")
        again = self.listen(f"/v1/ws?namespace=b&after={at}")
        said = again.message()
        same((said["type"], said["data"]["from"]), (GAP, at), "overrun")
        own = self.start("b", "quick")
        same(again.message()["subject"], own, "it goes on")
        again.close()
        # Nothing of that was for this one, who was there all the time.
        self.ok("POST", "/v1/definitions",
                "document: {dsl: '1.0.3', namespace: a, name: none, version: "
                "'1.0.0'}\ndo: [{x: {set: {a: 1}}}]\n", kind="application/yaml")
        last = self.start("a", "none")
        same(watcher.message()["subject"], last, "no gap")
        watcher.close()

    def the_client_tells_of_filters_and_gaps(self):
        self.streams_end()
        waits = self.start("a", "hears", id="cli-hears")
        follow = subprocess.Popen(
            [pathlib.Path(harness.os.environ["PAWL_BIN_DIR"]) / "pawl",
             "--url", f"http://127.0.0.1:{self.daemon.port}", "-n", "a",
             "events", "-f", "--instance", waits, "-s", "cancelled",
             "--count", "1", "-o", "jsonl", "--for", "60"],
            env={**harness.os.environ, "PAWL_TOKEN": self.admin},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def follows():
            text = self.ok("GET", "/metrics")
            return "pawl_http_streams 0" not in text
        wait_until(follows, "it follows")
        self.start("a", "quick")
        self.ok("POST", f"/v1/instances/{waits}/cancel?namespace=a", {})
        out, _ = follow.communicate(timeout=60)
        same(json.loads(out)["subject"], waits, "the one")

    # --- The end ---------------------------------------------------------------

    def a_drain_closes_with_going_away(self):
        streams = [self.listen(), self.listen("/v1/ws?namespace=b")]
        journal = self.start("a", "hears")
        streams.append(self.listen(f"/v1/ws?instance={journal}"))
        got = [streams[2].message() for _ in range(2)]
        same([e["sequence"] for e in got], [1, 2], "it runs")
        ends = []
        threads = [threading.Thread(
            target=lambda s=s: ends.append(s.until_closed()[1]))
            for s in streams]
        for each in threads:
            each.start()
        self.daemon.stop()
        for each in threads:
            each.join()
        same(ends, [1001, 1001, 1001], "closed")
        self.daemon.start()


def tls_too(report):
    """The same under TLS, as wss:// has it."""
    with tempfile.TemporaryDirectory(prefix="pawl-streams-") as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", key, "-out", certificate, "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            check=True, capture_output=True)
        daemon = harness.Daemon(["--set", f"tls.certificate={certificate}",
                                 "--set", f"tls.key={key}"])
        trust = ssl.create_default_context(cafile=certificate)

        def connection():
            raw = socket.create_connection(("127.0.0.1", daemon.port), 20)
            return trust.wrap_socket(raw, server_hostname="localhost")

        def ask(method, path, body=None, headers=None, patience=20):
            link = http.client.HTTPSConnection("localhost", daemon.port,
                                               timeout=patience, context=trust)
            link.request(method, path, body, headers or {
                "Content-Type": "application/json"})
            answer = link.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if text else None

        daemon.ask = ask
        with daemon:
            def runs():
                stream = websocket.WebSocket(connection(), "/v1/ws")
                ask("POST", "/v1/definitions",
                    "document: {dsl: '1.0.3', namespace: a, name: quick, "
                    "version: '1.0.0'}\ndo: [{x: {set: {a: 1}}}]\n",
                    {"Content-Type": "application/yaml"})
                made = ask("POST", "/v1/instances", json.dumps(
                    {"workflow": {"namespace": "a", "name": "quick"}}))[1]
                same(stream.message()["subject"], made["id"], "an event")
                same(stream.close(), 1000, "closed")
            report.check("it works under tls", runs)


if __name__ == "__main__":
    found = run_all(Streams, "Streams", ["--set", "http.streams_max=32"])
    tls_too(found)
    found.finish("streams.md")
