"""A daemon whose spans a collector takes: what the suites about traces have in
common."""

import contextlib
import json
import pathlib
import sys
import tempfile

from cases import Suite, patiently

import harness
import stub
from harness import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

from collector import Collector, attributes_of  # noqa: E402

HEADERS = json.dumps({"Authorization": "Bearer collector-word"})
QUEUE_MAX = 200
QUICK = "do: [{only: {set: {a: 1}}}]"


@contextlib.contextmanager
def surroundings():
    """Services, a collector, the folder of secrets, and the environment of a
    daemon among them."""
    services, collector = stub.Stub(lambda _: stub.answer(200)), Collector()
    with tempfile.TemporaryDirectory(prefix="pawl-secrets-") as folder:
        secrets = pathlib.Path(folder)
        (secrets / "collector").write_text(HEADERS)
        (secrets / "shop-key").write_text("hush-hush")
        # What workflows call goes through the stub; the collector is itself.
        yield services, collector, secrets, {
            **services.environment(), "no_proxy": "127.0.0.1",
            "PAWL_SECRETS_DIRECTORY": folder,
            "PAWL_TRACING_ENDPOINT": collector.url,
            "PAWL_TRACING_HEADERS": "collector",
            "PAWL_TRACING_QUEUE_MAX": str(QUEUE_MAX),
            "PAWL_TRACING_EVERY": "50ms"}
    collector.close()
    services.close()


class Traced(Suite):
    def __init__(self, daemon, services, collector, secrets):
        super().__init__(daemon, services)
        self.collector, self.secrets = collector, secrets

    def start(self, what, value=None, **more):
        return patiently(lambda: super(Traced, self).start(what, value, **more))

    def root(self, name):
        """The span of an instance, once it is there."""
        return wait_until(lambda: next(
            (each for each in self.collector.spans(instance=name)
             if "pawl.status" in attributes_of(each)), None),
            f"the span of {name}")

    @classmethod
    @contextlib.contextmanager
    def running(cls):
        """One, with its daemon and all around it."""
        with surroundings() as (services, collector, secrets, environment), \
                harness.Daemon(environment=environment) as daemon:
            yield cls(daemon, services, collector, secrets)
