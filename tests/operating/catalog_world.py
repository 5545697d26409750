"""Services that know which calls they are to get, in which order, and what they
answer to each: whatever differs from that is a failure. They stand where the
real ones do (https, by a proxy), so that a function's own endpoint is tried."""

import base64
import json
import pathlib
import re
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402
import stub  # noqa: E402
from harness import same  # noqa: E402

CATALOG = harness.ROOT / "catalog"
HOSTS = ["api.github.com", "*.googleapis.com", "api.openai.com", "llm.test",
         "acme.atlassian.net", "jira.test", "hooks.slack.com", "flow.test",
         "git.test"]
SLACK = "https://hooks.slack.com/services/T01/B02/slack-hook-secret"
TEAMS = "https://flow.test/workflows/w1?sig=teams-hook-secret"
PASSWORD = "atlassian-api-token"
GITHUB, OPENAI, GOOGLE = "ghp-secret-1", "sk-secret-2", "ya29.secret-3"
BASIC = "Basic " + base64.b64encode(
    f"ann@acme.test:{PASSWORD}".encode()).decode()
ROBOT = "robot@project.iam.gserviceaccount.com"
SCOPES = ["https://www.googleapis.com/auth/drive",
          "https://www.googleapis.com/auth/forms.body"]
ACCESS = {"git": f"Bearer {GITHUB}", "api.github.com": f"Bearer {GITHUB}",
          "git.test": f"Bearer {GITHUB}", "api.openai.com": f"Bearer {OPENAI}",
          "llm.test": f"Bearer {OPENAI}", "acme.atlassian.net": BASIC,
          "jira.test": BASIC, "hooks.slack.com": None, "flow.test": None,
          "oauth2.googleapis.com": None}


class Call:
    """One call that a service is to get, and its answer."""

    def __init__(self, wanted, answer, body=None, query=None, check=None):
        self.method, self.url = wanted.split(" ")
        self.answer, self.body = answer, body
        self.query, self.check = query or {}, check
        self.key_of = None  # The call that this one repeats.

    def compare(self, request):
        same(f"{request.method} {request.scheme}://{request.host}"
             f"{request.path}", f"{self.method} {self.url}", "call")
        same({k: v[0] if len(v) == 1 else v for k, v in request.query.items()},
             self.query, f"query of {self.url}")
        wanted = ACCESS.get(request.host, f"Bearer {GOOGLE}")
        same(request.headers.get("authorization"), wanted,
             f"authorization of {self.url}")
        same(bool(request.headers.get("user-agent")), True, "user agent")
        if self.check:
            self.check(request)
        else:
            same(request.json(), self.body, f"body of {self.url}")
            if request.body:
                same(request.headers["content-type"], "application/json",
                     "content type")
        if request.host == "api.github.com":
            same([request.headers[name] for name in
                  ("accept", "x-github-api-version")],
                 ["application/vnd.github+json", "2022-11-28"], "headers")


def ok(wanted, value=None, status=200, **more):
    return [Call(wanted, stub.answer(status, value), **more)]


def busy(wanted, value=None, status=200, refusal=429, say="slow down",
         **more):
    """Refused once, and then done under the same key."""
    first = Call(wanted, stub.answer(refusal, {"message": say},
                                     {"Retry-After": "1"}), **more)
    again = Call(wanted, stub.answer(status, value), **more)
    again.key_of = first
    return [first, again]


def bad(wanted, status, value, **more):
    return [Call(wanted, stub.answer(status, value), **more)]


class World:
    def __init__(self):
        self.lock = threading.Lock()
        self.due, self.wrong = [], []
        self.reached = threading.Event()
        self.keys = {}

    def expect(self, calls):
        with self.lock:
            self.due, self.wrong = list(calls), []
            self.reached.clear()
            self.keys.clear()

    def __call__(self, request):
        with self.lock:
            if not self.due:
                self.wrong.append(f"one call too many: {request}")
                return stub.answer(400)
            wanted = self.due.pop(0)
            try:
                wanted.compare(request)
                self.look_at_key(wanted, request)
            except Exception as why:  # It is told where the case is run.
                self.wrong.append(f"{type(why).__name__}: {why}")
                return stub.answer(400, {"message": str(why)})
            if wanted.answer[3]:
                self.reached.set()
        return wanted.answer

    def look_at_key(self, wanted, request):
        key = request.headers.get("idempotency-key")
        self.keys[wanted] = (key, request.headers.get("pawl-attempt"))
        if wanted.key_of:
            same(self.keys[wanted],
                 (self.keys[wanted.key_of][0],
                  str(int(self.keys[wanted.key_of][1]) + 1)), "key of a repeat")

    def settled(self):
        with self.lock:
            same(self.wrong, [], "what the services complain of")
            same([call.url for call in self.due], [], "calls that never came")


