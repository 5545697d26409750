"""How a suite of this folder runs: what is a case of it stands in its name, one
of three words at least."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402


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


def run_all(kind, title, options=(), services=None):
    """Runs the cases of `kind`, which is made of a daemon, and of the services
    that its workflows call if there are any; returns the report."""
    report = harness.Report(title)
    more = (services,) if services else ()
    with harness.Daemon(options, services and services.environment()) as daemon:
        check(report, of(kind), kind(daemon, *more))
    if services:
        services.close()
    return report
