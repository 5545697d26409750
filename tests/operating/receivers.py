"""Those who are told of events, or not: hosts that answer by rules, and a mail
server; what the suites about subscriptions and messages have in common."""

import base64
import contextlib
import hashlib
import hmac
import os
import pathlib
import sys
import tempfile

from cases import Suite

import harness
import stub
from harness import same, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

from smtp_stub import SmtpStub  # noqa: E402

COMPLETED = "io.serverlessworkflow.workflow.completed.v1"
KEY = base64.b64encode(b"a key of some length").decode()


def is_signed(got):
    """A request has the signature that KEY makes."""
    h = got.headers
    signed = f"{h['webhook-id']}.{h['webhook-timestamp']}.{got.body}"
    same(h["webhook-signature"], "v1," + base64.b64encode(hmac.new(
        base64.b64decode(KEY), signed.encode(), hashlib.sha256
    ).digest()).decode(), "signature")


class Receivers(Suite):
    def __init__(self, daemon, services, mail):
        super().__init__(daemon, services)
        self.mail = mail
        self.rules = {}  # host -> what makes its answer
        services.service = self.answer

    def answer(self, request):
        rule = self.rules.get(request.host)
        return rule(request) if rule else stub.answer(204)

    def subscribe(self, name, host, query="?namespace=tests", **more):
        return self.daemon.must("PUT", f"/v1/subscriptions/{name}{query}",
                                {"url": f"http://{host}/in", **more})

    def remove(self, name, query="?namespace=tests"):
        same(self.daemon.ask("DELETE", f"/v1/subscriptions/{name}{query}")[0],
             204, "removed")

    def shown(self, name, query="?namespace=tests"):
        return self.daemon.must("GET", f"/v1/subscriptions/{name}{query}")

    def stands(self, name, **wanted):
        """Waits until the subscription shows so."""
        def look():
            now = self.shown(name)
            return now if all(now[k] == v for k, v in wanted.items()) else None
        return wait_until(look, f"{name} shows {wanted}")

    def seen(self, host):
        with self.services.lock:
            return [each for each in self.services.seen if each.host == host]

    def events(self, host):
        return [each.json() for each in self.seen(host)]

    def pawl(self, *words, **more):
        return super().pawl("-n", "tests", *words, **more)

    @classmethod
    @contextlib.contextmanager
    def running(cls):
        """One, with its daemon, services, a mail server and secrets."""
        services = stub.Stub(None)
        mail = SmtpStub({"pawl": "pass-word"})
        with tempfile.TemporaryDirectory(prefix="pawl-keys-") as folder:
            keys = pathlib.Path(folder)
            (keys / "key").write_bytes(os.urandom(32))
            (keys / "key").chmod(0o600)
            (keys / "secrets").mkdir()
            (keys / "secrets" / "mail-password").write_text("pass-word")
            environment = {**services.environment(),
                           "PAWL_SECRETS_KEY_FILE": str(keys / "key"),
                           "PAWL_SECRETS_DIRECTORY": str(keys / "secrets"),
                           "PAWL_EVENTS_LIFECYCLE": "workflows",
                           "PAWL_NOTIFY_RETRY_MAX": "200ms",
                           "PAWL_NOTIFY_RETRY_FOR": "3s",
                           "PAWL_SMTP_URL": mail.url,
                           "PAWL_SMTP_FROM": "Pawl <pawl@example.com>",
                           "PAWL_SMTP_USER": "pawl",
                           "PAWL_SMTP_PASSWORD": "mail-password"}
            with harness.Daemon(environment=environment) as daemon:
                yield cls(daemon, services, mail)
        mail.close()
        services.close()
