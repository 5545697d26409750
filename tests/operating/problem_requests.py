"""What clients do wrong: cases of problems.py. Each sets its scene and yields
the problem; then the page is followed, and what comes behind the yield is what
a person does beside its commands."""

import json

from harness import wait_until

CASES = {}
NAPS = "do: [{nap: {wait: {hours: 1}}}]"
SETS = "do: [{set: {set: {done: true}}}]"
HEARS = "do: [{hear: {listen: {to: {one: {with: {type: go}}}}}}]"
START = {"workflow": {"namespace": "tests", "name": "flow"}}
EVENT = {"Content-Type": "application/cloudevents+json"}


def case(code, status, settings=None):
    def keep(acts):
        CASES[code] = (acts, status, settings or {})
        return acts
    return keep


def document(work, name="flow", version="1.0.0"):
    return (f"document: {{dsl: '1.0.3', namespace: tests, name: {name}, "
            f"version: '{version}'}}\n{work}\n")


def define(scene, text, **query):
    more = "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else ""
    return scene.tell("POST", f"/v1/definitions{more}", text,
                      {"Content-Type": "application/yaml"})


# --- Texts ---------------------------------------------------------------------


@case("malformed", 400)
def malformed(scene):
    scene.flow(SETS)
    text = json.dumps(START)
    scene.file("FILE", text[:-1])
    yield scene.tell("POST", "/v1/instances", text[:-1])
    scene.file("FILE", text)


@case("invalid-definition", 422)
def invalid_definition(scene):
    bad = document(SETS.replace("set:", "sit:", 2))
    scene.file("FILE", bad)
    yield define(scene, bad)
    scene.file("FILE", document(SETS))


@case("unsupported", 422)
def unsupported(scene):
    bad = document("do: [{ask: {call: grpc, with: {proto: {endpoint: "
                   "'http://a.test/a.proto'}, service: {name: A, host: a.test},"
                   " method: b}}}]")
    scene.file("FILE", bad)
    yield define(scene, bad)
    scene.file("FILE", document(SETS))


@case("invalid-input", 422)
def invalid_input(scene):
    scene.flow("input: {schema: {document: {type: object, required: [n]}}}\n"
               + SETS)
    scene.names["NS/NAME"] = "tests/flow"
    scene.file("INPUT", {})
    yield scene.tell("POST", "/v1/instances", {**START, "input": {}})
    scene.file("INPUT", {"n": 1})


@case("invalid-request", 422)
def invalid_request(scene):
    yield scene.tell("GET", "/v1/instances?limit=0")


@case("bad-request", 400)
def bad_request(scene):
    yield scene.raw(b"GET /livez HTTP/1.1\r\n\r\n")


@case("version-not-supported", 505)
def version_not_supported(scene):
    yield scene.raw(b"GET /livez HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n")


@case("unsupported-media-type", 415)
def unsupported_media_type(scene):
    scene.flow(SETS)
    scene.file("FILE", START)
    yield scene.tell("POST", "/v1/instances", START,
                     {"Content-Type": "text/plain"})


@case("expectation-failed", 417)
def expectation_failed(scene):
    scene.flow(SETS)
    scene.file("FILE", START)
    yield scene.tell("POST", "/v1/instances", START, {"Expect": "a miracle"})


@case("method-not-allowed", 405)
def method_not_allowed(scene):
    yield scene.tell("PUT", "/v1/instances", {})


@case("upgrade-required", 426)
def upgrade_required(scene):
    yield scene.tell("GET", "/v1/ws")


# --- Names ---------------------------------------------------------------------


