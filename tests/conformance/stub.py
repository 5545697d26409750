"""A stand-in for the services that workflows call: an HTTP proxy on loopback
that answers itself, also for https (with certificates of an authority of its
own), so that definitions name the hosts that they name."""

import http.server
import json
import pathlib
import socket
import socketserver
import ssl
import subprocess
import threading
import urllib.parse


class Request:
    """What a service sees of a call."""

    def __init__(self, method, url, headers, body):
        parts = urllib.parse.urlsplit(url)
        self.method = method
        self.scheme = parts.scheme
        self.host = parts.netloc
        self.path = urllib.parse.unquote(parts.path)
        self.query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        self.headers = {k.lower(): v for k, v in headers.items()}
        self.body = body

    def json(self):
        return json.loads(self.body) if self.body else None

    def __repr__(self):
        return f"{self.method} {self.scheme}://{self.host}{self.path}"


def answer(status, value=None, headers=None, text=None, delay=0):
    """What a service says: JSON, or text as it is; `delay` in seconds."""
    fields = dict(headers or {})
    body = b""
    if text is not None:
        body = text.encode()
    elif value is not None:
        body = json.dumps(value).encode()
        fields.setdefault("Content-Type", "application/json")
    return status, fields, body, delay


def make_certificates(folder, hosts):
    """An authority and a certificate for `hosts`; returns the authority's file
    and the two of the server."""
    folder = pathlib.Path(folder)

    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    key, wish, made = folder / "key.pem", folder / "wish.csr", folder / "crt.pem"
    names = folder / "names.txt"
    names.write_text("subjectAltName=" + ",".join(f"DNS:{h}" for h in hosts))
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=Conformance", "-keyout", ca_key, "-out", ca)
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=stub",
            "-keyout", key, "-out", wish)
    openssl("x509", "-req", "-in", wish, "-CA", ca, "-CAkey", ca_key,
            "-CAcreateserial", "-days", "2", "-extfile", names, "-out", made)
    return ca, made, key


class Stub:
    """Runs until closed. `service(request)` makes the answers; what it has seen
    stands in `seen`."""

    def __init__(self, service, folder=None, hosts=()):
        self.service = service
        self.seen = []
        self.lock = threading.Lock()
        self.ca = None
        self.tls = None
        if hosts:
            self.ca, made, key = make_certificates(folder, hosts)
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(made, key)
        stub = self

        class Handler(_Handler):
            owner = stub

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self):
        """What makes a daemon come here with all its calls."""
        names = {"http_proxy": self.url, "https_proxy": self.url,
                 "no_proxy": ""}
        if self.ca:
            names["PAWL_STEPS_CA_FILE"] = str(self.ca)
        return names

    def answer(self, request):
        with self.lock:
            self.seen.append(request)
        return self.service(request)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None
    inside = None  # The host that a tunnel leads to.

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.inside = self.path.removesuffix(":443")
        try:
            self.connection = self.owner.tls.wrap_socket(self.connection,
                                                         server_side=True)
        except (OSError, AttributeError):
            self.close_connection = True
            return
        self.request = self.connection
        self.rfile = self.connection.makefile("rb")
        self.wfile = socketserver._SocketWriter(self.connection)

    def do_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        url = self.path
        if self.inside:
            url = f"https://{self.inside}{self.path}"
        elif not url.startswith("http"):
            url = f"http://{self.headers['Host']}{self.path}"
        status, headers, body, delay = self.owner.answer(
            Request(self.command, url, self.headers, body))
        if delay:
            threading.Event().wait(delay)
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except (OSError, socket.timeout):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_any
    do_HEAD = do_OPTIONS = do_PATCH = do_any

    def log_message(self, *_):
        pass
