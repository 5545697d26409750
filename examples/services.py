"""What the stub services of the examples share: one HTTP server that answers
JSON, honours Idempotency-Key as a service that is paid for its work would, and
writes a line of JSON for each request.

    serve({("POST", "/plan"): plan, ...})

Each function gets the body and the tail of the path, and gives the answer, or
raises Trouble(status). A path of the table is the beginning of the asked one.
"""

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Trouble(Exception):
    """An answer that is none; it is not remembered under the key."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


class Ledger:
    """Answers by key, so that no work is done twice, and the log."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.known = {}  # Key -> the lock of its work, its answer.
        self.log = open(path, "a", buffering=1)

    def note(self, what, key, result):
        line = {"at": round(time.time(), 3), "what": what, "key": key,
                "result": result}
        self.log.write(json.dumps(line) + "\n")

    def answer(self, what, key, work):
        with self.lock:
            mine = self.known.setdefault(key, [threading.Lock(), None])
        with mine[0]:
            if mine[1] is None:
                self.note(what, key, "begun")
                try:
                    mine[1] = work()
                except Trouble as why:
                    self.note(what, key, str(why.status))
                    return why.status, {"title": str(why)}
                self.note(what, key, "done")
            else:
                self.note(what, key, "replayed")
            return 200, mine[1]


def handler_for(routes, ledger):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def act(self):
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or b"null")
            for (method, path), work in routes.items():
                if method == self.command and self.path.startswith(path):
                    tail = self.path[len(path):].strip("/")
                    return self.reply(*ledger.answer(
                        f"{method} {self.path}",
                        self.headers.get("Idempotency-Key", ""),
                        lambda: work(body, tail)))
            return self.reply(404, {"title": "No such service"})

        do_POST = do_DELETE = act

        def reply(self, status, body):
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


def serve(routes):
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--port-file", help="where the chosen port is written")
    parser.add_argument("--log", default="/dev/stdout")
    options = parser.parse_args()
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", options.port),
                                 handler_for(routes, Ledger(options.log)))
    if options.port_file:
        with open(options.port_file, "w") as out:
            out.write(str(server.server_address[1]))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
