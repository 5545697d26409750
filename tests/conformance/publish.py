#!/usr/bin/env python3
"""Writes docs/dsl/conformance.md from the tables that the last runs of the
conformance tests have left in a build directory.

Usage: publish.py BUILD_DIRECTORY
"""

import pathlib
import sys

INTRODUCTION = """# Conformance

What Pawl was held against, and how it did. The tables are written by the tests
(`ctest -L conformance`) into the build directory, and by
`tests/conformance/publish.py` from there to here.

The kit of the specification and the cases of the Java SDK are no part of these
sources: their tests run where `PAWL_CTK_DIR` and `PAWL_SDK_JAVA_DIR` name them,
and are skipped by name elsewhere. Each runs against a daemon on an empty data
directory, over HTTP. The kit's definitions run as they are: calls to its two
hosts on the internet reach, by https and through a proxy, a stand-in that
answers as they do.

"not run": the case contradicts the specification or a decision of ours; the
reason stands beside it.

"""
TABLES = ("ctk", "sdk-java", "patterns", "scenarios")


def main(build):
    parts = []
    for name in TABLES:
        file = pathlib.Path(build) / f"{name}.md"
        if not file.exists():
            sys.exit(f"publish: there is no {file}; run the tests first")
        parts.append(file.read_text().replace("# ", "## ", 1))
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    page = root / "docs" / "dsl" / "conformance.md"
    page.write_text(INTRODUCTION + "\n".join(parts))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
