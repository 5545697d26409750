#!/usr/bin/env python3
"""Stands in for the four services of a memoir project: the analyzer of the RC
(the client's list of requirements), the content matcher, the generator of
sections and the document builder. Each fails once, so that there is something
to retry. See services.py for what they share."""

import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import services  # noqa: E402

lock = threading.Lock()
failed = set()
matches = {}  # What the matcher keeps, by project.


def once(what, status, why):
    """Fails the first time."""
    with lock:
        first = what not in failed
        failed.add(what)
    if first:
        raise services.Trouble(status, why)


def analyze(body, _):
    once("analyze", 502, "the analyzer has lost its model")
    return {"requirements": ["childhood", "work", "travels"], "pages": 12,
            "file": body["file"]}


def clear(_, project):
    matches.pop(project, None)
    return {"cleared": project}


def match(body, _):
    project = body["projectId"]
    if project in matches:
        raise services.Trouble(409, "there are matches of this project already")
    matches[project] = [
        {"requirementId": r, "companyId": body["companyId"],
         "needsGeneration": r != "work"} for r in body["requirements"]]
    once("match", 503, "the index was closed half way")
    return {"matches": matches[project]}


def generate(body, _):
    section, told = body["sectionId"], body.get("instructions")
    if told == "in verse":
        raise services.Trouble(422, "the generator does not rhyme")
    time.sleep(0.8)
    if section == "travels":
        once(section, 500, "the text was cut off")
    return {"sectionId": section, "qualityScore": 90 if told else 70,
            "content": f"On {section}" + (f", {told}" if told else "")}


def document(body, project):
    once("document", 500, "no room for the file")
    name = ".".join([project, body["config"].get("format", "docx")])
    return {"url": f"https://files.example.com/{name}",
            "sections": len(body["sections"])}


if __name__ == "__main__":
    services.serve({
        ("POST", "/analyses"): analyze,
        ("DELETE", "/matches"): clear,
        ("POST", "/matches"): match,
        ("POST", "/sections"): generate,
        ("POST", "/documents"): document,
    })
