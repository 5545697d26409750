#!/usr/bin/env python3
"""Throws expressions that never end, or want all memory, at a daemon in which
64 ordinary workflows go on. Each may cost its own task an error, and nobody
else anything."""

import concurrent.futures
import json
import pathlib
import threading
import time

import harness

ORDINARY = 64
EVENTS = 4
RESIDENT_MAX = 1 << 30
OPTIONS = ["--set", "expression.deadline=250ms", "--set",
           "expression.memory_max=64MiB"]

RUNAWAYS = {
    "endless": "def f: f; f",
    "endless with arguments": "def f(x): f(x + 1); f(0)",
    "deep recursion": "def f: [f]; f",
    "recursion of two": "def f: def g: f; g; f",
    "huge range": "[range(1e12)] | length",
    "huge nested ranges": "[range(1e6) | range(1e6)] | length",
    "range downwards": "[range(0; -1e15; -1)] | length",
    "limit of repeat": "[limit(1e9; repeat(\"xxxxxxxxxxxxxxxx\"))] | length",
    "repeat": "last(repeat(1))",
    "until": "until(false; .)",
    "while": "[while(true; . )] | length",
    "recurse": "[recurse([.])] | length",
    "reduce": "reduce range(1e12) as $i (0; . + $i)",
    "foreach": "[foreach range(1e12) as $i (0; . + $i)] | length",
    "reduce that doubles": "reduce range(64) as $i (\"x\"; . + .)",
    "lists that double": "reduce range(64) as $i ([0]; . + .)",
    "objects that grow":
        "reduce range(1e9) as $i ({}; . + {($i | tostring): $i})",
    "text times number": "\"x\" * 1e9 | length",
    "text times number again": "\"abc\" * 100000 * 100000 | length",
    "json that grows": "last(range(64) as $i | 1) | until(false; tojson)",
    "json of json": "def f: tojson | fromjson | [., .] | f; [1] | f",
    "formats that grow": "def f: @text + @json | f; \"x\" | f",
    "base64 that grows": "def f: @base64 | f; \"x\" | f",
    "trimming for ever": "def f: ltrimstr(\"x\") | \"x\" + . | f; \"\" | f",
    "combinations": "[range(100)] | [., ., ., ., .] | [combinations] | length",
    "permutations": "[range(10)] | [combinations(12)] | length",
    "deep nesting": "[range(1e6)] | reduce .[] as $i (1; [.]) | tojson",
    "deep path": "reduce range(1e6) as $i (null; {a: .}) | [paths] | length",
    "regular expression":
        "(\"a\" * 5000 + \"!\") | test(\"^(a|a|aa)+$\")",
    "regular expression again":
        "(\"x\" * 40) | test(\"(x+x+)+y\")",
    "replace": "(\"a\" * 200000) | gsub(\"\"; \"aaaaaaaaaaaaaaaa\") | length",
    "splits": "(\"a\" * 1000000) | [splits(\"\")] | length",
    "sort": "[range(3e7)] | sort_by(-.) | length",
    "group": "[range(1e8) | {a: .}] | group_by(.a) | length",
    "wide assignment": ".[1e9] = 1",
    "many assignments": "reduce range(1e9) as $i ([]; .[$i] = $i)",
    "path that runs": "[paths(def f: f; f)] | length",
    "label": "label $out | def f: f; f, break $out",
    "try": "def f: try error(\"x\") catch f; f",
    "alternatives": "def f: (null // f); f",
    "env": "env.PATH",
    "ENV": "$ENV.PATH",
    "input": "input",
    "inputs": "[inputs] | length",
    "include": "include \"x\"; 1",
    "import": "import \"x\" as x; 1",
    "file": "input_filename | error",
    "debug and halt": "debug | halt_error",
    "unfinished": "1 + ",
    "deep brackets": "[" * 5000 + "]" * 5000,
    "deep pipes": " | ".join(["."] * 20000) + " | def f: f; f",
    "deep ifs": "if . then " * 3000 + "1" + " else 2 end" * 3000,
}
ENDLESS = "${ def f: f; f }"
RANGE = "${ [range(1e12)] | length }"
BOMB = "${ [limit(1e9; repeat(\"xxxxxxxxxxxxxxxx\"))] | length }"
PLACES = {
    "if": [{"a": {"if": ENDLESS, "set": {"a": 1}}}],
    "input.from": [{"a": {"input": {"from": BOMB}, "set": {"a": 1}}}],
    "output.as": [{"a": {"set": {"a": 1}, "output": {"as": ENDLESS}}}],
    "export.as": [{"a": {"set": {"a": 1}, "export": {"as": BOMB}}}],
    "switch": [{"a": {"switch": [{"b": {"when": ENDLESS, "then": "end"}}]}}],
    "for.in": [{"a": {"for": {"in": BOMB}, "do": [{"b": {"set": {"a": 1}}}]}}],
    "for.while": [{"a": {"for": {"in": "${ [1, 2] }"}, "while": ENDLESS,
                     "do": [{"b": {"set": {"a": 1}}}]}}],
    "catch.when": [{"a": {"try": [{"b": {"raise": {"error": {
        "type": "https://test/x", "status": 500}}}}],
        "catch": {"when": ENDLESS}}}],
    "retry.delay": [{"a": {"try": [{"b": {"raise": {"error": {
        "type": "https://test/x", "status": 500}}}}],
        "catch": {"retry": {"when": BOMB, "delay": {"seconds": 1},
                            "limit": {"attempt": {"count": 3}}}}}}],
    "delay": [{"a": {"try": [{"b": {"raise": {"error": {
        "type": "https://test/x", "status": 500}}}}],
        "catch": {"retry": {"delay": ENDLESS,
                            "limit": {"attempt": {"count": 3}}}}}}],
    "timeout": [{"a": {"wait": {"seconds": 2}, "timeout": {"after": BOMB}}}],
    "wait": [{"a": {"wait": ENDLESS}}],
    "raise": [{"a": {"raise": {"error": {"type": "https://test/x",
                                         "status": 500, "detail": ENDLESS}}}}],
    "emit": [{"a": {"emit": {"event": {"with": {
        "type": "test.x", "source": "/x", "data": {"a": BOMB}}}}}}],
    "http": [{"a": {"call": "http", "with": {
        "method": "get", "endpoint": "http://127.0.0.1:1/",
        "query": {"a": ENDLESS}}}}],
    "shell": [{"a": {"run": {"shell": {"command": "true",
                                       "arguments": [BOMB]}}}}],
    "fork": [{"a": {"fork": {"branches": [
        {"b": {"set": ENDLESS}}, {"c": {"set": BOMB}}]}}}],
    "listen": [{"a": {"listen": {"to": {"one": {"with": {
        "type": "test.news", "data": ENDLESS}}}}}}],
    "correlate": [{"a": {"listen": {"to": {"one": {
        "with": {"type": "test.news"},
        "correlate": {"k": {"from": BOMB, "expect": "x"}}}}}}}],
    "listen.until": [{"a": {"listen": {"to": {
        "any": [{"with": {"type": "test.news"}}], "until": ENDLESS}}}}],
}