def segment(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Robot:
    """A service account: its key, and the authority that knows it."""

    def __init__(self, folder):
        self.key, self.public = folder / "robot.key", folder / "robot.pub"
        for words in (["genpkey", "-algorithm", "RSA", "-pkeyopt",
                       "rsa_keygen_bits:2048", "-out", self.key],
                      ["pkey", "-in", self.key, "-pubout", "-out",
                       self.public]):
            subprocess.run(["openssl", *words], check=True,
                           capture_output=True)
        self.folder = folder

    def key_file(self):
        """As Google gives it out, with what the policy is made of."""
        return {"type": "service_account", "project_id": "project",
                "private_key_id": "key-1", "client_email": ROBOT,
                "private_key": self.key.read_text(), "client_id": "1",
                "token_uri": "https://oauth2.googleapis.com/token"}

    def policy(self):
        """The secret, as catalog/README.md makes it of Google's key file."""
        return {"authority": "https://oauth2.googleapis.com",
                "endpoints": {"token": "/token"},
                "grant": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "client": {"id": ROBOT, "secret": self.key.read_text(),
                           "keyId": "key-1"},
                "scopes": SCOPES}

    def asked(self):
        return Call("POST https://oauth2.googleapis.com/token", stub.answer(
            200, {"access_token": GOOGLE, "expires_in": 3599,
                  "token_type": "Bearer"}), check=self.check)

    def check(self, request):
        same(request.headers["content-type"],
             "application/x-www-form-urlencoded", "content type")
        form = dict(part.split("=", 1) for part in request.body.split("&"))
        same(sorted(form), ["assertion", "grant_type"], "form")
        same(form["grant_type"],
             "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer", "grant")
        head, claims, signature = form["assertion"].split(".")
        same(segment(head), {"alg": "RS256", "typ": "JWT", "kid": "key-1"},
             "header")
        said = segment(claims)
        same({k: said[k] for k in ("iss", "aud", "scope")},
             {"iss": ROBOT, "aud": "https://oauth2.googleapis.com/token",
              "scope": " ".join(SCOPES)}, "claims")
        same(0 < said["exp"] - said["iat"] <= 3600, True, "lifetime")
        (self.folder / "signed").write_text(f"{head}.{claims}")
        (self.folder / "signature").write_bytes(
            base64.urlsafe_b64decode(signature + "=="))
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.public,
                        "-signature", self.folder / "signature",
                        self.folder / "signed"], check=True,
                       capture_output=True)


class Catalog:
    """A daemon that may read the catalog, and what is called from it."""

    def __init__(self, daemon, world, robot):
        self.daemon, self.world, self.robot = daemon, world, robot
        self.count = 0
        self.named = set()
        self.secrets = {"github": GITHUB, "openai": OPENAI, "slack": SLACK,
                        "teams": TEAMS, "github_token": GITHUB,
                        "releases_hook": SLACK, "google": json.dumps(robot.policy()),
                        "jira": json.dumps({"username": "ann@acme.test",
                                            "password": PASSWORD})}
        shelf = daemon.folder / "secrets"
        shelf.mkdir()
        for name, value in self.secrets.items():
            (shelf / name).write_text(value)
        daemon.options += [f"--set=resources.file_roots={CATALOG}",
                           f"--set=secrets.directory={shelf}"]

    def define(self, function, arguments, behind=()):
        self.count += 1
        self.named.add(function)
        made = self.daemon.define({
            "document": {"dsl": "1.0.3", "namespace": "tests",
                         "name": f"calls-{self.count}", "version": "1.0.0",
                         "metadata": {"saga": True}},
            "use": {"secrets": list(self.secrets),
                    "catalogs": {"pawl": {"endpoint": CATALOG.as_uri()}}},
            "do": [{"it": {"call": f"{function}:1.0.0@pawl",
                           "with": arguments}}, *behind]})
        same(made["warnings"], [], "warnings")
        same(made["expressions"]["sandboxed"], 0, "expressions in a sandbox")
        return made

    def define_example(self):
        """That of the page, with this catalog in place of an installed one."""
        page = (CATALOG / "README.md").read_text()
        text, = re.findall(r"```yaml\n(document:.*?)```", page, re.S)
        there = "file:///usr/share/pawl/catalog"
        same(there in text, True, "the catalog of the example")
        return self.daemon.define(text.replace(there, CATALOG.as_uri()))

    def ends(self, function, arguments, calls, behind=()):
        self.world.expect(calls)
        made = self.define(function, arguments, behind)
        ended = self.daemon.start_instance(made, {}, wait=50)
        self.world.settled()
        kept = json.dumps(self.daemon.history(ended["id"]))
        for hidden in (GITHUB, OPENAI, GOOGLE, PASSWORD, BASIC[6:],
                       "hook-secret", "PRIVATE KEY"):
            same(hidden in kept, False, f"{hidden} is in the history")
        return ended

    def gives(self, function, arguments, calls, output):
        ended = self.ends(function, arguments, calls)
        same((ended["status"], ended["output"]), ("completed", output),
             json.dumps(ended["error"]))

    def fails(self, function, arguments, calls, status, *words,
              kind="communication"):
        ended = self.ends(function, arguments, calls)
        same(ended["status"], "faulted", "status")
        error = ended["error"]
        same((error["type"].rsplit("/", 1)[-1], error["status"]),
             (kind, status), json.dumps(error))
        for word in words:
            same(word in error.get("detail", ""), True,
                 f"{word!r} in {error.get('detail')}")

    def undoes(self, function, arguments, calls, *undoing):
        """What it has made is removed when the workflow fails, if that is
        wished; that it is gone already is no error."""
        fall = {"fall": {"raise": {"error": {"type": "https://x.test/down",
                                             "status": 418}}}}
        for given, expected in ((arguments, []),
                                ({**arguments, "undo": True}, undoing)):
            ended = self.ends(function, given, calls() + list(expected),
                              [fall])
            same((ended["status"], ended["error"]["status"]),
                 ("faulted", 418), "the workflow's own end")

    def refuses(self, function, arguments, *words):
        """An input that the function's schema does not take."""
        self.fails(function, arguments, [], 400, *words, kind="validation")
