#!/usr/bin/env python3
"""promtool reads the alert rules and tries each of them."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402
from harness import ROOT  # noqa: E402


def main():
    path = os.environ["PATH"] + os.pathsep + str(ROOT / "build/tools")
    promtool = shutil.which("promtool", path=path)
    if promtool is None:
        harness.skip("there is no promtool (Debian package prometheus)")
    report = harness.Report("Alert rules")
    for words in (("check", "rules", "alerts.yaml"),
                  ("test", "rules", "alerts_test.yaml")):
        def run(words=words):
            ran = subprocess.run([promtool, *words], cwd=ROOT / "dashboards",
                                 capture_output=True, text=True, timeout=250,
                                 check=False)
            if ran.returncode != 0:
                raise AssertionError(ran.stdout[-3000:] + ran.stderr[-3000:])
        report.check(" ".join(words), run)
    report.finish("alerts.md")


if __name__ == "__main__":
    main()