def document(name, do, **more):
    return {"document": {"dsl": "1.0.3", "namespace": "tests", "name": name,
                         "version": "1.0.0"}, **more, "do": do}




def begun_by_event(data):
    """A schedule's filter is an expression, too."""
    return {"schedule": {"on": {"one": {"with": {"type": "test.news",
                                                 "data": data}}}}}


# A pattern that takes for ever where it is tried by going back.
PATTERN = [{"a": {"set": "${ \"a\" * 4000 + \"!\" }"}},
           {"b": {"input": {"schema": {"document": {
               "type": "string", "pattern": "^(a|a|aa)+$"}}}, "set": {"a": 1}}}]
LOOP = [
    {"begin": {"set": {"n": 0}, "export": {"as": "${ {sum: 0} }"}}},
    {"step": {"set": "${ {n: (.n + 1)} }",
              "export": {"as": "${ {sum: ($context.sum + .n)} }"}}},
    {"rest": {"wait": {"milliseconds": 100}}},
    {"more": {"switch": [{"yes": {"when": "${ .n < 20 }", "then": "step"}},
                         {"no": {"then": "last"}}]}},
    {"last": {"set": "${ {sum: $context.sum, of: $workflow.input.own} }"}}]
HELPED = [
    {"rest": {"wait": {"milliseconds": 300}}},
    {"last": {"set": "${ {counted: [limit(3; repeat(1))] | length, "
                     "of: $workflow.input.own} }"}}]
HEAR = [
    {"hear": {"listen": {"to": {"all": [
        {"with": {"type": f"test.step{n}"}} for n in range(EVENTS)]}}}},
    {"last": {"set": "${ {heard: length, of: $workflow.input.own} }"}}]


