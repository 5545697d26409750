"""The functions for Jira, Confluence, models that chat, Slack and Teams."""

from catalog_world import SLACK, TEAMS, Call, bad, busy, ok
from harness import same
from stub import answer

SITE = "https://acme.atlassian.net"
AT = {"endpoint": SITE, "secret": "jira"}
ISSUE = {**AT, "project": "SHOP", "summary": "Pay by card", "type": "Story",
         "description": "As a buyer ...", "labels": ["pay"],
         "priority": "High", "assignee": "5b10a2844c20165700ede21g",
         "parent": "SHOP-1", "fields": {"customfield_10010": 3}}
FIELDS = {"project": {"key": "SHOP"}, "issuetype": {"name": "Story"},
          "summary": "Pay by card", "description": "As a buyer ...",
          "labels": ["pay"], "priority": {"name": "High"},
          "assignee": {"accountId": "5b10a2844c20165700ede21g"},
          "parent": {"key": "SHOP-1"}, "customfield_10010": 3}
MADE = {"id": "10042", "key": "SHOP-42",
        "self": f"{SITE}/rest/api/2/issue/10042"}


def an_issue_is_created(c):
    out = {"id": "10042", "key": "SHOP-42", "url": f"{SITE}/browse/SHOP-42"}
    c.gives("jira-create-issue", ISSUE,
            busy(f"POST {SITE}/rest/api/2/issue", MADE, 201,
                 body={"fields": FIELDS}), out)
    c.gives("jira-create-issue", {**AT, "project": "SHOP", "summary": "Pay"},
            ok(f"POST {SITE}/rest/api/2/issue", MADE, 201, body={"fields": {
                "project": {"key": "SHOP"}, "issuetype": {"name": "Task"},
                "summary": "Pay"}}), out)


def an_issue_that_jira_does_not_take(c):
    c.fails("jira-create-issue", ISSUE, bad(
        f"POST {SITE}/rest/api/2/issue", 400, {
            "errorMessages": [], "errors": {"priority": "Field 'priority' "
                                            "cannot be set."}},
        body={"fields": FIELDS}), 400, "cannot be set")
    c.refuses("jira-create-issue", AT, "'project' is missing")
    c.refuses("jira-create-issue", {**ISSUE, "labels": ["two words"]},
              "/labels/0")


def issue(status):
    def to(number, name, status):
        return {"id": str(number), "name": name, "isAvailable": True,
                "to": {"id": f"1{number}", "name": status}}
    return {"id": "10042", "key": "SHOP-42",
            "fields": {"status": {"id": "3", "name": status}},
            "transitions": [to(21, "Start", "In Progress"),
                            to(31, "Resolve", "Done")]}


MOVE = {**AT, "issue": "SHOP-42", "to": "done", "comment": "Out with 2.1",
        "fields": {"resolution": {"name": "Fixed"}}}
LOOK = {"wanted": f"GET {SITE}/rest/api/2/issue/SHOP-42",
        "query": {"fields": "status", "expand": "transitions"}}
POST = {"wanted": f"POST {SITE}/rest/api/2/issue/SHOP-42/transitions",
        "body": {"transition": {"id": "31"},
                 "fields": {"resolution": {"name": "Fixed"}},
                 "update": {"comment": [{"add": {"body": "Out with 2.1"}}]}}}


def an_issue_is_moved(c):
    moved = {"issue": "SHOP-42", "from": "To Do", "to": "Done", "moved": True}
    c.gives("jira-transition-issue", MOVE,
            busy(**LOOK, value=issue("To Do")) + busy(**POST, status=204),
            moved)
    c.gives("jira-transition-issue", {**AT, "issue": "SHOP-42",
                                      "to": "Resolve"},
            ok(**LOOK, value=issue("To Do"))
            + ok(POST["wanted"], status=204,
                 body={"transition": {"id": "31"}}), moved)


def an_issue_that_is_there_stays(c):
    c.gives("jira-transition-issue", MOVE, ok(**LOOK, value=issue("Done")),
            {"issue": "SHOP-42", "from": "Done", "to": "Done",
             "moved": False})


def an_issue_cannot_move_where_no_way_leads(c):
    c.fails("jira-transition-issue", {**MOVE, "to": "Shipped"},
            ok(**LOOK, value=issue("To Do")), 400,
            "it offers: Start, Resolve", kind="validation")
    c.fails("jira-transition-issue", MOVE, bad(
        **LOOK, status=404, value={"errorMessages": [
            "Issue does not exist or you do not have permission to see it."]}),
        404, "does not exist")
    c.refuses("jira-transition-issue", {**MOVE, "issue": "../x"}, "/issue")


