#!/usr/bin/env python3
"""Every function of the catalog, called as a workflow calls it, against
services that check what they are sent and answer as the real ones do: that it is
done, that a service is busy, and that it refuses."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "conformance"))

import harness  # noqa: E402
import stub  # noqa: E402
import catalog_code  # noqa: E402
import catalog_google  # noqa: E402
import catalog_words  # noqa: E402
from catalog_world import (CATALOG, HOSTS, SLACK, Catalog,  # noqa: E402
                           Robot, World, ok)
from harness import same  # noqa: E402


def every_function_was_called(catalog):
    there = sorted(each.parent.parent.name
                   for each in CATALOG.glob("functions/*/*/function.yaml"))
    same(sorted(catalog.named), there, "functions")
    page = (CATALOG / "README.md").read_text()
    same([name for name in there if f"`{name}`" not in page], [],
         "functions that the page does not tell of")


def the_example_of_the_page(catalog):
    made = {"id": 1, "tag_name": "v3", "draft": False, "html_url": "https://x"}
    catalog.world.expect(
        ok(f"POST {catalog_code.REPO}/releases", made, 201, body={
            "tag_name": "v3", "name": "v3", "body": "", "draft": False,
            "prerelease": False, "generate_release_notes": True})
        + ok(f"POST {SLACK}", body={"text": "v3 is out: https://x"}))
    ended = catalog.daemon.start_instance(catalog.define_example(),
                                          {"tag": "v3"}, wait=20)
    catalog.world.settled()
    same(ended["output"], {"posted": True}, json.dumps(ended["error"]))


def the_policy_of_the_page(robot):
    """The command that makes one of Google's key file."""
    page = (CATALOG / "README.md").read_text()
    script, = re.findall(r"jq '(.*?)' key.json", page, re.S)
    ran = subprocess.run(["jq", script], input=json.dumps(robot.key_file()),
                         text=True, capture_output=True, check=True)
    same(json.loads(ran.stdout), robot.policy(), "policy")


def main():
    report = harness.Report("The catalog")
    world = World()
    daemon = harness.Daemon()
    services = stub.Stub(world, daemon.folder, HOSTS)
    daemon.environment.update(services.environment())
    with tempfile.TemporaryDirectory(prefix="pawl-keys-") as folder:
        catalog = Catalog(daemon, world, Robot(pathlib.Path(folder)))
        with daemon:
            for part in (catalog_google, catalog_code, catalog_words):
                for name, run in vars(part).items():
                    if getattr(run, "__module__", "") == part.__name__ \
                            and name[0] != "_" and name.count("_") > 1:
                        report.check(name.replace("_", " "),
                                     lambda run=run: run(catalog))
            report.check("the example of the page",
                         lambda: the_example_of_the_page(catalog))
            if shutil.which("jq"):
                report.check("the policy of the page",
                             lambda: the_policy_of_the_page(catalog.robot))
            report.check("every function was called",
                         lambda: every_function_was_called(catalog))
    services.close()
    report.finish("catalog.md")


if __name__ == "__main__":
    main()
