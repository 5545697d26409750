#!/usr/bin/env python3
"""Dashboards and alert rules name only what there is: metrics, their labels,
and a page for each alert; each alert is tried (alerts.py runs the trials)."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import cases  # noqa: E402
import harness  # noqa: E402
from harness import ROOT, same  # noqa: E402
from runbook_pages import RUNBOOKS, alerts, page_of_metrics  # noqa: E402

FOLDER = ROOT / "dashboards"
FOREIGN = {"up": ["instance", "job"]}  # Prometheus makes it.
ADDED = {"instance", "job", "le"}  # Prometheus adds them.


def expressions():
    """(where, PromQL) of all dashboards and rules."""
    for file in sorted(FOLDER.glob("*.json")):
        board = json.loads(file.read_text())
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield f"{file.name}: {panel['title']}", target["expr"]
        for each in board["templating"]["list"]:
            if each["type"] == "query":
                inner = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                     each["query"])
                metric = inner[1].split("{")[0]
                yield f"{file.name}: ${each['name']}", \
                    f"sum by ({inner[2]}) ({metric})"
    for name, expr in alerts():
        yield name, expr


def check(where, expr, known):
    """Every metric is known; every label in braces or behind `by` is one of
    those of the metrics of the expression."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expr)
    names = set(re.findall(r"\b((?:pawl|process)_[a-z_0-9]+|up)\b", bare))
    same(bool(names), True, f"{where} names a metric")
    labels = set(ADDED)
    for name in names:
        plain = name
        for end in ("_bucket", "_sum", "_count"):
            if name.endswith(end) and name not in known:
                plain = name[:-len(end)]
                same(known.get(plain, ("", []))[0], "histogram", f"{where}: {name}")
        if plain not in known:
            raise AssertionError(f"{where}: there is no {name}")
        labels |= set(known[plain][1])
    used = set()
    for inner in re.findall(r"\{([^}]*)\}", bare):
        used |= set(re.findall(r"([a-z_]+) *(?:=~|!~|!=|=)", inner))
    for inner in re.findall(r"\bby \(([^)]*)\)", bare):
        used |= {each.strip() for each in inner.split(",")}
    same(sorted(used - labels), [], f"{where}: labels that no metric has")


def every_metric_that_is_named_exists():
    known = {**page_of_metrics(), **{k: ("gauge", v)
                                     for k, v in FOREIGN.items()}}
    count = 0
    for where, expr in expressions():
        check(where, expr, known)
        count += 1
    same(count > 100, True, f"expressions: {count}")


def every_metric_of_ours_is_shown_or_alerted():
    text = " ".join(expr for _, expr in expressions())
    unseen = [name for name in page_of_metrics() if name not in text
              and name not in ("pawl_retention_sweeps_total",
                               "pawl_purged_bytes_total",
                               "pawl_backup_last_seconds")]
    same(unseen, [], "metrics that nobody looks at")


def every_alert_has_a_page_and_every_page_an_alert():
    names = [name for name, _ in alerts()]
    same(len(names), len(set(names)), "names of alerts")
    pages = sorted(each.stem for each in RUNBOOKS.glob("Pawl*.md"))
    same(sorted(names), pages, "pages")
    rules = (FOLDER / "alerts.yaml").read_text()
    index = (RUNBOOKS / "README.md").read_text()
    for name in names:
        same(f"runbook: docs/operating/runbooks/{name}.md" in rules, True,
             f"{name} names its page")
        same(f"({name}.md)" in index, True, f"{name} in README.md")
        page = (RUNBOOKS / f"{name}.md").read_text()
        same(page.startswith(f"# {name}\n"), True, f"title of {name}")
        for part in ("## What it means", "## How to see it", "## What to do"):
            same(part in page, True, f"{part} of {name}")


def every_alert_is_tried():
    trials = (FOLDER / "alerts_test.yaml").read_text()
    for name, _ in alerts():
        same(bool(re.search(rf"alertname: {name}, exp_alerts: \[\]", trials)),
             True, f"{name} is quiet at first")
        same(bool(re.search(rf"alertname: {name}\n +exp_alerts:\n +- ", trials)),
             True, f"{name} fires")


def panels_have_names_of_their_own():
    for file in FOLDER.glob("*.json"):
        panels = json.loads(file.read_text())["panels"]
        same(len({each["id"] for each in panels}), len(panels), file.name)
        same(len({each["title"] for each in panels}), len(panels), file.name)


def main():
    report = harness.Report("Dashboards and alerts")
    cases.check(report, [every_metric_that_is_named_exists,
                         every_metric_of_ours_is_shown_or_alerted,
                         every_alert_has_a_page_and_every_page_an_alert,
                         every_alert_is_tried,
                         panels_have_names_of_their_own])
    report.finish("dashboards.md")


if __name__ == "__main__":
    main()
