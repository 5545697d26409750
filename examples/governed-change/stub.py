#!/usr/bin/env python3
"""Stands in for the four services of a governed change: the path finder plans,
the sage assesses, the protected clearing carries out, the memory grove
remembers. The clearing cannot migrate, and the path finder, once it knows, plans
without it; it never can reindex; and the grove fails the first change of a
cache. See services.py for what the four share."""

import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import services  # noqa: E402

PLANS = {
    "label": ["edit-text"],
    "cache": ["deploy", "warm-up"],
    "schema": ["backup", "deploy", "migrate"],
    "index": ["backup", "reindex"],
}
FACTORS = {  # Impact and likelihood of harm, each from 1 to 5.
    "edit-text": (1, 2), "warm-up": (2, 2), "deploy": (3, 4),
    "backup": (2, 1), "migrate": (5, 4), "copy-over": (3, 3),
    "reindex": (3, 2),
}

lock = threading.Lock()
refused = set()
remembered = set()


def plan(body, _):
    steps = PLANS[body["about"]]
    with lock:
        known = set(refused)
    return {"planId": "-".join(steps),
            "steps": ["copy-over" if s == "migrate" and s in known else s
                      for s in steps]}


def assess(body, _):
    return {"factors": [
        {"step": s, "impact": FACTORS[s][0], "likelihood": FACTORS[s][1]}
        for s in body["steps"]]}


def carry_out(body, change):
    if body["step"] in ("migrate", "reindex"):
        with lock:
            refused.add(body["step"])
        raise services.Trouble(500, "the table is locked")
    return {"changeId": change, "step": body["step"]}


def take_back(_, change):
    time.sleep(0.5)
    return {"changeId": change, "takenBack": True}


def remember(body, _):
    with lock:
        first = body["plan"]["planId"] not in remembered
        remembered.add(body["plan"]["planId"])
    if first and "warm-up" in body["plan"]["steps"]:
        raise services.Trouble(503, "the grove is asleep")
    return {"remembered": body["outcome"]}


if __name__ == "__main__":
    services.serve({
        ("POST", "/plans"): plan,
        ("POST", "/assessments"): assess,
        ("POST", "/changes"): carry_out,
        ("DELETE", "/changes"): take_back,
        ("POST", "/memories"): remember,
    })
