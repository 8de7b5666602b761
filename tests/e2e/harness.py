# SPDX-License-Identifier: MIT
"""Real daemons and the real command line, each node in a home of its own, on loopback only.

Every process is ended by its own id and every wait has an end. Nothing here asserts how long
something takes: a condition is polled for until it holds or PATIENCE is over.
"""
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

PATIENCE = float(os.environ.get("ENVMESH_PATIENCE", "60"))
PASSWORD = "correct horse battery staple"
SERVER_CONFIG = """[server]
mode = "server-preferred"
listen = "127.0.0.1"
port = {port}
{extra}
[client]
enable_cloud = false
enable_lan = false
"""
ALONE = "[client]\nenable_lan = false\n"  # nothing is said on the network of whoever runs the tests


def program(name):
    """ENVMESH_BIN (installed programs) wins over what CMake built."""
    folder = os.environ.get("ENVMESH_BIN")
    key = name.replace("-", "_").upper()  # ENVMESH_DAEMON, ENVMESH_CLI
    path = os.path.join(folder, name) if folder else os.environ.get(key)
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError(f"no program {name}: set ENVMESH_BIN to the folder that holds it")
    return os.path.abspath(path)


def daemon_program():
    return program("envmesh-daemon")


def cli_program():
    return program("envmesh-cli")


def is_sanitized():
    with open(daemon_program(), "rb") as file:
        image = file.read()
    return b"__asan_init" in image or b"__tsan_init" in image


def wait_until(condition, what, patience=PATIENCE, pause=0.05):
    """The first true value of `condition`; fails naming `what`."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"did not happen: {what}")
        time.sleep(pause)


class Command:
    """A command of the CLI that is spoken with while it runs; its standard output is JSON lines."""

    def __init__(self, arguments, environment):
        self.process = subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._lines = queue.Queue()
        self._errors = []
        self._readers = [threading.Thread(target=self._read_output, daemon=True),
                         threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()

    def _read_output(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self._errors.append(line)

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def event(self, name, patience=PATIENCE):
        """The next event of that name; others that come before are passed over."""
        end = time.monotonic() + patience
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no event {name!r} came; {self.errors()!r}") from None
            if line is None:
                raise AssertionError(f"ended before the event {name!r}; {self.errors()!r}")
            event = json.loads(line)
            if event.get("event") == name:
                return event

    def errors(self):
        return b"".join(self._errors).decode(errors="replace")

    def finish(self, patience=PATIENCE):
        code = self.process.wait(timeout=patience)
        for reader in self._readers:
            reader.join(timeout=patience)
        return code

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass


class Node:
    """One machine: a home folder, a daemon, and the command line that speaks to it."""

    def __init__(self, home, name, config=ALONE):
        self.home = pathlib.Path(home)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = name
        self.log_file = self.home.parent / f"{self.home.name}.log"
        self.password_file = self.home.parent / f"{self.home.name}.password"
        self.password_file.write_text(PASSWORD + "\n")
        self.process = None
        self.prefix = []  # of the daemon's command line: into another network
        self.arguments = []
        self._commands = []
        self.configure(config)

    @property
    def socket(self):
        return self.home / "daemon.sock"

    def configure(self, text):
        new = self.home / "config.toml.new"
        new.write_text(text)
        new.rename(self.home / "config.toml")  # whole at any moment: somebody may be reading it

    def environment(self, **more):
        kept = {key: value for key, value in os.environ.items()
                if key in ("TERM", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")}
        path = os.path.dirname(cli_program()) + ":/usr/local/bin:/usr/bin:/bin"
        return {**kept, "PATH": path, "HOME": str(self.home), "ENVMESH_HOME": str(self.home), **more}

    # The daemon.
    def start(self, wait=True, environment=None, **options):
        assert self.process is None or self.process.poll() is not None, "it runs already"
        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, daemon_program(), *self.arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment or self.environment(), **options)
        if wait:
            wait_until(self._is_ready, f"the daemon of {self.name} gets ready\n{self.log()}")
        return self

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon of {self.name} ended with {self.process.returncode}:\n"
                                 + self.log())
        return " ready " in self.log()

    def log(self):
        """What the daemon has said since it was last started."""
        with open(self.log_file, "rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    def wait_log(self, pattern):
        return wait_until(lambda: re.search(pattern, self.log()),
                          f"{pattern!r} in the log of {self.name}")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Does nothing any more, and its socket is there."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def terminate(self):
        """Asks it to end as a service manager does; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def close(self):
        for command in self._commands:
            command.stop()
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()

    # The command line.
    def cli(self, *arguments, stdin=b"", timeout=PATIENCE, **more):
        if isinstance(stdin, str):
            stdin = stdin.encode()
        return subprocess.run([cli_program(), *arguments], input=stdin, capture_output=True,
                              env=self.environment(**more), timeout=timeout)

    def ok(self, *arguments, stdin=b"", **more):
        """Standard output of a command that must succeed."""
        done = self.cli(*arguments, stdin=stdin, **more)
        assert done.returncode == 0, (f"{self.name}: {arguments[0]} exited with {done.returncode}: "
                                      f"{done.stderr.decode(errors='replace')}\n{self.log()[-2000:]}")
        return done.stdout

    def command(self, *arguments):
        command = Command([cli_program(), *arguments], self.environment())
        self._commands.append(command)
        return command

    def status(self):
        return json.loads(self.cli("status", "--json").stdout)

    def unlock(self):
        self.ok("unlock", "--password-file", str(self.password_file))

    def restart(self):
        assert self.terminate() == 0
        self.start()
        self.unlock()

    def set(self, key, value):
        self.ok("set", key, "-", stdin=value)

    def get(self, key):
        """The exact bytes; None when there is no such variable."""
        done = self.cli("get", "-n", key)
        if done.returncode == 3:
            assert done.stdout == b""
            return None
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sees(self, key, value):
        if isinstance(value, str):
            value = value.encode()
        wait_until(lambda: self.get(key) == value, f"{key} arrives at {self.name}")

    def sync(self):
        """Until nothing is missing on either side; also ends a pause between two attempts."""
        wait_until(lambda: self.cli("sync", "--wait", "5s").returncode == 0,
                   f"{self.name} is in step with the server")

    def json(self, *arguments, **more):
        return json.loads(self.ok(*arguments, "--json", **more))

    def delete_everything(self):
        for variable in self.json("list"):
            self.ok("delete", variable["key"], "--scope", variable["scope"])
        for profile in self.json("profile", "list"):
            self.ok("profile", "delete", profile["name"])

    def listed(self, key):
        for variable in json.loads(self.ok("list", "--json")):
            if variable["key"] == key:
                return variable
        return None


