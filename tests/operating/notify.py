#!/usr/bin/env python3
"""Who is told of what: subscriptions to events and `call: notify`, over HTTP
and with `pawl`, against a real daemon that dies in between, receivers that
fail, and a mail server."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))
sys.path.insert(0, str(HERE.parent / "support"))

import cases  # noqa: E402
import harness  # noqa: E402
import stub  # noqa: E402
from harness import same, wait_until  # noqa: E402
from smtp_stub import SmtpStub  # noqa: E402

KEY = base64.b64encode(b"a key of some length").decode()
COMPLETED = "io.serverlessworkflow.workflow.completed.v1"
FLOWS = {
    "quick": "do: [{x: {set: {a: 1}}}]",
    "faulty": """
do: [{x: {raise: {error: {type: 'https://e.test/x', status: 500}}}}]
""",
    "long": "do:\n" + "\n".join(f"  - t{n}: {{set: {{n: {n}}}}}"
                                for n in range(20)),
    "asks": """
do: [{ask: {call: approval, with: {title: 'Go?', approvers: {users: [ann]}}}}]
""",
    "relay": """
schedule:
  on: {one: {with: {type: io.serverlessworkflow.approval.requested.v1}}}
do:
  - tell:
      call: notify
      with:
        channel: slack
        url: http://chat.test/hook
        text: '${ "Waits for you: " + $workflow.input[0].title }'
""",
    "slack": """
use: {secrets: [chat]}
do:
  - tell:
      call: notify
      with:
        channel: slack
        url: '${ "http://chat.test/" + $secrets.chat }'
        text: '${ "Hello " + .name }'
        blocks: [{type: divider}]
""",
    "teams": """
do:
  - tell:
      call: notify
      with: {channel: teams, url: 'http://chat.test/teams', title: T, text: X}
""",
    "hook": """
use: {secrets: [hook-key]}
do:
  - tell:
      call: notify
      with:
        channel: webhook
        url: http://hook.test/in
        headers: {X-Team: a}
        body: {a: '${ .n }'}
        secret: ${ $secrets["hook-key"] }
""",
    "retried": """
do:
  - tell:
      try:
        - post:
            call: notify
            with: {channel: webhook, url: 'http://hook.test/in', body: {a: 1}}
      catch:
        errors: {with: {status: 503}}
        retry: {delay: PT0.05S, limit: {attempt: {count: 5}}}
""",
    "mail": """
do:
  - tell:
      call: notify
      with:
        channel: email
        to: [ann@example.com, 'Jörg <joerg@example.com>']
        cc: bob@example.com
        replyTo: help@example.com
        subject: '${ "Grüße an " + .name }'
        text: ".\\nZeile äöü\\n"
        html: <b>Grüße</b>
""",
    "mailed": """
do:
  - tell:
      try:
        - post:
            call: notify
            with: {channel: email, to: a@b.test, subject: '${ .subject }', text: T}
      catch:
        errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication'}}
        as: why
        do: [{keep: {set: {status: '${ $why.status }', detail: '${ $why.detail }'}}}]
