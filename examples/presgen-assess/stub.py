#!/usr/bin/env python3
"""Stands in for the assessment, Drive, Forms, Sheets, PresGen Core, PresGen
Avatar and chat. See resources.py."""

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

if __name__ == "__main__":
    resources.serve(
        replies={"POST /assess/questions": {"questions": QUESTIONS},
                 "POST /assess/gaps": {"gaps": GAPS}},
        jobs={"/core/presentations": 3, "/avatar/videos": 2})
