"""What the sources and the pages say of the codes of problems, and a daemon on
which the commands of a page are carried out as they stand there."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import harness
from harness import ROOT, same, wait_until

PAGES = ROOT / "docs/errors"
INDEX = ROOT / "docs/operating/runbooks/README.md"
PARTS = ("What it means", "How to see it", "What to do",
         "How to tell it is over")
# What these say is said of a machine, not of a daemon, or is not known before.
ELSEWHERE = ("systemctl status", "journalctl -u pawld -p", "fuser", "dmesg",
             "df ", "ss ")
BIN = pathlib.Path(os.environ["PAWL_BIN_DIR"])


def codes():
    """Every slug that a problem can have, from the two functions that say."""
    out = []
    for file, kind in (("base/result.cpp", "errc"),
                       ("http/problem.cpp", "refused")):
        text = (ROOT / file).read_text()
        start = text.index(f"std::string_view slug({kind} code)")
        body = text[start:text.index("\n}\n", start)]
        out += re.findall(r'return "([a-z-]+)";', body)
    return out


def parts(code):
    """heading -> text of the page."""
    text = (PAGES / f"{code}.md").read_text()
    title, *rest = re.split(r"^## ", text, flags=re.M)
    same(title.strip(), f"# {code}", "title")
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1] for part in rest}


def steps(text):
    """Each command of a part with the code it ends with, and each block of
    configuration, in their order."""
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        if kind == "yaml":
            yield "set", block
            continue
        for line in block.replace("\\\n", "").splitlines():
            if line.startswith("$ "):
                command, _, remark = line[2:].partition("  # ")
                code = re.match(r"exit (\d+)", remark)
                yield command.strip(), int(code[1]) if code else 0


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers = status, headers
        self.body = json.loads(text) if text else None

    def __getitem__(self, name):
        return self.body[name]


class Scene(harness.Daemon):
    """A daemon with a configuration file. `names` are what stands for the words
    in capitals of a page: texts, or functions that give one."""

    def __init__(self, settings, environment=None):
        super().__init__(environment=environment)
        self.settings = dict(settings)
        self.names = {"DATA": str(self.folder / "data")}
        self.variables = {}
        self.said = ""
        self.options = ["--config", str(self.folder / "pawl.yaml")]
        self.configure({})

    # --- What a case asks ----------------------------------------------------

    def tell(self, method, path, body=None, headers=None):
        """As ask(), with the headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=30)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection.request(method, path, body, {
            "Content-Type": "application/json", **(headers or {})})
        got = connection.getresponse()
        answer = Answer(got.status, dict(got.getheaders()), got.read())
        connection.close()
        return answer

    def raw(self, text, rest=None):
        """What comes back for bytes on a socket. `rest` makes those that are
        sent later."""
        with socket.create_connection(("127.0.0.1", self.port), 20) as wire:
            wire.sendall(text)
            if rest:
                wire.sendall(rest())
            got = http.client.HTTPResponse(wire)
            got.begin()
            return Answer(got.status, dict(got.getheaders()), got.read())

    def flow(self, work, name="flow", ns="tests", head=""):
        return self.define(f"document: {{dsl: '1.0.3', namespace: {ns}, name: "
                           f"{name}, version: '1.0.0'{head}}}\n{work}\n")

    def waits(self, made, name, **more):
        self.start_instance(made, {}, id=name, **more)
        return self.becomes(name, "waiting")

    def file(self, name, text):
        """A file that the page calls `name`."""
        path = self.folder / f"{name.lower()}.yaml"
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        self.names[name] = str(path)

    # --- What a page asks ----------------------------------------------------

    def configure(self, more):
        self.settings.update(more)
        sections = {}
        for key, value in self.settings.items():
            section, _, name = key.rpartition(".")
            sections.setdefault(section, []).append((name, value))
        lines = []
        for section, rows in sorted(sections.items()):
            lines += [f"{section}:"] if section else []
            lines += [f"{'  ' * bool(section)}{k}: {v}" for k, v in rows]
        (self.folder / "pawl.yaml").write_text("\n".join(lines) + "\n")

    def read_settings(self, block):
        section = ""
        for line in block.splitlines():
            key, _, value = line.partition(":")
            if not value.strip():
                section = key + "."
            else:
                self.configure({section * line.startswith(" ")
                                + key.strip(): self.fill_in(value.strip())})

    def fill_in(self, command):
        """Each name in capitals becomes what it stands for."""
        for word in sorted(self.names, key=len, reverse=True):
            pattern = rf"(?<![\w$]){re.escape(word)}(?!\w)"
            if re.search(pattern, command):
                made = self.names[word]
                made = made() if callable(made) else made
                command = re.sub(pattern, lambda _, m=made: m, command)
        return command

    def manage(self, what):
        if what == "reload":
            self.process.send_signal(signal.SIGHUP)
        elif what == "start":
            self.process.wait(30)
            self.start()
        else:
            self.stop()
            if what == "restart":
                self.start()

    def step(self, command, code):
        """Carries one step of a page out."""
        if command == "set":
            return self.read_settings(code)
        if command.startswith(ELSEWHERE):
            return None
        if managed := re.fullmatch(r"systemctl (\w+) pawld", command):
            return self.manage(managed[1])
        if logged := re.match(r"journalctl -u pawld -g '([^']+)'", command):
            return wait_until(lambda: re.search(logged[1], self.log()),
                              f"a line of the log has {logged[1]}", 5)
        ready = self.fill_in(command)
        bare = re.sub(r"'[^']*'|\"[^\"]*\"|\$\w+", "", command)
        for word in sorted(self.names, key=len, reverse=True):
            bare = bare.replace(word, "")
        left = set(re.findall(r"\b[A-Z]{2,}\b", bare)) - {"GET", "POST", "PUT"}
        same(sorted(left), [], f"names of {command} that stand for nothing")
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", ready], capture_output=True,
            text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": "/nonexistent",
                 "PAWL_URL": f"http://127.0.0.1:{self.port}",
                 **self.variables})
        self.said = ran.stdout
        same(ran.returncode, code, f"{ready}: {ran.stdout}{ran.stderr}")
        return None

    def carry_out(self, code, part, patience=0.0):
        """Runs what the page has there; within `patience` it must be so."""
        for command, wanted in steps(parts(code)[part]):
            failed = []

            def once(c=command, w=wanted, failed=failed):
                try:
                    self.step(c, w)
                except AssertionError as why:
                    failed[:] = [why]
                    return False
                return True
            try:
                wait_until(once, command, patience)
            except AssertionError:
                raise failed[-1] from None