FOUND = {"key": "SHOP-42", "id": "10042", "fields": {
    "summary": "Pay", "status": {"name": "Done"}, "labels": [],
    "issuetype": {"name": "Story"}, "assignee": {"displayName": "Ann"}}}
SEARCH = {**AT, "jql": 'fixVersion = "2.1"', "limit": 2, "pageToken": "p2"}
BODY = {"jql": 'fixVersion = "2.1"', "maxResults": 2, "fields":
        ["summary", "status", "issuetype", "assignee", "labels"]}
SEEN = {"key": "SHOP-42", "id": "10042", "summary": "Pay", "status": "Done",
        "type": "Story", "assignee": "Ann", "fields": FOUND["fields"]}


def issues_are_found(c):
    c.gives("jira-search", SEARCH, busy(
        f"POST {SITE}/rest/api/3/search/jql",
        {"issues": [FOUND], "nextPageToken": "p3", "isLast": False},
        body={**BODY, "nextPageToken": "p2"}),
        {"issues": [SEEN], "nextPageToken": "p3"})
    at = {**AT, "endpoint": "https://jira.test/", "limit": 2,
          "jql": BODY["jql"], "path": "/rest/api/2/search"}
    c.gives("jira-search", at, ok(
        "POST https://jira.test/rest/api/2/search",
        {"startAt": 0, "maxResults": 2, "total": 0, "issues": []}, body=BODY),
        {"issues": [], "nextPageToken": None})


def issues_are_asked_for_in_jql(c):
    c.fails("jira-search", SEARCH, bad(
        f"POST {SITE}/rest/api/3/search/jql", 400,
        {"errorMessages": ["Error in the JQL Query"]},
        body={**BODY, "nextPageToken": "p2"}), 400, "Error in the JQL")
    c.refuses("jira-search", AT, "'jql' is missing")


WIKI = f"{SITE}/wiki/api/v2"
NOTES = {**AT, "space": "REL", "title": "2.1", "body": "<p>Cards</p>",
         "parent": "77"}
SPACE = {"wanted": f"GET {WIKI}/spaces", "query": {"keys": "REL"}}
SPACES = {"results": [{"id": "65", "key": "REL", "name": "Releases"}],
          "_links": {"base": f"{SITE}/wiki"}}
WRITE = {"wanted": f"POST {WIKI}/pages", "body": {
    "spaceId": "65", "status": "current", "title": "2.1", "parentId": "77",
    "body": {"representation": "storage", "value": "<p>Cards</p>"}}}
TAKEN = {"errors": [{"status": 400, "code": "INVALID_REQUEST_PARAMETER",
                     "title": "A page with this title already exists: A page "
                     "already exists with the same TITLE in this space"}]}


def page(version):
    return {"id": "99", "status": "current", "title": "2.1", "spaceId": "65",
            "version": {"number": version, "message": ""},
            "_links": {"webui": "/spaces/REL/pages/99/2.1"}}


def written(version, **more):
    return {"id": "99", "version": version,
            "url": f"{SITE}/wiki/spaces/REL/pages/99/2.1", **more}


def a_page_is_created(c):
    c.gives("confluence-create-page", NOTES,
            busy(**SPACE, value=SPACES) + busy(**WRITE, value=page(1)),
            written(1, created=True))


def a_page_that_is_there_is_used_if_wished(c):
    look = {"wanted": f"GET {WIKI}/pages", "query": {
        "space-id": "65", "title": "2.1", "status": "current"}}
    c.gives("confluence-create-page", {**NOTES, "existing": "use"},
            ok(**SPACE, value=SPACES) + bad(**WRITE, status=400, value=TAKEN)
            + ok(**look, value={"results": [page(4)]}),
            written(4, created=False))
    c.fails("confluence-create-page", NOTES, ok(**SPACE, value=SPACES)
            + bad(**WRITE, status=400, value=TAKEN), 400, "already exists")


def a_page_stands_in_a_space(c):
    c.fails("confluence-create-page", NOTES,
            ok(**SPACE, value={"results": []}), 400, "no space REL",
            kind="validation")
    c.refuses("confluence-create-page", {**NOTES, "parent": "Home"}, "/parent")


EDIT = {**AT, "id": "99", "body": "<p>All</p>", "message": "more"}
READ = f"GET {WIKI}/pages/99"


def edit(version):
    return {"wanted": f"PUT {WIKI}/pages/99", "body": {
        "id": "99", "status": "current", "title": "2.1",
        "body": {"representation": "storage", "value": "<p>All</p>"},
        "version": {"number": version, "message": "more"}}}


STALE = {"errors": [{"status": 409, "code": "CONFLICT", "title":
                     "Version must be incremented when updating a page."}]}