class Server(Node):
    """A blind cloud server. It keeps its port when it is started again."""

    def __init__(self, home, name="server", extra="", port=0):
        super().__init__(home, name)
        self.extra = extra
        self.port = port
        self.key = None

    def start(self, wait=True, environment=None, **options):
        self.configure(SERVER_CONFIG.format(port=self.port, extra=self.extra))
        super().start(wait, environment, **options)
        if wait:
            found = self.wait_log(r"listening address=\S+ port=(\d+) key=([0-9a-f]{64})")
            self.port, self.key = int(found[1]), found[2]
        return self

    def restart(self):
        assert self.terminate() == 0
        self.start()

    @property
    def url(self):
        return f"wss://127.0.0.1:{self.port}"


class Playground:
    """A private folder with nodes in it; all of it is gone after `close`."""

    def __init__(self):
        # Short, since the path of a local socket has at most 100 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="em-", dir="/tmp"))
        self.nodes = []

    def node(self, name, config=ALONE, start=True):
        node = Node(self.folder / name, name, config)
        self.nodes.append(node)
        return node.start() if start else node

    def server(self, name="server", extra="", port=0, start=True):
        server = Server(self.folder / name, name, extra, port)
        self.nodes.append(server)
        return server.start() if start else server

    def first(self, server, name="a", port=None):
        """The first machine of a new mesh; `port` leads there by another way, such as a proxy."""
        node = self.node(name)
        url = f"wss://127.0.0.1:{port}" if port else server.url
        node.ok("init", "--name", name, "--server", url, "--server-key", server.key,
                "--password-file", str(node.password_file))
        node.sync()
        return node

    def joined(self, admin, name="b"):
        node = self.node(name)
        join(admin, node)
        return node

    def close(self):
        for node in reversed(self.nodes):
            node.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def invite(admin, *arguments):
    """A running `invite`, and its code."""
    command = admin.command("invite", "--json", *arguments)
    return command, command.event("code")["code"]


def begin_join(node, code):
    command = node.command("join", "--json", "--name", node.name,
                           "--password-file", str(node.password_file))
    command.say(code)
    return command


def join(admin, node):
    """The whole ceremony as two people go through it."""
    inviting, code = invite(admin)
    joining = begin_join(node, code)
    joiner = inviting.event("joiner")
    assert joiner["name"] == node.name
    assert re.fullmatch(r"\d{6}", joiner["check"])
    assert joining.event("check")["check"] == joiner["check"], "both screens show the same digits"
    inviting.say("yes")
    device = inviting.event("done")["device"]
    assert joining.event("done")["device"] == device
    assert inviting.finish() == 0, inviting.errors()
    assert joining.finish() == 0, joining.errors()
