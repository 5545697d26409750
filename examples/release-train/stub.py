#!/usr/bin/env python3
"""Stands in for the tickets, the code host and the wiki of a release train. See resources.py."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import resources  # noqa: E402

TICKETS = [{"key": "PAY-7", "repository": "payments"},
           {"key": "WEB-3", "repository": "frontend"},
           {"key": "API-9", "repository": "backend"}]

if __name__ == "__main__":
    resources.serve(replies={"GET /jira/v2.1.0": {"tickets": TICKETS}})
