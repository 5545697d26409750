#!/usr/bin/env python3
"""Stands in for the assessment, PresGen Core, PresGen Avatar, Google and Slack;
for the last two with their paths and their answers. See resources.py."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import resources  # noqa: E402

QUESTIONS = [
    {"id": "q1", "skill": "networking", "text": "What does a /24 hold?"},
    {"id": "q2", "skill": "storage", "text": "What is a snapshot?"},
    {"id": "q3", "skill": "identity", "text": "What is a role?"}]
GAPS = [{"skill": "identity", "severity": 0.4},
        {"skill": "storage", "severity": 0.8}]
FILES = "/google/drive/v3/files"
FORMS = "/google/v1/forms"
SHEETS = "/google/v4/spreadsheets"


def make(world, kind):
    world.numbers[kind] += 1
    name = f"{kind}-{world.numbers[kind]}"
    world.things[name] = {"id": name, "name": name, "parents": ["root"],
                          "webViewLink": f"https://drive.google.com/{name}"}
    return name


def token(world, body):
    return 200, {"access_token": "a-token-of-google", "expires_in": 3599,
                 "token_type": "Bearer"}


def name_file(world, body):
    return 200, {"ids": [make(world, "folder")]}


def create_file(world, body):
    return 200, world.things[body["id"]]


def of_file(world, body, name):
    known = world.things.get(name)
    return (200, known) if known else (404, {"error": {"code": 404}})


def delete_file(world, body, name):
    return (204, None) if world.things.pop(name, None) else \
        (404, {"error": {"code": 404}})


def share(world, body, name):
    return 200, {"id": "p1", "type": body["type"], "role": body["role"]}


def create_form(world, body):
    name = make(world, "form")
    return 200, {"formId": name, "info": body["info"],
                 "responderUri": f"https://docs.google.com/forms/{name}"}


def fill_form(world, body, name):
    return 200, {"replies": [
        {"createItem": {"questionId": [f"q{n}"]}}
        for n, _ in enumerate(body["requests"], 1)]}


def publish_form(world, body, name):
    return 200, {"formId": name, **body}


def create_sheet(world, body):
    name = make(world, "sheet")
    return 200, {"spreadsheetId": name, "sheets": body["sheets"],
                 "spreadsheetUrl": f"https://docs.google.com/{name}"}


def append(world, body, name, place):
    return 200, {"updates": {"updatedRange": place,
                             "updatedRows": len(body["values"]),
                             "updatedCells": sum(map(len, body["values"]))}}


def slack(world, body):
    return 200, "ok"


def alert(world, body):
    """Whoever is on duty; the name of what is late is all he reads."""
    world.things["/alerts/last"] = {"late": body["data"]["name"]}
    return 200, {}


ROUTES = [("POST", "/google/token", token),
          ("GET", FILES + "/generateIds", name_file),
          ("POST", FILES, create_file),
          ("GET", FILES + "/([^/]+)", of_file),
          ("PATCH", FILES + "/([^/]+)", of_file),
          ("DELETE", FILES + "/([^/]+)", delete_file),
          ("POST", FILES + "/([^/]+)/permissions", share),
          ("POST", FORMS, create_form),
          ("POST", FORMS + "/([^/]+):batchUpdate", fill_form),
          ("POST", FORMS + "/([^/]+):setPublishSettings", publish_form),
          ("POST", SHEETS, create_sheet),
          ("POST", SHEETS + "/([^/]+)/values/([^/]+):append", append),
          ("POST", "/slack/services/hook", slack),
          ("POST", "/alerts", alert)]

if __name__ == "__main__":
    resources.serve(
        replies={"POST /assess/questions": {"questions": QUESTIONS},
                 "POST /assess/gaps": {"gaps": GAPS}},
        jobs={"/core/presentations": 3, "/avatar/videos": 2}, routes=ROUTES)
