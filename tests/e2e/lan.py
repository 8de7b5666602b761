# SPDX-License-Identifier: MIT
"""Machines on one or more links: network namespaces, joined by bridges in another namespace.

Nothing here touches the networks of the machine that runs the tests, nor its system bus.
"""
import json
import os
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading
import time

from harness import PATIENCE, wait_until

BUS_CONFIG = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>"""
AVAHI_CONFIG = """[server]
use-ipv4=yes
use-ipv6=yes
enable-dbus={dbus}
host-name={name}
[publish]
publish-hinfo=no
publish-workstation=no
"""


def reason_to_skip(*programs):
    for name in ("ip", *programs):
        if not shutil.which(name):
            return f"needs {name}"
    if os.geteuid() != 0:
        return "needs root, to make network namespaces"
    probe = f"envmesh-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True)
    subprocess.run(["ip", "netns", "del", probe], capture_output=True)
    return None if made.returncode == 0 else "network namespaces are not allowed here"


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True)


class Lan:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="envmesh-lan-"))
        self._prefix = f"envmesh-{os.getpid()}-{time.monotonic_ns() % 1_000_000}"
        self._namespaces = []
        self._links = set()
        self._ports = 0
        self.machines = []
        self._listeners = []
        self.hub = self._namespace("hub")

    def _namespace(self, name):
        full = f"{self._prefix}-{name}"
        ip("netns", "add", full)
        self._namespaces.append(full)
        # An IPv6 address is usable at once: nobody else is here to have it too.
        for which in ("all", "default"):
            self.run_in(full, "sysctl", "-q", "-w", f"net.ipv6.conf.{which}.accept_dad=0")
        ip("-n", full, "link", "set", "lo", "up")
        return full

    @staticmethod
    def run_in(namespace, *words, **options):
        return subprocess.run(["ip", "netns", "exec", namespace, *words], check=True,
                              capture_output=True, **options)

    def machine(self, name, links=("lan0",)):
        machine = Machine(self, self._namespace(name), name)
        self.machines.append(machine)
        for number, link in enumerate(links):
            self._join(machine, f"eth{number}", link)
        return machine

    def listen(self, *words):
        """A program where all cables meet; it ends with the network."""
        process = subprocess.Popen(["ip", "netns", "exec", self.hub, *words], stdout=subprocess.PIPE)
        self._listeners.append(process)
        return process

    def move(self, machine, link):
        """Its eth0 to another link; None: to none at all, as if the cable were out."""
        if link is None:
            return ip("-n", self.hub, "link", "set", machine.port, "nomaster")
        self._make(link)
        ip("-n", self.hub, "link", "set", machine.port, "master", link, "up")

    def _make(self, link):
        if link not in self._links:
            ip("-n", self.hub, "link", "add", link, "type", "bridge", "mcast_snooping", "0")
            ip("-n", self.hub, "link", "set", link, "up")
            self._links.add(link)

    def _join(self, machine, interface, link):
        self._make(link)
        self._ports += 1
        port = f"port{self._ports}"
        ip("-n", self.hub, "link", "add", port, "type", "veth", "peer", interface, "netns",
           machine.namespace)
        ip("-n", self.hub, "link", "set", port, "master", link, "up")
        ip("-n", machine.namespace, "link", "set", interface, "up")
        net = sorted(self._links).index(link)
        address = f"10.7{net}.0.{self._ports}"
        ip("-n", machine.namespace, "address", "add", f"{address}/24", "broadcast", "+", "dev",
           interface)
        if interface == "eth0":
            machine.address = address
            machine.port = port
            ip("-n", machine.namespace, "route", "add", "default", "dev", interface)

    def close(self):
        for machine in self.machines:
            machine.close()
        for listener in self._listeners:
            listener.kill()
            listener.wait()
            listener.stdout.close()
        for namespace in self._namespaces:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class Machine:
    def __init__(self, lan, namespace, name):
        self.lan, self.namespace, self.name = lan, namespace, name
        self.folder = lan.folder / name
        self.folder.mkdir()
        self.bus = self.folder / "bus"
        self.address = None  # of eth0
        self.processes = []

    def start(self, *words, private_run=False, **options):
        words = [str(word) for word in words]
        if private_run:
            words = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh",
                     *words]
        environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.bus}")
        process = subprocess.Popen(["ip", "netns", "exec", self.namespace, *words], env=environment,
                                   **options)
        self.processes.append(process)
        return process

    def run(self, *words):
        process = self.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        return output.decode(errors="replace")

    def peer(self):
        return Peer(self)

    def link_local(self):
        """Its IPv6 address, as its neighbours and itself write it."""
        link = ip("-n", self.namespace, "-6", "-j", "address", "show", "eth0", "scope", "link")
        return json.loads(link.stdout)[0]["addr_info"][0]["local"] + "%eth0"

    def mac(self):
        link = ip("-n", self.namespace, "-j", "link", "show", "eth0")
        return json.loads(link.stdout)[0]["address"]

    def start_bus(self):
        config = self.folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=self.bus))
        with open(self.folder / "bus.log", "ab") as log:
            process = self.start("dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile",
                                 stderr=log)
        wait_until(self.bus.exists, "the bus has its socket")
        return process

    def start_avahi(self, dbus="yes"):
        config = self.folder / "avahi.conf"
        config.write_text(AVAHI_CONFIG.format(dbus=dbus, name=self.name))
        log = self.folder / "avahi.log"
        with open(log, "wb") as file:
            process = self.start("avahi-daemon", "-f", config, "--no-drop-root", "--no-chroot",
                                 "--no-rlimits", private_run=True, stdout=file, stderr=file)
        wait_until(lambda: b"Server startup complete" in log.read_bytes(), "avahi-daemon runs")
        return process

    def memory(self, process):
        """Resident bytes."""
        pages = pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                try:
                    stream.close() if stream else None
                except OSError:
                    pass  # it ended before it had read everything


class Peer:
    """A Discovery of ours (tests/support/discovery_peer.cpp) and what it has said so far."""

    def __init__(self, machine):
        self.machine = machine
        self.log_file = machine.folder / "peer.log"
        with open(self.log_file, "ab") as log:
            self.process = machine.start(os.environ["ENVMESH_DISCOVERY_PEER"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=log)
        self.known = {}
        self.events = []
        self._answers = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "found":
                self.known[event["instance"]] = event
            elif event["event"] == "lost":
                del self.known[event["instance"]]
            else:
                self._answers.put(event)
            self.events.append(event)

    def say(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words).encode() + b"\n")
        self.process.stdin.flush()

    def announce(self, name, port, **text):
        self.say("announce", name, port, *(f"{key}={value}" for key, value in text.items()))
        return self._answers.get(timeout=PATIENCE)["error"]

    def state(self):
        self.say("state")
        return self._answers.get(timeout=PATIENCE)

    def finds(self, name, patience=PATIENCE, **expected):
        def seen():
            event = self.known.get(name)
            return event if event and expected.items() <= event.items() else None
        return wait_until(seen, f"{name} is found {expected}", patience)

    def loses(self, name):
        wait_until(lambda: name not in self.known, f"{name} is lost")

    def uses(self, responder):
        wait_until(lambda: self.state()["responder"] == responder, f"{responder} is used")

    def end(self):
        self.process.stdin.close()
        self.process.stdin = None
        assert self.process.wait(timeout=PATIENCE) == 0, self.log_file.read_text(errors="replace")
        self._reader.join(timeout=PATIENCE)
        assert self.events[-1] == {"event": "ended"}
