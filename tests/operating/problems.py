#!/usr/bin/env python3
"""Every code of a problem is provoked on a real daemon, and what its page in
docs/errors says is carried out while it is there: seen, mended, and over."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import cases  # noqa: E402
import harness  # noqa: E402
import problem_faults  # noqa: E402
import problem_requests  # noqa: E402
from harness import same  # noqa: E402
from problem_pages import INDEX, PAGES, PARTS, codes, parts, steps  # noqa: E402
from runbook_pages import RUNBOOKS  # noqa: E402

CASES = {**problem_requests.CASES, **problem_faults.CASES}

# What nobody can bring about from outside. Their pages are carried out all the
# same, on a daemon that is well.
UNPROVOKED = {
    "conflict": "the store lets one writer through; the daemon has only one",
    "internal": "it takes a mistake of ours that we do not know of",
}


def judge(code, status, problem):
    """What every problem has, whoever makes it."""
    same((problem.status, problem.headers.get("Content-Type")),
         (status, "application/problem+json"), "answer")
    body = problem.body
    same((body["type"], body["code"], body["status"]),
         (f"/problems/{code}", code, status), "problem")
    same(body["title"], code.replace("-", " ").capitalize(), "title")
    same((bool(body["detail"]), body["instance"][0]), (True, "/"), "rest")
    if status in (429, 503):
        same(int(problem.headers["Retry-After"]) >= 1, True, "Retry-After")
    same(f"HTTP status {status}" in " ".join(
        parts(code)["What it means"].split()), True, "the status on the page")


def carry_out(code):
    acts, status, settings = CASES[code]
    with problem_faults.Stage(settings) as scene:
        course = acts(scene)
        problem = next(course)
        same(problem is None, status is None, "a problem")
        if problem:
            judge(code, status, problem)
        scene.carry_out(code, "How to see it")
        scene.carry_out(code, "What to do")
        for _ in course:
            raise AssertionError("a case has one problem")
        scene.carry_out(code, "How to tell it is over", 15)


def every_code_has_a_page_and_a_case():
    known = codes()
    same(len(set(known)), len(known), "codes")
    same(sorted(page.stem for page in PAGES.glob("*.md")), sorted(known),
         "pages")
    same(sorted(CASES), sorted(known), "cases")
    same([code for code in UNPROVOKED if CASES[code][1]], [], "provoked")


def every_page_has_all_its_parts():
    for code in codes():
        page = parts(code)
        same(tuple(page), PARTS, code)
        for part in ("How to see it", "How to tell it is over"):
            same(bool(list(steps(page[part]))), True, f"commands of {code}")


def the_index_has_every_code_and_alert():
    text = INDEX.read_text()
    linked = re.findall(r"^\| \[([\w-]+)\]\(([^)]+)\) \|", text, re.M)
    wanted = [(page.stem, page.name) for page in RUNBOOKS.glob("Pawl*.md")]
    wanted += [(code, f"../../errors/{code}.md") for code in codes()]
    same(sorted(linked), sorted(wanted), "rows")


def main():
    report = harness.Report("Codes of problems")
    cases.check(report, [every_code_has_a_page_and_a_case,
                         every_page_has_all_its_parts,
                         the_index_has_every_code_and_alert])
    wanted = sys.argv[1:]
    for code in CASES:
        if not wanted or code in wanted:
            report.check(code, lambda c=code: carry_out(c))
    report.finish("problems.md")


if __name__ == "__main__":
    main()
