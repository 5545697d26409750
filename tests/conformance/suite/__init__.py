"""What must hold of every construct and every decision, as data: lists of
scenario(...), which ../scenarios.py runs."""

from dataclasses import dataclass, field
from typing import Any, Callable, Optional


@dataclass
class Scenario:
    """A definition (YAML without `document`), and what comes of it."""

    name: str
    covers: str  # Words of COVERED, apart by spaces.
    flow: str
    given: Any = None
    output: Any = ...  # Not looked at.
    status: str = "completed"
    error: Optional[dict] = None  # Members that the error must have.
    context: Any = None
    refused: Optional[dict] = None  # pointer, says (part of the detail).
    warns: Optional[str] = None  # Part of a warning.
    service: Optional[Callable] = None  # Answers calls; default: 404.
    calls: Optional[Callable] = None  # Checks the calls that were made.
    children: tuple = ()  # (name, flow) registered before.
    events: tuple = ()  # Published one by one, once it waits for an event.
    early: tuple = ()  # Published before it starts.
    check: Optional[Callable] = None  # (daemon, ended): raises.
    drive: Optional[Callable] = None  # (daemon, id): while it runs.
    head: str = ""  # More members of `document`.
    needs: str = ""  # A program of the host.
    least: float = 0  # Seconds that it takes at least.


ERRORS = "https://serverlessworkflow.io/spec/1.0.0/errors/"


def scenario(name, covers, flow, **more):
    return Scenario(name, covers, flow, **more)


def fault(kind, status=None, **more):
    """The members of a standard error."""
    usual = {"configuration": 400, "validation": 400, "expression": 400,
             "authentication": 401, "authorization": 403, "timeout": 408,
             "communication": 500, "runtime": 500}
    return {"type": ERRORS + kind, "status": status or usual[kind], **more}


def event(kind, data=None, **more):
    return {"type": kind, "data": data, **more}
