"""How a suite of this folder runs: what is a case of it stands in its name, one
of three words at least. And what most suites do with their daemon."""

import contextlib
import datetime
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402
import stub  # noqa: E402
from harness import same  # noqa: E402


def in_seconds(count):
    """The time then, as requests carry it; text of it can be compared."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        seconds=count)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def next_millisecond():
    """What is made behind it is newer than all before, by the clock too."""
    now = time.time_ns() // 1_000_000
    harness.wait_until(lambda: time.time_ns() // 1_000_000 > now, "it is later")


def document(name, flow, ns="tests"):
    """A definition, of what stands below its head."""
    return (f"document: {{dsl: '1.0.3', namespace: {ns}, name: {name}, "
            f"version: '1.0.0'}}\n{flow.strip()}\n")


def program(name):
    """Where a program of ours is."""
    return pathlib.Path(os.environ["PAWL_BIN_DIR"]) / name


def run(name, *words, code=0, **more):
    """Runs a program of ours to its end, which `code` tells; `more` goes to
    subprocess.run."""
    ran = subprocess.run([program(name), *words], capture_output=True,
                         text=True, timeout=120, check=False, **more)
    same(ran.returncode, code,
         f"code of {name} {words}: {ran.stdout}{ran.stderr}")
    return ran


def patiently(start):
    """What `start` gives; a slow disk makes the daemon say: later."""
    def once():
        try:
            return start()
        except harness.Refused as why:
            same(why.status, 429, why)
            return None
    return harness.wait_until(once, "an instance is taken")


class Suite:
    """A daemon, what it was told to run, and what is done to both. Its cases
    are the methods of the class that is made of it."""

    #: Flags of its daemon.
    options = ()
    #: Where its workflows are, unless they say so themselves.
    namespace = "tests"
    #: Name -> the workflow, below its head; or whole, if it begins with one.
    flows = {}
    #: Its workflows call services, which `self.services` stands in for.
    calls = False

    def __init__(self, daemon, services=None):
        self.daemon, self.services = daemon, services
        self.workflows = {name: self.define(name, flow)
                          for name, flow in self.flows.items()}

    def define(self, name, flow):
        whole = flow.lstrip().startswith("document:")
        return self.daemon.define(flow.strip() + "\n" if whole
                                  else document(name, flow, self.namespace))

    def begin(self, what, value=None, **more):
        """What the daemon says of a new instance of `what`: one of `flows`, or
        what define() gave. With `wait`, that is its end."""
        made = self.workflows[what] if isinstance(what, str) else what
        return self.daemon.start_instance(made, value or {}, **more)

    def start(self, what, value=None, **more):
        """The id of a new instance."""
        return self.begin(what, value, **more)["id"]

    def restart(self):
        """The daemon dies, and comes back to what it had written."""
        self.daemon.kill()
        self.daemon.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.daemon.port}"

    def pawl(self, *words, **more):
        """`pawl` when it has run; `more` goes to run()."""
        return run("pawl", "--url", self.url, *words, **more)

    def cli(self, *words, **more):
        """What `pawl` writes to stdout."""
        return self.pawl(*words, **more).stdout

    def spawn(self, *words, **more):
        """`pawl`, which runs on meanwhile; `more` goes to subprocess.Popen."""
        return subprocess.Popen([program("pawl"), "--url", self.url, *words],
                                stdout=subprocess.PIPE, text=True, **more)

    def explain(self, name):
        return self.daemon.must("GET", f"/v1/instances/{name}/explain")

    @classmethod
    @contextlib.contextmanager
    def running(cls):
        """One, with its daemon and the services."""
        services = stub.Stub(None) if cls.calls else None
        with harness.Daemon(cls.options,
                            services and services.environment()) as daemon:
            yield cls(daemon, services)
        if services:
            services.close()

    @classmethod
    def main(cls, title, more=()):
        """Runs its cases, and the functions `more` behind them; ends the
        program."""
        report = harness.Report(title)
        with cls.running() as suite:
            check(report, of(cls), suite)
        check(report, more)
        finish(report)


def of(whole):
    """The cases of a class or a module, in the order in which they stand."""
    return [run for name, run in vars(whole).items()
            if callable(run) and name[0] != "_" and name.count("_") > 1]


def check(report, runs, *given):
    """Runs each with `given`; those alone that the command line names."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for run in runs:
        if wanted in run.__name__:
            report.check(run.__name__.replace("_", " "),
                         lambda run=run: run(*given))


def finish(report):
    """Writes the report under the name of the program, and ends it."""
    report.finish(pathlib.Path(sys.argv[0]).stem + ".md")
