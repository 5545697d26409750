"""What the pages about metrics, the rules and the runbooks say."""

import re

from harness import ROOT

METRICS = ROOT / "docs/operating/metrics.md"
RUNBOOKS = ROOT / "docs/operating/runbooks"


def page_of_metrics():
    """name -> (type, labels) as docs/operating/metrics.md has it."""
    out = {}
    for line in METRICS.read_text().splitlines():
        row = re.fullmatch(r"\| `([a-z_0-9]+)` \| (\w+) \| ([a-z, ]*) ?\| .*\|",
                           line)
        if row:
            out[row[1]] = (row[2], sorted(
                each.strip() for each in row[3].split(",") if each.strip()))
    return out


def alerts():
    """(name, PromQL) of each rule, in order."""
    text = (ROOT / "dashboards/alerts.yaml").read_text()
    out = []
    for part in text.split("- alert: ")[1:]:
        name = part.split("\n", 1)[0].strip()
        expr = re.search(r"\n +expr: (>-\n)?(.*?)\n +(?:for|labels):", part,
                         re.S)[2]
        out.append((name, " ".join(expr.split())))
    return out


def commands():
    """(page, command) of each line of the runbooks that begins with `$ `."""
    for page in sorted(RUNBOOKS.glob("*.md")):
        for line in page.read_text().splitlines():
            if line.startswith("$ "):
                yield page.stem, line[2:].split("  #")[0].strip()