class Watch(threading.Thread):
    """Asks the daemon all the time whether it is well, and how large."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.of, self.wrong = daemon, []
        self.largest = self.slowest = self.asked = 0
        self.over = threading.Event()

    def run(self):
        status = pathlib.Path(f"/proc/{self.of.process.pid}/status")
        while not self.over.wait(0.02):
            for path in ("/livez", "/readyz"):
                begun = time.monotonic()
                try:
                    said = self.of.ask("GET", path, patience=10)[0]
                except OSError as why:
                    said = str(why)
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.asked += 1
                if said != 200:
                    self.wrong.append((path, said))
            try:
                line = next(each for each in status.read_text().splitlines()
                            if each.startswith("VmRSS:"))
            except (OSError, StopIteration):
                continue
            self.largest = max(self.largest, int(line.split()[1]) << 10)


def start_ordinary(daemon):
    """Loops that wait and count, some that listen, some that need the helper
    processes which the runaways keep busy; each with what it has to yield."""
    loop, hear, helped = (
        (daemon.define(document(name, do)), wanted) for name, do, wanted in (
            ("loop", LOOP, {"sum": 210}), ("hear", HEAR, {"heard": EVENTS}),
            ("helped", HELPED, {"counted": 3})))
    kinds = [loop, hear, loop, helped, loop, hear, loop, loop]
    names = []
    for at in range(ORDINARY):
        made, wanted = kinds[at % len(kinds)]
        shown = daemon.start_instance(made, {"own": at})
        names.append((shown["id"], {**wanted, "of": at}))
    return names


def throw_all(daemon, report):
    """What is not refused at once begins; returns the instances by case."""
    cases = {name: [{"a": {"set": "${ " + text + " }"}}]
             for name, text in RUNAWAYS.items()}
    made = {}
    for at, (name, do) in enumerate({**cases, **PLACES}.items()):
        try:
            made[name] = daemon.define(document(f"runaway{at}", do))
        except harness.Refused as why:
            good = why.status == 422 and why.answer.get("errors")
            report.add(f"{name} is refused", "passed" if good else "failed",
                       "" if good else str(why)[:300])
    daemon.define(document("sifted", HEAR, **begun_by_event(RANGE)))
    try:
        daemon.define(document("sifted2", HEAR, **begun_by_event(ENDLESS)))
    except harness.Refused as why:
        report.add("schedule.on is refused",
                   "passed" if why.status == 422 else "failed")
    with concurrent.futures.ThreadPoolExecutor(len(made)) as crowd:
        begun = {name: crowd.submit(daemon.start_instance, what, [[1, 2]])
                 for name, what in made.items()}
    return {name: each.result()["id"] for name, each in begun.items()}


def told(ended):
    """The kind of error that an instance has ended with."""
    error = ended.get("error") or {}
    return f"{ended['status']} {error.get('type', '').rpartition('/')[2]}"


def check(daemon, report):
    watch = Watch(daemon)
    watch.start()
    ordinary = start_ordinary(daemon)
    begun = throw_all(daemon, report)
    daemon.publish({"type": "test.news", "data": {"k": "x"}})
    for at in range(EVENTS):
        time.sleep(0.2)
        daemon.publish({"type": f"test.step{at}", "data": at})
    for name, of in begun.items():
        ended = daemon.becomes(of, *harness.ENDED, patience=60)
        said = told(ended)
        report.add(name, "passed" if said == "faulted expression" else "failed",
                   "" if said == "faulted expression" else
                   said + json.dumps(ended.get("error"))[:300])
    pattern = daemon.define(document("pattern", PATTERN))
    said = told(daemon.start_instance(pattern, wait=20))
    report.add("pattern of a schema", "passed"
               if said == "faulted validation" else "failed", said)
    wrong = []
    for of, wanted in ordinary:
        ended = daemon.becomes(of, *harness.ENDED, patience=60)
        if (ended["status"], ended["output"]) != ("completed", wanted):
            wrong.append(f"{of}: {told(ended)} {ended['output']}")
    report.add("64 others complete", "failed" if wrong else "passed",
               "; ".join(wrong)[:500])
    watch.over.set()
    watch.join()
    report.add("the daemon answers all the time",
               "failed" if watch.wrong or watch.asked < 20 else "passed",
               f"{watch.wrong[:3]} of {watch.asked}, the slowest "
               f"{watch.slowest:.2f} s")
    report.add("the daemon stays small",
               "passed" if 0 < watch.largest < RESIDENT_MAX else "failed",
               f"{watch.largest >> 20} MiB")


def main():
    report = harness.Report("Runaway expressions")
    with harness.Daemon(OPTIONS) as daemon:
        check(daemon, report)
    report.finish()


if __name__ == "__main__":
    main()