def a_page_is_updated(c):
    c.gives("confluence-update-page", EDIT,
            busy(READ, page(4)) + busy(**edit(5), value=page(5)), written(5))
    c.gives("confluence-update-page", {**EDIT, "title": "2.1", "version": 4},
            ok(**edit(5), value=page(5)), written(5))


def a_page_that_somebody_else_has_written(c):
    c.gives("confluence-update-page", EDIT, ok(READ, page(4))
            + bad(**edit(5), status=409, value=STALE) + ok(READ, page(5))
            + ok(**edit(6), value=page(6)), written(6))
    c.fails("confluence-update-page", {**EDIT, "title": "2.1", "version": 4},
            bad(**edit(5), status=409, value=STALE), 409, "incremented")
    c.refuses("confluence-update-page", {**EDIT, "version": "4"}, "/version")


CHAT = {"model": "gpt-4o-mini", "secret": "openai", "messages": [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Name a tea."}]}
USAGE = {"prompt_tokens": 17, "completion_tokens": 3, "total_tokens": 20}
SAID = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1,
        "model": "gpt-4o-mini-2024-07-18", "usage": USAGE, "choices": [
            {"index": 0, "finish_reason": "stop", "message": {
                "role": "assistant", "content": "Assam."}}]}
TEXT = {"text": "Assam.", "finishReason": "stop", "usage": USAGE,
        "message": SAID["choices"][0]["message"], "id": "chatcmpl-1",
        "model": "gpt-4o-mini-2024-07-18"}
ASKED = {"model": "gpt-4o-mini", "messages": CHAT["messages"]}


def a_model_answers(c):
    more = {"temperature": 0.2, "max_tokens": 50}
    c.gives("chat-completion", {**CHAT, "parameters": more},
            busy("POST https://api.openai.com/v1/chat/completions", SAID,
                 body={**ASKED, **more}), TEXT)
    c.gives("chat-completion", {**CHAT, "endpoint": "https://llm.test"},
            ok("POST https://llm.test/v1/chat/completions", SAID, body=ASKED),
            TEXT)


def a_model_refuses(c):
    c.fails("chat-completion", CHAT, bad(
        "POST https://api.openai.com/v1/chat/completions", 400,
        {"error": {"message": "maximum context length is 8192 tokens",
                   "code": "context_length_exceeded"}}, body=ASKED), 400,
        "context_length_exceeded")
    c.refuses("chat-completion", {**CHAT, "parameters": {"stream": True}},
              "/parameters/stream")
    c.refuses("chat-completion", {**CHAT, "messages": []}, "/messages")


def slack_is_told(c):
    blocks = [{"type": "divider"}]
    wanted = f"POST {SLACK}"
    for more in ({}, {"blocks": blocks}):
        def check(request, more=more):
            same(request.json(), {"text": "It is out", **more}, "message")
        calls = [Call(wanted, answer(429, headers={"Retry-After": "1"}),
                      check=check)] if more else []
        c.gives("slack-post", {"text": "It is out", "secret": "slack", **more},
                calls + [Call(wanted, answer(200, text="ok"), check=check)],
                {"posted": True})


def slack_has_no_such_channel(c):
    c.fails("slack-post", {"text": "It is out", "secret": "slack"}, [Call(
        f"POST {SLACK}", answer(404, text="channel_not_found"),
        body={"text": "It is out"})], 404, "channel_not_found")
    c.refuses("slack-post", {"secret": "slack"}, "'text' is missing")


def card(*body):
    return {"type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None, "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard", "version": "1.4", "body": list(body)}}]}


def teams_is_told(c):
    wanted, query = f"POST {TEAMS.split('?')[0]}", {"sig": "teams-hook-secret"}
    c.gives("teams-post", {"title": "Release", "text": "It is out",
                           "secret": "teams"},
            busy(wanted, status=202, query=query, body=card(
                {"type": "TextBlock", "text": "Release", "weight": "Bolder",
                 "size": "Medium", "wrap": True},
                {"type": "TextBlock", "text": "It is out", "wrap": True})),
            {"posted": True})
    own = {"type": "AdaptiveCard", "version": "1.5", "body": []}
    message = card()
    message["attachments"][0]["content"] = own
    c.gives("teams-post", {"card": own, "secret": "teams"},
            ok(wanted, status=202, query=query, body=message),
            {"posted": True})


def teams_does_not_take_it(c):
    c.fails("teams-post", {"text": "It is out", "secret": "teams"}, bad(
        f"POST {TEAMS.split('?')[0]}", 401, {"error": {
            "code": "DirectApiAuthorizationRequired"}},
        query={"sig": "teams-hook-secret"}, body=card(
            {"type": "TextBlock", "text": "It is out", "wrap": True})), 401,
        "DirectApiAuthorizationRequired")
    c.refuses("teams-post", {"secret": "teams"})
