#!/usr/bin/env python3
"""Runs clang-tidy over Pawl's own sources, and over each only once.

The verdict of a source is taken to depend on the source, the headers that it
answers for, the way it is compiled, .clang-tidy and the version of the tool.
Their hash names an empty file in the cache; where that file is, the source is
known to be clean. A complaint is never cached, so it is shown until it is
mended. A header is answered for by the source of its name, or else by the first
that names it: what is wrong in it shows with any of them. That a change of a
header makes clang-tidy complain about the text of another source is rare, and a
check of all takes most of an hour: `--all` does it.

A checkout that has no cache yet begins with tests/house/tidy.clean, the hashes
of the sources that were clean when it was written (--record): a hash that is
not there any more is of another text, so a list that is old costs time and
hides nothing.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECORD = ROOT / "tests" / "house" / "tidy.clean"
FOLDERS = {"access", "base", "workflow", "storage", "config", "actors", "http",
           "crash", "daemon", "sandbox", "secrets", "runner", "cli", "trial"}
OURS = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def digest(*parts):
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def named_by(path):
    """The headers of this repository that a file names."""
    return {ROOT / name for name in OURS.findall(path.read_text())
            if (ROOT / name).exists()}


def owned(sources):
    """Source -> the headers that it answers for."""
    out = {source: [] for source in sources}
    taken = set()
    for source in sources:
        own = source.with_suffix(".hpp")
        if own.exists():
            out[source].append(own)
            taken.add(own)
    for source in sources:
        for header in sorted(named_by(source) - taken):
            out[source].append(header)
            taken.add(header)
    for source in sources:  # Those that only headers name.
        for header in out[source]:
            more = sorted(named_by(header) - taken)
            out[source] += more  # Which the loop comes to as well.
            taken.update(more)
    return out


class Tidy:
    def __init__(self, build, cache, sources):
        self.build = build
        self.owned = owned(sorted(sources))
        self.cache = cache
        told = subprocess.run(["clang-tidy", "--version"], check=True,
                              capture_output=True, text=True).stdout
        # Behind it stands the processor of this machine.
        version = re.search(r".*version.*", told)[0].strip()
        self.rules = digest(version.encode(),
                            (ROOT / ".clang-tidy").read_bytes())
        self.hashes = {}
        self.recorded = set(RECORD.read_text().split()[::2]
                            if RECORD.exists() else [])

    def is_clean(self, entry):
        key = self.key(entry)
        return key in self.recorded or (self.cache / key).exists()

    def content(self, path):
        if path not in self.hashes:
            self.hashes[path] = digest(path.read_bytes())
        return self.hashes[path]

    def key(self, entry):
        source = pathlib.Path(entry["file"])
        parts = [self.rules, entry["command"].replace(str(ROOT), "")]
        parts += [f"{path.relative_to(ROOT)} {self.content(path)}"
                  for path in [source, *self.owned[source]]]
        return digest(*(part.encode() for part in parts))

    def run(self, entry):
        """Checks one source; returns what clang-tidy complains about."""
        done = subprocess.run(
            ["clang-tidy", "--quiet", "-p", self.build, entry["file"]],
            capture_output=True, text=True)
        if done.returncode == 0:
            (self.cache / self.key(entry)).touch()
            return ""
        return done.stdout or done.stderr


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("build")
    words.add_argument("--jobs", type=int, default=os.cpu_count())
    words.add_argument("--all", action="store_true",
                       help="check also what is known to be clean")
    words.add_argument("--record", action="store_true",
                       help="write what is clean to tests/house/tidy.clean")
    words = words.parse_args()
    build = str(pathlib.Path(words.build).resolve())
    cache = pathlib.Path(os.environ.get("PAWL_TIDY_CACHE",
                                        ROOT / "build" / "tidy-cache"))
    cache.mkdir(parents=True, exist_ok=True)
    database = json.loads(
        (pathlib.Path(build) / "compile_commands.json").read_text())

    ours = {}
    for entry in database:
        path = pathlib.Path(entry["file"])
        if (path.is_relative_to(ROOT) and path.exists()
                and path.relative_to(ROOT).parts[0] in FOLDERS):
            ours[str(path)] = entry
    tidy = Tidy(build, cache, map(pathlib.Path, ours))
    todo = [entry for entry in ours.values()
            if words.all or not tidy.is_clean(entry)]
    print(f"{len(ours)} sources, {len(ours) - len(todo)} known to be clean",
          flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
        running = {pool.submit(tidy.run, entry): entry for entry in todo}
        for n, done in enumerate(concurrent.futures.as_completed(running), 1):
            name = pathlib.Path(running[done]["file"]).relative_to(ROOT)
            complaint = done.result()
            print(f"[{n}/{len(todo)}] {name}", flush=True)
            if complaint:
                bad += 1
                print(complaint, flush=True)
    if words.record:
        RECORD.write_text("".join(
            f"{tidy.key(entry)} {pathlib.Path(path).relative_to(ROOT)}\n"
            for path, entry in sorted(ours.items()) if tidy.is_clean(entry)))
    if bad:
        print(f"clang-tidy complains about {bad} sources", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
