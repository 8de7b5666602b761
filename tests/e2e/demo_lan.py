# SPDX-License-Identifier: MIT
"""The local network as a story: five machines and a server in the internet, all on this computer.

Every command that is shown is the one that runs. ENVMESH_BIN is the folder with the programs.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import harness
import lan
from harness import wait_until
from network import Host

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "config-examples"
CLOUD = "cloud.example.com"
ELECTION = 2 * harness.PATIENCE  # a machine changes its role at most once a minute
CONFIGS = {"laptop": "client", "desktop": "client", "studio": "client", "buildbox": "client-only",
           "nas": "lan-only"}
LISTEN = """python3 - <<'END'
import time, zeroconf
kind, heard = "_envmesh._tcp.local.", []
network = zeroconf.Zeroconf()
zeroconf.ServiceBrowser(network, kind, [lambda **news: heard.append(news["name"])])
time.sleep(2)
for server in [network.get_service_info(kind, name) for name in heard]:
    print(server.name, server.parsed_addresses(), server.port, server.properties)
END"""

PLAIN = not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR"))
BOLD, DIM, GREEN, RED, END = [""] * 5 if PLAIN else ["\033[1m", "\033[2m", "\033[32m", "\033[31m",
                                                     "\033[0m"]


def show(where, line):
    line = line.replace("\n", f"\n{'> ':>13}")
    print(f"  {DIM}{where:8} $ {line}{END}", flush=True)


def say(text):
    print(f"    {GREEN}{text}{END}", flush=True)


def quote(output):
    for line in output.splitlines():
        print(f"    {line}", flush=True)


class Story:
    def __init__(self):
        self.lan = lan.Lan()
        self.nodes = []
        self.step = "the beginning"
        self.written = {}
        os.chdir(self.lan.folder)
        pathlib.Path("config-examples").symlink_to(EXAMPLES)
        pathlib.Path("password").write_text("a password of your own\n")
        try:
            self.cloud = self.host("internet", "cloud-server")
            self.hosts = [self.host(name, config) for name, config in CONFIGS.items()]
            self.laptop, self.desktop, self.studio, self.buildbox, self.nas = self.hosts
        except BaseException:
            self.close()
            raise

    def host(self, name, config):
        host = Host(self.lan.machine(name))
        self.nodes.append(host)
        host.password_file = "password"
        host.arguments = ["--config", f"config-examples/{config}.toml"]
        host.resolve(**{CLOUD: self.nodes[0].machine.address})
        return host

    def chapter(self, text):
        self.step = text
        print(f"\n{BOLD}{text}{END}", flush=True)

    def on(self, host, line):
        """Shows the command as it is typed there, and runs it there."""
        show(host.name, line)
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True,
                              timeout=harness.PATIENCE, env=host.environment())
        assert done.returncode == 0, f"`{line}` on {host.name}: {done.stderr}"
        quote(done.stdout)
        return done.stdout.strip()

    def start(self, host):
        show(host.name, f"envmesh-daemon {' '.join(host.arguments)} &")
        host.start()

    def start_again(self, host):
        self.start(host)
        self.on(host, "envmesh-cli unlock --password-file password")

    def kill(self, host):
        self.on(host, f"kill -9 {host.process.pid}")
        host.process.wait()

    def set(self, host, key, value):
        self.on(host, f"envmesh-cli set {key}='{value}'")
        self.written[key] = value

    def all_get(self, key, *hosts):
        for host in hosts:
            host.sees(key, self.written[key])
        for host in hosts:
            self.on(host, f"envmesh-cli get {key}")

    def close(self):
        for node in self.nodes:
            node.close()
        self.lan.close()


def open_a_cloud(story):
    story.chapter("A server in the internet that can read nothing")
    example = " ".join(story.cloud.arguments)
    key = story.on(story.cloud, f"envmesh-daemon {example} --print-server-key")
    story.on(story.cloud, f"envmesh-daemon {example} --print-join-token >token")
    story.start(story.cloud)
    return key


def begin_a_mesh(story, key):
    story.chapter("A mesh of four machines")
    story.start(story.laptop)
    story.on(story.laptop, f"envmesh-cli init --name laptop --server wss://{CLOUD}:8765 "
                           f"--server-key {key} --server-token-file token --password-file password")
    story.laptop.sync()
    for other in (story.desktop, story.studio, story.buildbox):
        join(story, other)


def join(story, newcomer):
    story.start(newcomer)
    show("laptop", "envmesh-cli invite --json")
    show(newcomer.name, f"envmesh-cli join --json --name {newcomer.name} --password-file password")
    harness.join(story.laptop, newcomer)
    say(f"both showed the same six digits: {newcomer.name} is a device of the mesh")


def go_over_the_cloud(story):
    story.chapter("In step over the cloud")
    story.set(story.laptop, "GREETING", "hello everyone")
    story.all_get("GREETING", story.desktop, story.studio, story.buildbox)


def lose_the_cloud(story):
    story.chapter("The cloud dies")
    story.kill(story.cloud)
    elect(story, "WITHOUT_CLOUD", story.desktop, story.laptop, story.studio)


def serving(hosts):
    return [one for one in hosts if one.is_running() and one.status()["serves"]]


def elect(story, key, writer, *others):
    """They go on without what was just lost."""
    began = time.monotonic()
    story.set(writer, key, f"set on the {writer.name}")
    first = wait_until(lambda: serving([writer, *others]), "a machine elects itself", ELECTION)[0]
    say(f"after {time.monotonic() - began:.1f} s: the {first.name} has elected itself")
    for one in others:
        wait_until(lambda: one.get(key) == story.written[key].encode(), f"{key} at {one.name}", ELECTION)
    say(f"after {time.monotonic() - began:.1f} s: everyone on the network has the change")
    story.all_get(key, *others)
    more = [one.name for one in serving(others) if one is not first]
    if more:
        say(f"and so has the {' and the '.join(more)}: of several, the lowest id remains after a minute")


def grow(story):
    story.chapter("A machine that never leaves this network joins, without any cloud")
    join(story, story.nas)
    story.all_get("WITHOUT_CLOUD", story.nas)
    story.set(story.nas, "FROM_THE_NAS", "good to be here")
    story.all_get("FROM_THE_NAS", story.laptop, story.desktop, story.studio)
    story.chapter("The buildbox only ever uses the cloud: it waits")
    story.set(story.buildbox, "OFFLINE", "set where only the cloud is used")
    story.on(story.buildbox, "envmesh-cli status")


def listen_in(story):
    story.chapter("What a visitor hears on this network")
    began = time.monotonic()
    wait_until(lambda: len(serving(story.hosts)) == 1, "one server remains", ELECTION, pause=0.5)
    if time.monotonic() - began > 1:
        say(f"{time.monotonic() - began:.0f} s later one server remains")
    visitor = story.lan.machine("visitor")
    visitor.start_bus()
    visitor.start_avahi()
    for line in ("avahi-browse -rt _envmesh._tcp", LISTEN):
        show("visitor", line)
        output = visitor.run("bash", "-c", f"PATH=/usr/bin:/bin; {line}")
        assert "8765" in output, "the elected server is not found"
        quote(output)
    say("an address, and a tag that only members can tell from noise")


def lose_the_server(story):
    server, = serving(story.hosts)
    story.chapter(f"The {server.name} dies too")
    story.kill(server)
    elect(story, "WITHOUT_SERVER",
          *(one for one in (story.laptop, story.desktop, story.studio, story.nas) if one is not server))
    story.start_again(server)
    story.all_get("WITHOUT_SERVER", server)


def return_to_the_cloud(story):
    story.chapter("The cloud is back")
    story.start(story.cloud)
    users = [one for one in story.hosts if one is not story.nas]
    for one in users:
        story.on(one, "envmesh-cli sync --wait 20s")
    began = time.monotonic()
    say("nobody trusts it at once: it must have been there for 30 s, and up to 30 s more")
    for one in users:
        wait_until(lambda: one.status()["tier"] == "cloud", f"{one.name} is back", ELECTION, pause=0.5)
    say(f"after {time.monotonic() - began:.0f} s: all are back on the cloud, the nas through them")


def count(story):
    story.chapter("Nothing was lost")
    for key, value in story.written.items():
        for host in story.hosts:
            host.sees(key, value)
    story.on(story.laptop, "envmesh-cli list --values")
    for host in story.hosts:
        found = {one["key"]: one["value"] for one in json.loads(host.ok("list", "--values", "--json"))}
        assert found == story.written, f"{host.name} has {found}"
    say(f"all five machines have these {len(story.written)}, and no other")


def tell(story):
    key = open_a_cloud(story)
    begin_a_mesh(story, key)
    go_over_the_cloud(story)
    lose_the_cloud(story)
    grow(story)
    listen_in(story)
    lose_the_server(story)
    return_to_the_cloud(story)
    count(story)


def last_words(story, error):
    print(f"\n{RED}The demo failed at: {story.step}: {error}{END}", file=sys.stderr)
    for node in story.nodes:
        if node.log_file.exists():
            lines = node.log_file.read_text(errors="replace").splitlines()[-12:]
            print(f"\n{BOLD}{node.name}{END}", *lines, sep="\n", file=sys.stderr)


def main():
    reason = lan.reason_to_skip("bash", "unshare", "avahi-browse", "avahi-daemon", "dbus-daemon")
    if reason:
        sys.exit(f"demo: five machines on one computer are network namespaces, and those cannot be made: {reason}")
    os.environ["ENVMESH_BIN"] = os.path.dirname(harness.cli_program())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    print(f"{BOLD}EnvMesh{END}  five machines on a network of their own and a server in the internet")
    story = Story()
    try:
        tell(story)
    except KeyboardInterrupt:
        sys.exit(130)
    except (AssertionError, subprocess.SubprocessError, RuntimeError) as error:
        last_words(story, error)
        sys.exit(1)
    finally:
        story.close()
    print(f"\n{BOLD}{GREEN}Everything held.{END}")


main()
