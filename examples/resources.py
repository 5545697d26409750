"""Stub services that keep what is POSTed, for examples whose services are many
and alike; services.py is for those whose services differ.

    serve(replies={"GET /a/b": {...}}, jobs={"/c/d": 3})

What is POSTed to /a/b becomes a resource of that collection with an id of its
own; GET shows it, DELETE removes it. `replies` are fixed answers; `jobs` say how
often a resource of a collection is asked about before it is done. Like any
service that creates things it honours Idempotency-Key: a key that was answered
gets the same answer again, and nothing is done twice. Each request is logged as
a line of JSON.

POST /control {"fail": {"POST /a/b": [503, 429]}, "slow": {"POST /a/b": 2}}
lets the next requests fail, or the answers to all of them come that many
seconds late. A path there fits all that begin with it.

`routes` play services whose calls are not all alike, and that know no keys: each
is a method, a pattern for the whole path, and a function of the world, the body
and what the groups of the pattern have found, which gives status and answer.
"""

import argparse
import collections
import json
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TITLES = {401: "Unauthorized", 403: "Forbidden", 409: "Conflict",
          422: "Unprocessable", 429: "Too Many Requests",
          500: "Internal Server Error", 502: "Bad Gateway",
          503: "Service Unavailable"}


class World:
    """What the services remember, and what is to go wrong."""

    def __init__(self, replies, jobs, routes, log):
        self.replies, self.jobs, self.routes = replies, jobs, routes
        self.lock = threading.Lock()
        self.answers = {}    # Idempotency-Key -> (status, answer)
        self.things = {}     # path -> resource
        self.asked = collections.Counter()
        self.numbers = collections.Counter()
        self.fail, self.slow = {}, {}
        self.log = open(log, "a", buffering=1)

    def control(self, body):
        with self.lock:
            self.fail.update(body.get("fail", {}))
            self.slow.update(body.get("slow", {}))
        return 200, {}

    def planned(self, call):
        """The status of a failure that is due, or None."""
        for begin, statuses in self.fail.items():
            if call.startswith(begin) and statuses:
                return statuses.pop(0)
        return None

    def answer(self, method, path, key, body):
        """(status, answer). The log tells of a call when it is done; what is
        slow is the way back."""
        call = f"{method} {path}"
        if path == "/control":
            return self.control(body)
        with self.lock:
            status, answer, result = self.decide(call, method, path, key, body)
            self.log.write(json.dumps(
                {"what": call, "key": key, "result": result}) + "\n")
            slow = max([seconds for begin, seconds in self.slow.items()
                        if call.startswith(begin)], default=0)
        time.sleep(slow)
        return status, answer

    def decide(self, call, method, path, key, body):
        work = self.routed(method, path, body)
        if work is None and method != "GET" and key in self.answers:
            return *self.answers[key], "replayed"
        status = self.planned(call)
        if status:
            return status, {"title": TITLES.get(status, "Error")}, str(status)
        if work is not None:
            status, answer = work()
            return status, answer, "done" if status < 300 else str(status)
        status, answer = self.perform(method, path, body)
        if method != "GET":
            self.answers[key] = (status, answer)
        return status, answer, "done"

    def routed(self, method, path, body):
        """What answers by a route, or None."""
        for verb, pattern, work in self.routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return lambda: work(self, body, *found.groups())
        return None

    def perform(self, method, path, body):
        reply = self.replies.get(f"{method} {path}")
        if reply is not None:
            return 200, reply
        if method == "POST":
            collection = path.rsplit("/", 1)[-1]
            self.numbers[path] += 1
            made = {"id": f"{collection}-{self.numbers[path]}"}
            self.things[f"{path}/{made['id']}"] = {**made, **(body or {})}
            return 201, made
        if path not in self.things:
            return 404, {"title": "Not Found"}
        if method == "DELETE":
            del self.things[path]
            return 200, {}
        if method == "PUT":
            self.things[path].update(body or {})
        thing = dict(self.things[path])
        polls = self.jobs.get(path.rsplit("/", 1)[0])
        if method == "GET" and polls is not None:
            self.asked[path] += 1
            done = self.asked[path] > polls
            thing["status"] = "done" if done else "running"
        return 200, thing


def handler_for(world):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            key = self.headers.get("Idempotency-Key", "")
            path = urllib.parse.unquote(self.path.partition("?")[0])
            status, answer = world.answer(self.command, path, key, body)
            text = b"" if status == 204 else json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                pass  # Whoever asked has gone; the work is done all the same.

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        def log_message(self, *_):
            pass

    return Handler


def serve(replies=None, jobs=None, routes=()):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--port-file", help="where the chosen port is written")
    parser.add_argument("--log", default="/dev/stdout")
    options = parser.parse_args()
    world = World(replies or {}, jobs or {}, routes, options.log)
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", options.port),
                                 handler_for(world))
    if options.port_file:
        with open(options.port_file, "w") as out:
            out.write(str(server.server_address[1]))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
