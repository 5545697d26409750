#!/usr/bin/env python3
"""What workflows tell with `call: notify`: chats, webhooks and people who have
mail, from a real daemon."""

import json

from cases import document
from receivers import KEY, Receivers, is_signed

import harness
import stub
from harness import same, wait_until

FLOWS = {
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


class CallNotify(Receivers):
    flows = FLOWS

    # --- Chats and webhooks -----------------------------------------------------

    def slack_is_told_and_the_secret_stays_secret(self):
        self.daemon.must("PUT", "/v1/secrets/chat", {"value": "T0/B0/hidden"})
        done = self.begin("slack", {"name": "Ann"}, wait=10)
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
        same(self.begin("teams", wait=10)["status"], "completed", "status")
        got = [e for e in self.seen("chat.test") if e.path == "/teams"][-1]
        card = got.json()["attachments"][0]
        same((got.json()["type"], card["contentType"],
              [each["text"] for each in card["content"]["body"]]),
             ("message", "application/vnd.microsoft.card.adaptive", ["T", "X"]),
             "card")

    def a_webhook_is_signed(self):
        self.daemon.must("PUT", "/v1/secrets/hook-key",
                         {"value": "whsec_" + KEY})
        done = self.begin("hook", {"n": 7}, wait=10)
        same(done["output"], {"channel": "webhook", "status": 204}, "outcome")
        got = self.seen("hook.test")[-1]
        same((got.json(), got.headers["x-team"]), ({"a": 7}, "a"), "request")
        is_signed(got)

    def a_failure_is_a_communication_error_that_is_retried(self):
        keys = []

        def rule(request):
            keys.append((request.headers["idempotency-key"],
                         request.headers["pawl-attempt"]))
            return stub.answer(503 if len(keys) < 3 else 200)
        self.rules["hook.test"] = rule
        done = self.begin("retried", wait=20)
        same((done["status"], len(keys)), ("completed", 3), "retried")
        same(self.daemon.instance(done["id"])["output"]["status"], 200, "at last")
        self.rules.pop("hook.test")

    def people_are_told_of_approvals_by_a_small_workflow(self):
        name = self.start("asks")
        wait_until(lambda: any(
            e.path == "/hook" and e.json()["text"] == "Waits for you: Go?"
            for e in self.seen("chat.test")), "the chat was told")
        self.daemon.act(name, "cancel")

    # --- Mail ------------------------------------------------------------------

    def mail_arrives_whole(self):
        done = self.begin("mail", {"name": "Ann"}, wait=20)
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
        said = self.begin("mailed", {"subject": "x"}, wait=20)["output"]
        same((said["status"], "no such user" in said["detail"]), (550, True),
             said["detail"])
        self.mail.refuse = {}

    def no_header_is_smuggled_into_mail(self):
        count = len(self.mail.mails)
        done = self.begin("mailed", {"subject": "x\r\nBcc: evil@x.test"},
                          wait=20)
        same((done["status"], "subject" in done["error"]["detail"]),
             ("faulted", True), "refused")
        same(len(self.mail.mails), count, "mails")


def without_a_mail_server_the_key_is_named():
    with harness.Daemon() as daemon:
        done = daemon.run(document("m", "do: [{t: {call: notify, with: "
                                   "{channel: email, to: a@b.test, subject: s, "
                                   "text: t}}}]"))
        same((done["status"], "`smtp.url`" in done["error"]["detail"]),
             ("faulted", True), done["error"]["detail"])


def main():
    CallNotify.main("What workflows tell",
                    [without_a_mail_server_the_key_is_named])


if __name__ == "__main__":
    main()
