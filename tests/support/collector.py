"""A stand-in for a collector of traces: as much of OTLP over HTTP as is needed
to take spans, on loopback. What it was sent stands in `seen`, also where it was
not taken."""

import http.server
import json
import threading


class Export:
    """A request to take spans, and how it was answered."""

    def __init__(self, path, headers, text, status):
        self.path, self.text, self.status = path, text, status
        self.headers = {k.lower(): v for k, v in headers.items()}

    def json(self):
        return json.loads(self.text)

    def spans(self):
        return [span for resource in self.json()["resourceSpans"]
                for scope in resource["scopeSpans"] for span in scope["spans"]]


class Collector:
    """Runs until closed, and again when it is opened again, in the same place.
    `rule(export)` makes the answer: status, headers and a JSON value."""

    def __init__(self):
        self.seen = []
        self.lock = threading.Lock()
        self.rule = None
        self.port = 0
        self.server = None
        self.open()
        self.url = f"http://127.0.0.1:{self.port}/v1/traces"

    def open(self):
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                collector.take(self, self.rfile.read(length).decode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_):
                pass  # Whoever came has gone.

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
                         daemon=True).start()

    def take(self, handler, text):
        export = Export(handler.path, handler.headers, text, 200)
        headers, value = {}, {}
        if self.rule:
            export.status, headers, value = self.rule(export)
        body = json.dumps(value).encode()
        with self.lock:
            self.seen.append(export)
        handler.send_response(export.status)
        for name, each in headers.items():
            handler.send_header(name, each)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        # So that nothing keeps a connection to a collector that has closed.
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def exports(self):
        with self.lock:
            return list(self.seen)

    def spans(self, **attributes):
        """The spans that it took and that have these attributes, in the order
        of their coming; `task="x"` for `pawl.task`."""
        wanted = {f"pawl.{key}": value for key, value in attributes.items()}
        return [span for export in self.exports() if export.status == 200
                for span in export.spans()
                if wanted.items() <= attributes_of(span).items()]


def attributes_of(span):
    return {each["key"]: next(iter(each["value"].values()))
            for each in span["attributes"]}