@case("not-found", 404)
def not_found(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    scene.names.update({"ID": "order-8", "RIGHT": "order-7"})
    yield scene.tell("GET", "/v1/instances/order-8")


@case("already-exists", 409)
def already_exists(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    scene.names.update({"ID": "order-7", "OTHER": "order-8",
                        "NS/NAME": "tests/flow"})
    scene.file("FILE", document(SETS))
    problem = scene.tell("POST", "/v1/instances", {**START, "id": "order-7"})
    if problem.headers["Location"] != "/v1/instances/order-7":
        raise AssertionError(problem.headers)
    yield problem
    scene.file("FILE", document(SETS, version="1.0.1"))


@case("ambiguous", 409)
def ambiguous(scene):
    for ns in ("tests", "other"):
        scene.start_instance(scene.flow(NAPS, ns=ns), {}, id="order-7")
    scene.names.update({"ID": "order-7", "NS": "other"})
    yield scene.tell("GET", "/v1/instances/order-7")


@case("in-use", 409)
def in_use(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    scene.names.update({"NS/NAME": "tests/flow", "VERSION": "1.0.0"})
    yield scene.tell("DELETE", "/v1/definitions/tests/flow/1.0.0")


@case("purged", 410)
def purged(scene):
    scene.start_instance(scene.flow(SETS), {}, wait=10, id="order-7")
    scene.ask("DELETE", "/v1/instances/order-7")
    scene.names.update({"ID": "order-7", "NS/NAME": "tests/flow"})
    yield scene.tell("GET", "/v1/instances/order-7")


@case("key-reused", 422)
def key_reused(scene):
    scene.flow(SETS)
    key = {"Idempotency-Key": "order-7"}
    scene.tell("POST", "/v1/instances", {**START, "id": "a"}, key)
    scene.file("FILE", {**START, "id": "b"})
    scene.names.update({"KEY": "order-7", "FRESH": "order-8"})
    yield scene.tell("POST", "/v1/instances", {**START, "id": "b"}, key)


# --- What instances can do -----------------------------------------------------


@case("invalid-state", 409)
def invalid_state(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    scene.names["ID"] = "order-7"
    problem = scene.tell("POST", "/v1/instances/order-7/retry", {})
    if (problem["from"], "cancel" in problem["allowed"]) != ("waiting", True):
        raise AssertionError(problem.body)
    yield problem


@case("invalid-transition", 409)
def invalid_transition(scene):
    scene.define("""
document:
  dsl: '1.0.3'
  namespace: tests
  name: flow
  version: '1.0.0'
  metadata:
    states:
      initial: draft
      terminal: [sent]
      transitions: {draft: [checked], checked: [sent]}
    events: {check: {}, send: {}}
do:
  - check:
      listen: {to: {one: {with: {type: check}}}}
      metadata: {state: {done: checked}}
  - send:
      listen: {to: {one: {with: {type: send}}}}
      metadata: {state: {done: sent}}
""")
    scene.waits({"namespace": "tests", "name": "flow", "version": "1.0.0"},
                "order-7")
    scene.names.update({"ID": "order-7", "NS/NAME": "tests/flow",
                        "TYPE": "send", "FIRST": "check"})
    yield scene.tell("POST", "/v1/instances/order-7/events", {
        "specversion": "1.0", "type": "send", "source": "/t", "id": "1"}, EVENT)


@case("precondition-failed", 412)
def precondition_failed(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    scene.names.update({
        "ID": "order-7", "OLD": "0",
        "SEQUENCE": lambda: str(scene.instance("order-7")["sequence"])})
    yield scene.tell("POST", "/v1/instances/order-7/pause", {},
                     {"If-Match": '"0"'})


@case("lease-lost", 409)
def lease_lost(scene):
    scene.start_instance(scene.flow(
        "do: [{job: {call: worker, with: {queue: review}}}]"), {}, id="order-7")
    wish = {"worker": {"id": "w1"}, "wait": "PT10S", "lease": "PT1S"}
    taken = scene.must("POST", "/v1/queues/review/leases", wish)
    wait_until(lambda: scene.must("GET", "/v1/queues/review")["ready"],
               "the lease is over")
    scene.names.update({
        "QUEUE": "review",
        "LEASE": lambda: json.loads(scene.said)["leases"][0]["token"]})
    scene.must("POST", "/v1/queues/review/leases",
               {**wish, "worker": {"id": "w2"}})
    wait_until(lambda: scene.must("GET", "/v1/queues/review")["ready"],
               "the second lease is over")
    token = taken["leases"][0]["token"]
    yield scene.tell("POST", f"/v1/leases/{token}/complete", {"output": 1})


# --- Who asks ------------------------------------------------------------------


def token(scene, name, *roles, using=None):
    made = scene.tell("POST", "/v1/tokens", {
        "name": name, "roles": [{"role": role, "namespaces": "*"}
                                for role in roles]},
        using and {"Authorization": f"Bearer {using}"})
    return made["token"]


@case("forbidden-host", 403)
def forbidden_host(scene):
    scene.names["HOST"] = "pawl.example"
    yield scene.tell("GET", "/v1/instances", headers={"Host": "pawl.example"})


@case("forbidden-origin", 403)
def forbidden_origin(scene):
    yield scene.tell("GET", "/v1/instances",
                     headers={"Origin": "http://other.example"})


@case("unauthenticated", 401)
def unauthenticated(scene):
    token(scene, "lost", "admin")
    scene.names["TOKEN"] = str(scene.folder / "token")
    problem = scene.tell("GET", "/v1/instances")
    if not problem.headers["WWW-Authenticate"].startswith("Bearer"):
        raise AssertionError(problem.headers)
    yield problem


@case("forbidden", 403)
def forbidden(scene):
    scene.waits(scene.flow(NAPS), "order-7")
    admin = token(scene, "admin", "admin")
    viewer = token(scene, "viewer", "viewer", using=admin)
    scene.variables["PAWL_TOKEN"] = viewer
    scene.file("ADMIN", admin)
    scene.names.update({"ID": "order-7", "NS": "tests", "NAME": "desk",
                        "ROLE": lambda: problem["role"],
                        "TOKEN": str(scene.folder / "token")})
    problem = scene.tell("POST", "/v1/instances/order-7/cancel", {},
                         {"Authorization": f"Bearer {viewer}"})
    yield problem


@case("too-many-bad-tokens", 429, {"access.bad_tokens_max": 1})
def too_many_bad_tokens(scene):
    admin = token(scene, "admin", "admin")
    scene.file("ADMIN", admin)
    bad = {"Authorization": f"Bearer {admin[:-1]}x"}
    problem = wait_until(lambda: next(
        (each for each in [scene.tell("GET", "/v1/instances", headers=bad)]
         if each.status != 401), None), "it is told to wait")
    yield problem
