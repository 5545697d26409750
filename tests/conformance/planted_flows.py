"""Workflows that read planted secrets in every place that may read one, and a
service that sends them back in every way that a service may."""

import base64
import json
import secrets
import urllib.parse

import stub


class Plants:
    """Values of secrets. The core of each is letters and digits only, so that
    it is found whatever is escaped around it."""

    def __init__(self):
        self.cores = {}

    def core(self, name):
        # The service asks from several threads: all must get the same.
        return self.cores.setdefault(
            name, f"pLnT{secrets.token_hex(7)}{len(self.cores)}")

    def visible(self, name):
        """What may stand in a header."""
        return f"{self.core(name)}/+~=\"\\x"

    def awkward(self, name):
        """What JSON, URIs and forms have to escape."""
        return f"ä\"/{self.core(name)}\\ \u20ac😀+&%41"

    def needles(self):
        """What must be nowhere, and whose it is: cores, and what base64 makes of
        them at each place that they may have in a text."""
        found = {}
        for name, core in self.cores.items():
            found[core] = name
            for shift in range(3):
                text = base64.b64encode(b"\0" * shift + core.encode()).decode()
                # What hangs together with bytes beside the core is cut off.
                found[text[4:(shift + len(core)) // 3 * 4]] = name + " (base64)"
        return found


def service(plants):
    """Sends back what it gets, by path."""

    def everything(request):
        return {"path": request.path, "query": request.query,
                "headers": request.headers, "body": request.body}

    def token(request):
        form = urllib.parse.parse_qs(request.body)
        if form.get("client_id") == ["refused"]:
            return stub.answer(400, {"error": request.body,
                                     "error_description": request.body})
        renewed_each_time = form.get("grant_type") == ["refresh_token"]
        return stub.answer(200, {
            "access_token": plants.visible("access token"),
            "refresh_token": plants.visible("rotated token"),
            "token_type": "Bearer",
            "expires_in": 0 if renewed_each_time else 3600})

    def slashed(request):
        # JSON as PHP writes it, and all of it once more as a text.
        text = json.dumps({**everything(request),
                           "again": json.dumps(everything(request))})
        return stub.answer(200, text=text.replace("/", "\\/"), headers={
            "Content-Type": "application/json"})

    def in_header(request):
        given = request.headers["x-key"]
        return stub.answer(200, {}, {"X-Back": given, "X-Form":
                                     urllib.parse.quote(given)})

    def hook(request):  # As Express and others say it.
        return stub.answer(404, text=f"Cannot POST {request.path}", headers={
            "Content-Type": "text/html"})

    def fails(request):
        return stub.answer(503, everything(request), {"Retry-After": "0"})

    def moves(request):
        key = urllib.parse.quote(request.headers["x-key"])
        return stub.answer(302, everything(request),
                           {"Location": f"/echo/{key}?k={key}"})

    def challenges(request):
        if "authorization" not in request.headers:
            return stub.answer(401, {}, {"WWW-Authenticate":
                               'Digest realm="r", nonce="n", qop="auth"'})
        return slashed(request)

    def refuses(request):
        return stub.answer(401, everything(request))

    def configuration(_):
        return stub.answer(200, {"issuer": "http://auth.test/oidc",
                                 "token_endpoint": "http://auth.test/token"})

    def api(_):
        return stub.answer(200, {
            "openapi": "3.0.0", "servers": [{"url": "http://svc.test"}],
            "paths": {"/echo/{id}": {"post": {
                "operationId": "send", "parameters": [
                    {"name": "id", "in": "path", "required": True},
                    {"name": "q", "in": "query"},
                    {"name": "X-Key", "in": "header"},
                    {"name": "c", "in": "cookie"}],
                "requestBody": {"content": {"application/json": {
                    "schema": {"type": "object", "properties": {
                        "b": {"type": "string"}}}}}}}}}})

    ways = {"token": token, "echo": slashed, "header": in_header,
            "fail": fails, "hook": hook, "moved": moves, "digest": challenges,
            "refuse": refuses, "oidc": configuration, "api": api}

    def answer(request):
        with_default = ways.get(request.path.split("/")[1], slashed)
        return with_default(request)

    return answer


def secret(name, then=""):
    return "${ $secrets." + name + then + " }"


def http(path, **more):
    access = more.pop("authentication", None)
    uri = path if "$" in path else "http://svc.test/" + path
    endpoint = {"uri": uri, "authentication": access} if access else uri
    return {"call": "http", "with": {"method": "post", "endpoint": endpoint,
                                     "output": "response", **more}}


def oauth2(**more):
    return {"oauth2": {"authority": "http://auth.test",
                       "endpoints": {"token": "/token"},
                       "grant": "client_credentials", **more}}


def client(name, **more):
    return {"id": "me", "secret": secret(name), **more}


def shell(command, **more):
    returns = more.pop("returns", "all")
    return {"run": {"shell": {"command": command, **more}, "return": returns}}


SCRIPT = """
import base64, json, os, sys, urllib.parse
text = os.environ["KEY"]
for each in (text, json.dumps(text), json.dumps({"a": json.dumps(text)}),
             json.dumps(text, ensure_ascii=False).replace("/", "\\\\/"),
             urllib.parse.quote(text), urllib.parse.quote_plus(text),
             *(base64.b64encode((n * "u" + ":" + text).encode()).decode()
               for n in range(3)),
             base64.urlsafe_b64encode(text.encode()).decode()):
    print(each)
    print(each, file=sys.stderr)
"""

# Name of the secret, how it has to end, and the task that reads it.
TASKS = [
    ("header", "completed", http("header", headers={"X-Key": secret("header")})),
    ("query", "completed", http("echo", query={"k": secret("query")})),
    ("body", "completed", http("echo", body={
        "k": secret("body"), "t": secret("body", ' | @base64'),
        "u": '${ "user:" + $secrets.body | @base64 }',
        "j": secret("body", ' | tojson | tojson')})),
    ("content", "completed", http("echo", output="content",
                                  body=secret("content"))),
    ("raw", "completed", http("echo", output="raw", body=secret("raw"))),
    ("uri", "completed",
     http('${ "http://svc.test/echo/" + ($secrets.uri | @uri) }')),
    ("failing", "faulted", http("fail", body=secret("failing"))),
    ("refused", "faulted", http("refuse", authentication={
        "bearer": {"token": secret("refused")}})),
    ("moved", "faulted", http("moved", headers={"X-Key": secret("moved")})),
    ("followed", "completed", http("moved", redirect=True, headers={
        "X-Key": secret("followed")})),
    ("line", "faulted", http("echo", headers={"X-Key": secret("line")})),
    ("hook", "faulted", http(secret("hook"))),
    ("host", "faulted", http('${ "http://" + $secrets.host + ":1/" }')),
    ("port", "faulted", http('${ "http://a.localhost:" + $secrets.port }')),
    ("tunnel", "faulted", http('${ "https://svc.test/" + $secrets.tunnel }')),
    ("number", "faulted", http("echo", body=secret("number", " | tonumber"))),
    ("raised", "faulted", http("echo", body=secret("raised", " | error"))),
    ("shape", "faulted", http("echo", headers=secret("shape"))),
    ("basic", "completed", http("echo", authentication={"basic": {
        "username": "me", "password": secret("basic")}})),
    ("digest", "completed", http("digest", authentication={"digest": {
        "username": "me", "password": secret("digest")}})),
    ("bearer", "completed", http("echo", authentication={"bearer": {
        "token": secret("bearer")}}, headers={
            "X-Copy": "${ $authorization.parameter }"})),
    ("whole", "completed", http("echo", authentication={"basic": {
        "use": "whole"}})),
    ("named", "completed", http("echo", authentication={"use": "named"})),
    ("client", "completed", http("echo", authentication=oauth2(
        client=client("client")))),
    ("client_basic", "completed", http("echo", authentication=oauth2(
        client=client("client_basic", authentication="client_secret_basic")))),
    ("client_jwt", "completed", http("echo", authentication=oauth2(
        client=client("client_jwt", authentication="client_secret_jwt")))),
    ("password", "completed", http("echo", authentication=oauth2(
        grant="password", username="me", password=secret("password"),
        client={"id": "me"}))),
    ("refresh", "completed", http("echo", authentication=oauth2(
        grant="refresh_token", client={"id": "me"}, subject={
            "token": secret("refresh"), "type": "refresh_token"}))),
    ("oidc", "completed", http("echo", authentication={"oidc": {
        "authority": "http://auth.test/oidc", "grant": "client_credentials",
        "client": client("oidc")}})),
    ("no_token", "faulted", http("echo", authentication=oauth2(
        client={"id": "refused", "secret": secret("no_token")}))),
    ("authority", "faulted", http("echo", authentication={"oauth2": {
        "use": "authority"}})),
    ("operation", "completed", {"call": "openapi", "with": {
        "document": {"endpoint": {
            "uri": "http://svc.test/api",
            "authentication": {"bearer": {"token": secret("document")}}}},
        "operationId": "send", "output": "response", "parameters": {
            key: secret("operation") for key in ("id", "q", "X-Key", "c", "b")},
        "authentication": {"bearer": {"token": secret("bearer")}}}}),
    ("environment", "completed", {"run": {"script": {
        "language": "python", "code": SCRIPT,
        "environment": {"KEY": secret("environment")}}, "return": "all"}}),
    ("arguments", "completed", shell('echo "$1"; echo "$1" >&2',
                                     arguments=[secret("arguments")])),
    ("stdin", "completed", shell("tee /dev/stderr", stdin=secret("stdin"))),
    ("exit", "faulted", shell('echo "$KEY"; echo "$KEY" >&2; exit 3',
                              environment={"KEY": secret("exit")},
                              returns="stdout")),
    ("lines", "completed", shell('echo "$KEY" | tail -n 1',
                                 environment={"KEY": secret("lines")})),
    ("spaces", "completed", shell('echo $KEY',
                                  environment={"KEY": secret("spaces")})),
    ("half", "completed", shell('echo "$KEY"', environment={
        "KEY": secret("half")})),
    ("bytes", None, http("echo", body={"k": secret("bytes")})),
    ("bytes", None, shell('echo "$KEY"; echo "$KEY" >&2', environment={
        "KEY": secret("bytes")})),
    ("pin", "completed", http("echo", output="content", body={
        "pin": secret("pin.number")})),
    ("renewed", "faulted", http("refuse", authentication=oauth2(
        client=client("renewed")))),
    ("missing", "faulted", http("echo", body=secret("missing"))),
    ("large", "faulted", http("echo", body=secret("large"))),
]


def again(task):
    """Three attempts, and what came of them is kept wherever it can be."""
    return [{"attempts": {
        "try": [{"ask": task}],
        "catch": {"as": "why", "retry": {
            "delay": {"milliseconds": 5}, "limit": {"attempt": {"count": 2}}},
            "do": [{"say": {"set": {"error": "${ $why }"}}},
                   {"on": {"raise": {"error": {
                       "type": "https://test/again", "status": 500,
                       "detail": '${ .error | tojson }'}}}}]}}}]


def once(task):
    """The task, and then its answer in the context, in an event and the log."""
    return [{"ask": {**task, "export": {"as": "${ {answer: .} }"}}},
            {"tell": {"emit": {"event": {"with": {
                "type": "test.told", "source": "/tests",
                "data": "${ $context.answer }"}}}}},
            {"log": {"call": "log", "with": {
                "message": "${ $context.answer | tojson }"}}},
            {"end": {"set": "${ $context.answer }"}}]


def flow(name, do, read):
    used = sorted({*read, "document", "bearer"})
    return {"document": {"dsl": "1.0.3", "namespace": "tests", "name": name,
                         "version": "1.0.0"},
            "use": {"secrets": used, "authentications": {
                "named": {"bearer": {"token": secret("bearer")}}}},
            "do": do}
