#!/usr/bin/env python3
"""Stands in for the two services of the story review: a reviewer, a polisher.

Deterministic: the score depends only on how often a story was polished, and
the same trouble comes each time. Like any service that is paid for its work it
honours Idempotency-Key: a key that was answered gets the same answer again and
the work is not done twice. Each request is logged as one line of JSON.

    stub.py --port 0 --port-file PORT --log LOG [--work SECONDS] [--hang SECONDS]
"""

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCORES = [82, 90, 96, 98]
ISSUES = ["The opening is slow", "The fox has no reason to leave",
          "The last line explains the joke"]

# (service, revision) -> what goes wrong, one entry a request.
TROUBLE = {
    ("review", 0): [503],
    ("polish", 0): ["hang"],
    ("review", 2): [503, 503],
}


class Service:
    """What both services share: memory of keys, trouble, and the log."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.answers = {}   # Idempotency-Key -> (done event, answer)
        self.trouble = {}   # (story, service, revision) -> requests in trouble
        self.log = open(options.log, "a", buffering=1)

    def note(self, service, key, attempt, result):
        line = {"at": round(time.time(), 3), "service": service, "key": key,
                "attempt": attempt, "result": result}
        self.log.write(json.dumps(line) + "\n")

    def next_trouble(self, service, body):
        revision = body.get("revision", 0)
        planned = TROUBLE.get((service, revision), [])
        if body.get("script", "").startswith("BROKEN"):
            return 503  # A story that no reviewer can read: for the error path.
        with self.lock:
            story = (body.get("storyId"), service, revision)
            count = self.trouble.get(story, 0)
            self.trouble[story] = count + 1
        return planned[count] if count < len(planned) else None

    def work(self, service, body):
        """The work itself. It takes a while and has a price."""
        time.sleep(self.options.work)
        revision = body.get("revision", 0)
        if service == "review":
            score = SCORES[min(revision, len(SCORES) - 1)]
            return {"score": score, "issues": ISSUES[revision:],
                    "model": body.get("model"), "cost": 0.5}
        return {"title": body["title"].split(" (")[0]
                + f" (revision {revision + 1})",
                "script": body["script"] + f" [polished {revision + 1}]",
                "revision": revision + 1,
                "changes": [f"Mended: {i}" for i in body.get("issues", [])[:1]],
                "model": body.get("model"), "cost": 0.25}

    def handle(self, service, key, attempt, body):
        """Returns (status, answer)."""
        with self.lock:
            known = self.answers.get(key)
        if known is None:
            trouble = self.next_trouble(service, body)
            if trouble == "hang":
                self.note(service, key, attempt, "hangs")
                time.sleep(self.options.hang)
                return 504, {"title": "Too slow"}
            if trouble:
                self.note(service, key, attempt, str(trouble))
                return trouble, {"title": "Service Unavailable",
                                 "detail": f"the {service} model is warming up"}
        with self.lock:
            known = self.answers.get(key)
            mine = known is None
            if mine:
                known = self.answers[key] = (threading.Event(), {})
        done, answer = known
        if mine:
            self.note(service, key, attempt, "performed")
            answer.update(self.work(service, body))
            done.set()
        else:
            done.wait()
            self.note(service, key, attempt, "replayed")
        return 200, answer


def handler_for(service):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            try:
                body = json.loads(self.rfile.read(length) or b"{}")
            except ValueError:
                return self.answer(400, {"title": "Not JSON"})
            name = self.path.strip("/")
            if name not in ("review", "polish"):
                return self.answer(404, {"title": "No such service"})
            key = self.headers.get("Idempotency-Key", "")
            attempt = self.headers.get("Pawl-Attempt", "")
            return self.answer(*service.handle(name, key, attempt, body))

        def answer(self, status, body):
            text = json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                pass  # Whoever asked has gone; the work is done all the same.

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--port-file", help="where the chosen port is written")
    parser.add_argument("--log", default="/dev/stdout")
    parser.add_argument("--work", type=float, default=0.8)
    parser.add_argument("--hang", type=float, default=6.0)
    options = parser.parse_args()
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", options.port),
                                 handler_for(Service(options)))
    if options.port_file:
        with open(options.port_file, "w") as out:
            out.write(str(server.server_address[1]))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
