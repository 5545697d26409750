#!/usr/bin/env python3
"""Runs the cases of the Java SDK's tests, where their expectations do not
conflict with the specification, against a real daemon."""

import json
import shutil
import time

import harness
import stub
from harness import same

STATUS = "https://serverlessworkflow.io/spec/1.0.0/errors/"

# What cannot pass, though the corpus marks no conflict.
REASONS = {
    "basic-properties-auth": "reads $secret; the specification says $secrets",
    "digest-properties-auth": "reads $secret; the specification says $secrets",
    "basic-secret-auth": "keeps $authorization in the context, where it would "
                         "stand in the history (decision 0121)",
}


def in_turn(*answers):
    """A service that gives these answers, and then the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def movies_and_pets(request):
    if request.path.startswith("/pets/-"):
        return stub.answer(404, {"message": "no such pet"})
    if request.path.startswith("/pets/"):
        return stub.answer(200, {"petId": request.path[6:], "photoUrls": []})
    if request.path == "/api/v1/rest/movie":
        return stub.answer(200, {"movie": {"title": "Star Trek"}})
    if request.path == "/v2/pet/findByStatus":
        return stub.answer(200, [{"id": 1, "status": "sold"}])
    if request.path == "/users":
        return stub.answer(301, headers={"Location": "/elsewhere"})
    if request.method == "DELETE":
        return stub.answer(204)
    if request.body:
        return stub.answer(200, request.json())
    return stub.answer(200, text="")


PET = stub.answer(200, {"name": "Javierito"})
GONE = stub.answer(404, {"message": "gone"})
SLOW = stub.answer(200, {"name": "Luna"}, delay=1)


class Case:
    """One case: the definition, and what the environment does."""

    def __init__(self, daemon, services, folder, what):
        self.daemon, self.services, self.folder = daemon, services, folder
        self.what = what
        self.expect = what["expect"]
        self.made = []
        self.ended = None

    def define(self, file):
        made = self.daemon.define((self.folder / file).read_text())
        self.made.append(made)
        return made

    def begin(self):
        made = self.define(self.what["file"])
        return self.daemon.start_instance(made, self.what["input"])["id"]

    def side(self, name, value=None):
        """Runs another of the workflows to its end."""
        made = self.define(f"workflows-samples/{name}.yaml")
        same(self.daemon.start_instance(made, value, 20)["status"],
             "completed", name)
        self.forget(made)

    def execute(self):
        self.ended = self.daemon.start_instance(
            self.define(self.what["file"]), self.what["input"], wait=20)

    def end(self, name):
        self.ended = self.daemon.becomes(name, *harness.ENDED)

    def temperature(self, degrees):
        self.side("emit-doctor", {"temperature": degrees})

    def forget(self, made):
        self.daemon.forget(made)
        self.made.remove(made)

    def check(self):
        """What the corpus itself expects."""
        same(self.ended["status"], self.expect["status"],
             f"status ({json.dumps(self.ended['error'])})")
        if "output" in self.expect:
            same(self.ended["output"], self.expect["output"], "output")
        for name, wanted in self.expect.get("error", {}).items():
            got = self.ended["error"]
            if name.endswith("_contains"):
                holds(wanted, json.dumps(got))
            elif name == "type" and "/" not in wanted:
                same(got["type"], STATUS + wanted, "error.type")
            else:
                same(got[name], wanted, f"error.{name}")

    def clean_up(self):
        for made in reversed(self.made):
            live = self.daemon.must(
                "GET", f"/v1/instances?workflow={made['name']}&limit=100")
            for each in live["items"]:
                if each["status"] not in harness.ENDED:
                    self.daemon.act(each["id"], "cancel")
                    self.daemon.becomes(each["id"], *harness.ENDED)
            self.daemon.forget(made)


def holds(part, whole):
    if part not in whole:
        raise AssertionError(f"{part} is not in {whole}")


def waits(case, kind="event"):
    """Begins, and waits until it waits for something of this kind."""
    name = case.begin()

    def look():
        now = case.daemon.instance(name)
        return any((each.get("waitingFor") or {}).get("kind") == kind
                   for each in now["current"])
    harness.wait_until(look, f"it waits for {kind}")
    return name


# --- How a case is run, where it is more than starting it -------------------

def http(service, seen=None):
    def run(case):
        case.services.service = service
        first = len(case.services.seen)
        case.execute()
        calls = case.services.seen[first:]
        if seen:
            seen(calls)
    return run


def first_call(method, path, **query):
    def look(calls):
        same((calls[0].method, calls[0].path), (method, path), "the call")
        same(calls[0].query, {k: [v] for k, v in query.items()}, "query")
    return look


def first_body(method, path, body):
    def look(calls):
        first_call(method, path)(calls)
        same(calls[0].json(), body, "body")
    return look


def retries(count, *answers):
    def look(calls):
        same(len(calls), count + 1, "calls")

    def run(case):
        http(in_turn(*answers), look)(case)
    return run


def suspended(case):
    name = waits(case, "timer")
    case.daemon.act(name, "pause")
    case.daemon.becomes(name, "suspended")
    case.daemon.act(name, "resume")
    case.end(name)


def stays_suspended(case):
    name = waits(case, "timer")
    case.daemon.act(name, "pause")
    time.sleep(0.4)  # Twice what it would have waited.
    same(case.daemon.instance(name)["status"], "suspended", "status")
    case.daemon.act(name, "resume")
    case.end(name)


def cancelled(case):
    name = waits(case, "timer")
    case.daemon.act(name, "cancel")
    case.end(name)
    case.expect = {"status": "cancelled"}


def stays(case, name):
    """What was sent before has come to it, or it never will: a second event
    for another one, which is accepted later, is the measure."""
    time.sleep(0.2)
    same(case.daemon.instance(name)["status"], "waiting", "status")
    case.daemon.act(name, "cancel")
    case.end(name)
    case.expect = {"status": "cancelled"}


def listen_any(case):
    name = waits(case)
    case.side("emit")
    case.end(name)


def listen_filter(case):
    name = waits(case)
    case.temperature(case.expect["output"][0]["temperature"])
    case.end(name)


def listen_filter_stays(case):
    name = waits(case)
    case.temperature(38)
    stays(case, name)


def listen_all(case):
    name = waits(case)
    case.temperature(35)
    case.temperature(39)
    case.side("emit")
    case.end(name)


def listen_until_consumed(case):
    name = waits(case)
    case.temperature(35)
    case.temperature(39)
    case.side("emit-out")
    case.end(name)


def listen_until(case):
    name = waits(case)
    case.temperature(35)
    time.sleep(1.1)
    case.temperature(39)
    case.end(name)
    times = [item["time"] for item in case.ended["output"]]
    same(len(times), 2, "items")
    if times[1] - times[0] < 1:
        raise AssertionError(f"foreach ran when all had come: {times}")


def patient(case, number):
    case.daemon.publish({"type": "com.example.hospital.patient.admitted",
                         "data": {"patientId": number} if number else {}})


def correlated(case):
    name = waits(case)
    patient(case, "P123")
    case.end(name)
    same(case.ended["output"], [{"patientId": "P123"}], "output")


def correlated_stays(case):
    name = waits(case)
    patient(case, "P456")
    stays(case, name)


def correlated_late(case):
    name = waits(case)
    patient(case, None)
    time.sleep(0.1)
    same(case.daemon.instance(name)["status"], "waiting", "status")
    patient(case, "P123")
    case.end(name)
    same(case.ended["output"], [{"patientId": "P123"}], "output")


def scheduled(count, patience):
    def run(case):
        made = case.define(case.what["file"])
        path = f"/v1/instances?workflow={made['name']}&status=completed"
        if count == 2:  # `after`: somebody must begin.
            case.daemon.start_instance(made, case.what["input"], 20)
        found = harness.wait_until(
            lambda: len(case.daemon.must("GET", path)["items"]) >= count,
            f"{count} instances", patience)
        case.ended = {"status": "completed" if found else "", "error": None}
    return run


def children(parent):
    folder, _, name = parent.rpartition("/")
    child = name.replace("-parent", "-child")

    def run(case):
        case.define(f"workflows-samples/{folder}/{child}")
        case.execute()
    return run


def script_source(case):
    code = 'console.log("hello from script");'
    case.services.service = lambda _: stub.answer(200, text=code)
    case.execute()


RUNS = {
    "try-catch-retry-inline#0": retries(2, GONE, GONE, PET),
    "try-catch-retry-reusable#0": retries(2, GONE, GONE, PET),
    "try-catch-retry-reusable#1": retries(5, GONE),
    "nested-try-catch-retry-inline#0": retries(
        7, *[GONE] * 6, stub.answer(500), PET),
    "try-catch-retry-attempt-duration#0": http(in_turn(SLOW)),
    "try-catch-retry-attempt-duration-retry#0": http(
        in_turn(SLOW, stub.answer(200, {"name": "Luna"}))),
    "try-catch-retry-attempt-duration-overall#0": http(in_turn(SLOW)),
    "try-catch-retry-inline-then#0": retries(2, GONE, GONE, PET),
    "sub-workflow/sub-workflow-parent#0": children(
        "sub-workflow/sub-workflow-parent.yaml"),
    "sub-workflow/read-context-and-set-sub-workflow-parent#0": children(
        "sub-workflow/read-context-and-set-sub-workflow-parent.yaml"),
    "sub-workflow/output-export-and-set-sub-workflow-parent#0": children(
        "sub-workflow/output-export-and-set-sub-workflow-parent.yaml"),
    "wait-set#0": suspended,
    "wait-set#1": cancelled,
    "wait-set#2": stays_suspended,
    "listen-to-any#0": listen_any,
    "listen-to-any-filter#0": listen_filter,
    "listen-to-any-filter#1": listen_filter_stays,
    "listen-to-all#0": listen_all,
    "listen-to-any-until-consumed#0": listen_until_consumed,
    "listen-to-any-until#0": listen_until,
    "listen-correlate#0": correlated,
    "listen-correlate#1": correlated_stays,
    "listen-correlate-no-expect#0": correlated,
    "listen-correlate-no-expect#1": correlated_late,
    "after-start#0": scheduled(2, 5),
    "every-start#0": scheduled(5, 5),
    "call-http-get#0": http(movies_and_pets, first_call("GET", "/pets/10")),
    "call-http-get#1": http(movies_and_pets, first_call("GET", "/pets/-1")),
    "call-http-endpoint-interpolation#0": http(
        movies_and_pets, first_call("GET", "/pets/1994")),
    "call-http-query-parameters#0": http(
        movies_and_pets, first_call("GET", "/api/v1/rest/movie",
                                    uid="MOMA0000092393")),
    "call-http-find-by-status#0": http(
        movies_and_pets, first_call("GET", "/v2/pet/findByStatus",
                                    status="sold")),
    "call-http-post#0": http(movies_and_pets, first_body(
        "POST", "/api/v1/authors",
        {"firstName": "Javierito", "lastName": "Unknown"})),
    "call-http-put#0": http(movies_and_pets, first_body(
        "PUT", "/api/v1/authors/1", {"firstName": "John"})),
    "call-http-delete#0": http(movies_and_pets,
                               first_call("DELETE", "/api/v1/authors/1")),
    "call-http-head#0": http(movies_and_pets, first_call("HEAD", "/users/1")),
    "call-http-options#0": http(movies_and_pets,
                                first_call("OPTIONS", "/users/1")),
    "call-http-redirect-false#0": http(movies_and_pets),
    "run-script/console-log-external-source#0": script_source,
}

# What the corpus says in words.
CHECKS = {
    "fork#0": lambda o: holds(o["patientId"], "John Smith"),
    "try-catch-match-when#0": lambda o: same(o["recovered"], True),
    "try-catch-match-then#0": lambda o: same(o["recovered"], True),
    "try-catch-match-status#0": lambda o: same(o["recovered"], True),
    "try-catch-match-details#0": lambda o: same(o["recovered"], True),
    "try-catch-retry-attempt-duration-retry#0":
        lambda o: same(o, {"name": "Luna"}),
    "simple-expression#0": lambda o: (
        same(abs(o["startedAt"] - time.time() * 1000) < 60_000, True),
        same(len(o["id"]), 26), holds(".", o["version"])),
    "sub-workflow/sub-workflow-parent#0": lambda o: same(
        (o["counter"], o["greeting"]), (1, "helloWorld")),
    "sub-workflow/output-export-and-set-sub-workflow-parent#0": lambda o: same(
        (o["userId"], o["username"], o["password"]),
        ("userId_1_tested", "test_tested", "test_tested")),
    "emit-default-source#0": lambda o: (
        holds("test/emit-default-source/0.1.0", o["source"]),
        holds("T", o["time"]), same(bool(o["id"]), True)),
    "call-http-get#0": lambda o: same(sorted(o), ["petId", "photoUrls"]),
    "call-http-get#1": lambda o: same(o, {"petId": "-1"}),
    "call-http-query-parameters#0": lambda o: same(
        o["movie"]["title"], "Star Trek"),
    "call-http-find-by-status#0": lambda o: same(o[0]["status"], "sold"),
    "call-http-put#0": lambda o: holds("John", o),
}


def needs_missing(case):
    if "js" in case["needs"] and not shutil.which("node"):
        return "needs node"
    return None


def main():
    folder = harness.kit("PAWL_SDK_JAVA_DIR", "the cases of the Java SDK")
    cases = json.loads((folder / "cases.json").read_text())
    report = harness.Report("The cases of the Java SDK")
    services = stub.Stub(None)
    count = {}
    # An event that nobody waits for must not meet the next case.
    environment = {**services.environment(), "PAWL_EVENTS_BUFFER_FOR": "0ms"}
    with harness.Daemon(environment=environment) as daemon:
        for what in cases:
            name = what["file"].removeprefix("workflows-samples/")
            name = name.removesuffix(".yaml")
            number = count[name] = count.get(name, -1) + 1
            key = f"{name}#{number}"
            why = what.get("spec_conflict") or REASONS.get(name) \
                or needs_missing(what)
            if why:
                report.add(key, "not run", why)
                continue
            report.check(key, lambda: run_case(daemon, services, folder, what,
                                               key))
    services.close()
    report.finish("sdk-java.md")


def run_case(daemon, services, folder, what, key):
    case = Case(daemon, services, folder, what)
    try:
        RUNS.get(key, Case.execute)(case)
        case.check()
        if key in CHECKS:
            CHECKS[key](case.ended["output"])
    finally:
        case.clean_up()


if __name__ == "__main__":
    main()