""",
}


class Notify:
    def __init__(self, daemon, services, mail):
        self.daemon, self.services, self.mail = daemon, services, mail
        self.lock = threading.Lock()
        self.rules = {}  # host -> what makes its answer
        services.service = self.answer
        self.made = {
            name: daemon.define(
                f"document: {{dsl: '1.0.3', namespace: tests, name: {name}, "
                f"version: '1.0.0'}}\n{flow.strip()}\n")
            for name, flow in FLOWS.items()}

    def answer(self, request):
        rule = self.rules.get(request.host)
        return rule(request) if rule else stub.answer(204)

    def start(self, name, value=None, **more):
        return self.daemon.start_instance(self.made[name], value or {}, **more)

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

    def cli(self, *words, code=0):
        ran = subprocess.run(
            [pathlib.Path(os.environ["PAWL_BIN_DIR"]) / "pawl", "--url",
             f"http://127.0.0.1:{self.daemon.port}", "-n", "tests", *words],
            capture_output=True, text=True, timeout=60, check=False)
        same(ran.returncode, code, f"code of {words}: {ran.stderr}")
        return ran.stdout

    def restart(self):
        self.daemon.kill()
        self.daemon.start()

    # --- What is sent ----------------------------------------------------------

    def an_event_arrives_as_a_structured_cloudevent(self):
        self.subscribe("plain", "plain.test", filter={"workflow": "quick"})
        done = self.start("quick", wait=10)
        self.start("faulty", wait=10)
        wait_until(lambda: any(e["type"] == COMPLETED
                               for e in self.events("plain.test")), "it came")
        first = self.seen("plain.test")[0]
        same((first.method, first.headers["content-type"]),
             ("POST", "application/cloudevents+json"), "request")
        events = self.events("plain.test")
        same({e["subject"] for e in events}, {done["id"]}, "of whom")
        same(len({e["id"] for e in events}), len(events), "ids")
        now = self.stands("plain", pending=0, dead=0)
        same((now["lastFailure"], now["lastSuccess"] is not None), (None, True),
             "shown")
        self.remove("plain")

    def a_binary_event_is_signed_and_has_its_headers(self):
        self.daemon.must("PUT", "/v1/secrets/binary-key",
                         {"value": "whsec_" + KEY})
        self.daemon.must("PUT", "/v1/secrets/crm", {"value": "hush-hush"})
        said = self.subscribe(
            "binary", "binary.test", mode="binary", secret="binary-key",
            headers={"Authorization": "Bearer $secret:crm", "X-A": "secret-x"},
            filter={"workflow": "tests/quick", "type": [COMPLETED]})
        same("hush" in json.dumps(said) or "secret-x" in json.dumps(said),
             False, "shown")
        same(said["headers"], {"Authorization": "***", "X-A": "***"}, "hidden")
        done = self.start("quick", wait=10)
        got = wait_until(lambda: self.seen("binary.test"), "it came")[0]
        h = got.headers
        same((h["ce-type"], h["ce-specversion"], h["ce-subject"],
              h["content-type"], h["authorization"], h["x-a"]),
             (COMPLETED, "1.0", done["id"], "application/json",
              "Bearer hush-hush", "secret-x"), "headers")
        signed = f"{h['webhook-id']}.{h['webhook-timestamp']}.{got.body}"
        same(h["webhook-signature"], "v1," + base64.b64encode(hmac.new(
            base64.b64decode(KEY), signed.encode(), hashlib.sha256
        ).digest()).decode(), "signature")
        same(json.loads(got.body)["output"], {"a": 1}, "body")
        self.remove("binary")

    def filters_choose_by_status_and_label(self):
        self.subscribe("bad", "bad.test", filter={
            "status": "faulted", "type": "io.serverlessworkflow.workflow.",
            "label": {"team": "a"}})
        self.start("faulty", wait=10)
        self.start("quick", wait=10, labels={"team": "a"})
        name = self.start("faulty", wait=10, labels={"team": "a"})["id"]
        wait_until(lambda: any(e["type"].endswith("workflow.faulted.v1")
                               for e in self.events("bad.test")), "it came")
        same({e["subject"] for e in self.events("bad.test")}, {name}, "whose")
        self.remove("bad")

    def a_namespace_sees_nothing_of_another(self):
        self.subscribe("other", "other.test", "?namespace=elsewhere")
        self.subscribe("all", "all.test", "")
        self.start("quick", wait=10)
        wait_until(lambda: self.seen("all.test"), "the whole daemon's")
        wait_until(lambda: self.shown("all", "")["pending"] == 0, "all of them")
        same(self.seen("other.test"), [], "another's")
        self.remove("other", "?namespace=elsewhere")
        self.remove("all", "")

    def a_paused_one_takes_nothing_in(self):
        self.subscribe("sleeps", "sleeps.test", paused=True)
        self.start("quick", wait=10)
        same(self.shown("sleeps")["pending"], 0, "pending")
        self.remove("sleeps")

    def what_makes_no_sense_is_refused_with_places(self):
        for body, place in (
                ({}, "/url"),
                ({"url": "ftp://x/"}, "/url"),
                ({"url": "http://u:p@x/"}, "/url"),
                ({"url": "http://x/", "mode": "both"}, "/mode"),
                ({"url": "http://x/", "filter": {"status": "odd"}},
                 "/filter/status"),
                ({"url": "http://x/", "filter": {"workflow": "else/x"}},
                 "/filter/workflow"),
                ({"url": "http://x/", "filter": {"color": 1}}, "/filter/color"),
                ({"url": "http://x/", "headers": {"ce-id": "1"}},
                 "/headers/ce-id"),
                ({"url": "http://x/", "headers": {"A": "b\r\nC: d"}},
                 "/headers/A"),
                ({"url": "http://x/", "headers": {"A": "***"}}, "/headers/A"),
                ({"url": "http://x/", "more": 1}, "/more")):
            status, said = self.daemon.ask(
                "PUT", "/v1/subscriptions/odd?namespace=tests", body)
            same(status, 422, f"{body}")
            same([each["pointer"] for each in said["errors"]], [place],
                 f"{body}")

    # --- When it does not work -------------------------------------------------

    def what_fails_is_tried_again_under_the_same_id(self):
        tried = []

        def rule(request):
            tried.append(request.json()["id"])
            return stub.answer(500 if tried.count(tried[-1]) < 3 else 200)
        self.rules["shaky.test"] = rule
        self.subscribe("shaky", "shaky.test", filter={"workflow": "quick"})
        self.start("quick", wait=10)
        wait_until(lambda: self.shown("shaky")["lastSuccess"]
                   and self.shown("shaky")["pending"] == 0, "all went through")
        same({tried.count(one) for one in tried}, {3}, "tries of each")
        first = list(dict.fromkeys(tried))
        same(first, sorted(first, key=number_of), "in order")
        same(self.shown("shaky")["lastFailure"]["status"], 500, "why")
        self.remove("shaky")

    def a_slow_one_keeps_no_other_waiting(self):
        go_on = threading.Event()

        def rule(_):
            go_on.wait(20)
            return stub.answer(200)
        self.rules["slow.test"] = rule
        self.subscribe("slow", "slow.test", filter={"workflow": "quick"})
        self.subscribe("fast", "fast.test", filter={
            "workflow": "quick", "type": COMPLETED})
        for _ in range(20):
            self.start("quick", wait=10)
        wait_until(lambda: len(self.seen("fast.test")) == 20, "the fast one")
        same(self.shown("slow")["pending"] > 20, True, "the slow one waits")
        go_on.set()
        self.stands("slow", pending=0)
        self.remove("slow")
        self.remove("fast")

    def four_hundred_and_ten_ends_it(self):
        self.rules["gone.test"] = lambda _: stub.answer(410)
        self.subscribe("gone", "gone.test", filter={"type": COMPLETED})
        self.start("quick", wait=10)
        now = self.stands("gone", paused=True)
        same("410" in now["pausedBecause"], True, now["pausedBecause"])
        self.start("quick", wait=10)
        self.restart()
        now = self.shown("gone")
        same((now["paused"], now["pending"]), (True, 1), "after a restart")
        self.rules["gone.test"] = lambda _: stub.answer(200)
        self.subscribe("gone", "gone.test", filter={"type": COMPLETED})
        now = self.stands("gone", pending=0, paused=False)
        same("pausedBecause" in now, False, "why")
        self.remove("gone")

    def retry_after_is_heeded(self):
        times = []

        def rule(_):
            times.append(harness.time.monotonic())
            if len(times) == 1:
                return stub.answer(429, headers={"Retry-After": "2"})
            return stub.answer(200)
        self.rules["busy.test"] = rule
        self.subscribe("busy", "busy.test", filter={"type": COMPLETED,
                                                    "workflow": "quick"})
        self.start("quick", wait=10)
        self.stands("busy", pending=0, dead=0)
        same(times[1] - times[0] >= 1.5, True, "it waited")
        self.remove("busy")

    def what_cannot_be_delivered_is_set_aside_and_put_back(self):
        self.rules["dead.test"] = lambda _: stub.answer(400)
        self.subscribe("dead", "dead.test", filter={
            "workflow": "quick", "type": COMPLETED})
        for _ in range(3):
            self.start("quick", wait=10)
        now = self.stands("dead", pending=0, dead=3)
        same(now["deadReasons"], {"answered with 400": 3}, "why")
        self.restart()
        same((self.shown("dead")["dead"], self.shown("dead")["deadReasons"]),
             (3, {"answered with 400": 3}), "after a restart")
        text = self.daemon.ask("GET", "/metrics")[1]
        same('pawl_notify_dead{subscription="tests/dead"} 3' in text, True,
             "metrics")
        self.rules["dead.test"] = lambda _: stub.answer(200)
        ids = {e["id"] for e in self.events("dead.test")}
        before = len(self.seen("dead.test"))
        key = {"Idempotency-Key": "again-1"}
        path = "/v1/subscriptions/dead/redeliver?namespace=tests"
        for _ in range(2):
            same(self.daemon.must("POST", path, {}, key), {"redelivered": 3},
                 "answer")
        self.stands("dead", pending=0, dead=0, deadReasons={})
        came = [e["id"] for e in self.events("dead.test")[before:]]
        same((len(came), set(came) == ids), (3, True), "once each")
        self.remove("dead")

    def a_secret_that_is_missing_is_told(self):
        self.subscribe("keyless", "keyless.test", secret="no-such-secret",
                       filter={"workflow": "quick"})
        self.start("quick", wait=10)
        now = wait_until(lambda: self.shown("keyless")["lastFailure"]
                         and self.shown("keyless"), "it failed")
        same("no-such-secret" in now["lastFailure"]["detail"], True, "detail")
        same(self.seen("keyless.test"), [], "nothing leaves unsigned")
        self.daemon.must("PUT", "/v1/secrets/no-such-secret", {"value": "now"})
        self.stands("keyless", pending=0)
        self.remove("keyless")

    def nothing_is_lost_when_the_daemon_dies(self):
        """Every event of an acknowledged start arrives, the first time in the
        order of its instance."""
        self.rules["died.test"] = lambda _: stub.answer(
            200, delay=0.01)
        self.subscribe("died", "died.test", filter={"workflow": "long"})
        begun = []
        for _ in range(3):
            for _ in range(8):
                begun.append(self.start("long")["id"])
            self.restart()
        for name in begun:
            self.daemon.becomes(name, "completed")
        self.stands("died", pending=0, dead=0)
        order = {}
        for e in self.events("died.test"):
            of = order.setdefault(e["subject"], [])
            if e["id"] not in of:
                of.append(e["id"])
        same(sorted(order), sorted(begun), "instances")
        for name, ids in order.items():
            same(ids, sorted(ids, key=number_of), f"order of {name}")
            same(len(ids), 2 + 20 * 3, f"events of {name}")
        self.remove("died")

    # --- By hand ---------------------------------------------------------------

    def a_test_says_how_it_goes(self):
        self.subscribe("tried", "tried.test", paused=True)
        path = "/v1/subscriptions/tried/test?namespace=tests"
        said = self.daemon.must("POST", path, {})
        same((said["delivered"], said["status"], said["detail"]),
             (True, 204, None), "good")
        self.rules["tried.test"] = lambda _: stub.answer(503)
        said = self.daemon.must("POST", path, {})
        same((said["delivered"], said["status"]), (False, 503), "bad")
        same(self.events("tried.test")[0]["type"],
             "io.pawl.subscription.ping.v1", "type")
        same(self.daemon.ask(
            "POST", "/v1/subscriptions/none/test?namespace=tests", {})[0], 404,
            "unknown")
        actions = [each["action"] for each in self.daemon.must(
            "GET", "/v1/audit?target=tried")["items"]]
        same(actions, ["testSubscription", "testSubscription",
                       "putSubscription"], "audit")
        self.remove("tried")

    def the_client_has_it_all(self):
        self.cli("subscription", "set", "mine", "--url", "http://mine.test/in",
                 "--type", COMPLETED, "--label", "team=c", "--header", "X-A: b")
        same(self.shown("mine")["filter"],
             {"type": [COMPLETED], "label": {"team": "c"}}, "filter")
        same("mine" in self.cli("subscription", "ls"), True, "list")
        same("mine.test" in self.cli("subscription", "show", "mine"), True,
             "one")
        self.cli("subscription", "test", "mine")
        self.rules["mine.test"] = lambda _: stub.answer(500)
        self.cli("subscription", "test", "mine", code=1)
        same("0" in self.cli("subscription", "redeliver", "mine"), True, "none")
        self.cli("subscription", "rm", "mine")
        self.cli("subscription", "show", "mine", code=3)

    # --- call: notify ----------------------------------------------------------

    def slack_is_told_and_the_secret_stays_secret(self):
        self.daemon.must("PUT", "/v1/secrets/chat", {"value": "T0/B0/hidden"})
        done = self.start("slack", {"name": "Ann"}, wait=10)
        same((done["status"], done["output"]),
             ("completed", {"channel": "slack", "status": 204}), "outcome")
        got = [e for e in self.seen("chat.test") if "hidden" in e.path][-1]
        same((got.path, got.json()),
             ("/T0/B0/hidden",
              {"text": "Hello Ann", "blocks": [{"type": "divider"}]}), "sent")
        same(bool(got.headers["idempotency-key"]), True, "key")
        text = json.dumps(self.daemon.history(done["id"]))
        same("hidden" in text, False, "history")

    def teams_gets_an_adaptive_card(self):
        same(self.start("teams", wait=10)["status"], "completed", "status")
        got = [e for e in self.seen("chat.test") if e.path == "/teams"][-1]
        card = got.json()["attachments"][0]
        same((got.json()["type"], card["contentType"],
              [each["text"] for each in card["content"]["body"]]),
             ("message", "application/vnd.microsoft.card.adaptive", ["T", "X"]),
             "card")

    def a_webhook_is_signed(self):
        self.daemon.must("PUT", "/v1/secrets/hook-key",
                         {"value": "whsec_" + KEY})
        done = self.start("hook", {"n": 7}, wait=10)
        same(done["output"], {"channel": "webhook", "status": 204}, "outcome")
        got = self.seen("hook.test")[-1]
        h = got.headers
        signed = f"{h['webhook-id']}.{h['webhook-timestamp']}.{got.body}"
        same((got.json(), h["x-team"]), ({"a": 7}, "a"), "request")
        same(h["webhook-signature"], "v1," + base64.b64encode(hmac.new(
            base64.b64decode(KEY), signed.encode(), hashlib.sha256
        ).digest()).decode(), "signature")

    def a_failure_is_a_communication_error_that_is_retried(self):
        keys = []

        def rule(request):
            keys.append((request.headers["idempotency-key"],
                         request.headers["pawl-attempt"]))
            return stub.answer(503 if len(keys) < 3 else 200)
        self.rules["hook.test"] = rule
        done = self.start("retried", wait=20)
        same((done["status"], len(keys)), ("completed", 3), "retried")
        same(self.daemon.instance(done["id"])["output"]["status"], 200, "at last")
        self.rules.pop("hook.test")

    def people_are_told_of_approvals_by_a_small_workflow(self):
        name = self.start("asks")["id"]
        wait_until(lambda: any(
            e.path == "/hook" and e.json()["text"] == "Waits for you: Go?"
            for e in self.seen("chat.test")), "the chat was told")
        self.daemon.act(name, "cancel")

    # --- Mail ------------------------------------------------------------------

    def mail_arrives_whole(self):
        done = self.start("mail", {"name": "Ann"}, wait=20)
        same((done["status"], done["output"]),
             ("completed", {"channel": "email", "status": 250}), "outcome")
        got = self.mail.mails[-1]
        same((got.user, got.sender, got.recipients),
             ("pawl", "pawl@example.com",
              ["ann@example.com", "joerg@example.com", "bob@example.com"]),
             "envelope")
        m = got.message
        same((m["Subject"], m["Reply-To"], m["Cc"]),
             ("Grüße an Ann", "help@example.com", "bob@example.com"), "header")
        same("Jörg <joerg@example.com>" in m["To"], True, str(m["To"]))
        same(m.get_body(("plain",)).get_content().replace("\r\n", "\n")
             .rstrip("\n"), ".\nZeile äöü", "text")
        same(m.get_body(("html",)).get_content().strip(), "<b>Grüße</b>",
             "html")
        same(m["Message-ID"].endswith("@example.com>"), True, "id")
        same(all(len(line) <= 78 and line.isascii()
                 for line in got.data.split(b"\r\n")), True, "lines")

    def a_mail_that_is_refused_says_why(self):
        self.mail.refuse = {"RCPT": "550 5.1.1 no such user"}
        said = self.start("mailed", {"subject": "x"}, wait=20)["output"]
        same((said["status"], "no such user" in said["detail"]), (550, True),
             said["detail"])
        self.mail.refuse = {}

    def no_header_is_smuggled_into_mail(self):
        count = len(self.mail.mails)
        done = self.start("mailed", {"subject": "x\r\nBcc: evil@x.test"},
                          wait=20)
        same((done["status"], "subject" in done["error"]["detail"]),
             ("faulted", True), "refused")
        same(len(self.mail.mails), count, "mails")


def number_of(event_id):
    """"01J.../12.2" -> (12, 2)"""
    first, _, rest = event_id.rpartition("/")[2].partition(".")
    return int(first), int(rest or 1)


def without_a_mail_server(report):
    def run():
        with harness.Daemon() as daemon:
            done = daemon.run("document: {dsl: '1.0.3', namespace: tests, name: "
                              "m, version: '1.0.0'}\ndo: [{t: {call: notify, "
                              "with: {channel: email, to: a@b.test, subject: s,"
                              " text: t}}}]\n")
            same((done["status"], "`smtp.url`" in done["error"]["detail"]),
                 ("faulted", True), done["error"]["detail"])
    report.check("without a mail server the key is named", run)


def run_suite(kind, title, file, then=None):
    """Runs the cases of `kind`, a Notify or more, on a daemon with services, a
    mail server and secrets, and ends the program."""
    report = harness.Report(title)
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
            cases.check(report, cases.of(kind), kind(daemon, services, mail))
        if then:
            then(report)
    mail.close()
    services.close()
    report.finish(file)


if __name__ == "__main__":
    run_suite(Notify, "Who is told of what", "notify.md", without_a_mail_server)
