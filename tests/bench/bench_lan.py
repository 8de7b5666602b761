# SPDX-License-Identifier: MIT
"""Figures of five machines on one network whose cloud server dies, comes back or flaps.

A round begins with daemons that were all started afresh: a network that has lost a server takes
two minutes to be as it was. They differ from old ones in one point: nobody has changed its role in
the last minute, which may put off its next change. Rounds that mostly wait run in several networks
at the same time, which share nothing but the processors.
"""
import argparse
import json
import math
import os
import pathlib
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import harness
import ipc
import lan
from harness import wait_until
from network import MACHINE, Network

HOSTS = 5
LONGEST = 150  # seconds; what is not there then counts as lost
OPENING = threading.Semaphore(os.cpu_count())  # a password takes a processor for a moment


def state(host):
    with ipc.Caller(host) as caller:
        return caller.ask(id=1, call="status")


class Site:
    """A network, and who listens on it."""

    def __init__(self, logs):
        self.logs = logs and pathlib.Path(logs)
        self.network = Network(*[MACHINE] * HOSTS)
        self.hosts, self.cloud = self.network.machines, self.network.cloud
        self.arrivals = ipc.Arrivals()
        self.number = 0
        self.written = []  # key, writer, when
        self.elected = []  # how many, each time

    def restore(self, server=None):
        """All daemons afresh and on the cloud; or without a cloud, on that server."""
        for host in [*self.hosts, self.cloud]:
            if host.is_running():
                host.terminate()
        self.network.lan.move(self.cloud.machine, "lan0")
        if server:
            self.open(server)
            wait_until(lambda: state(server)["serves"], f"{server.name} serves")
        else:
            self.cloud.start()
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.open, [host for host in self.hosts if host is not server]))
        wanted = {"lan", "serving"} if server else {"cloud"}
        wait_until(lambda: {state(host)["tier"] for host in self.hosts} <= wanted, f"all are on {wanted}")

    def open(self, host):
        host.start()
        with OPENING:
            host.unlock()
        self.arrivals.watch(host)

    def serving(self):
        return [host for host in self.hosts if host.is_running() and state(host)["serves"]]

    def write(self, writer):
        self.number += 1
        key = f"CHANGE_{self.number}"
        began = time.monotonic()
        with ipc.Caller(writer) as caller:
            answer = caller.ask(id=1, call="set", items=[{"key": key, "value": key.lower()}])
        assert answer.get("ok"), answer
        self.written.append((key, writer, began))
        return key

    def delay(self, key, writer, began):
        """Seconds until every other running host had it; infinite when it is lost."""
        others = [host for host in self.hosts if host is not writer and host.is_running()]
        last = self.arrivals.last(key, others, LONGEST)
        return math.inf if last is None else last - began

    def seen_everywhere(self, title, writer, began):
        """A change is made at once. Seconds from the loss until it is everywhere."""
        delay = self.delay(self.write(writer), writer, began)
        self.keep_logs(title, began, delay)
        time.sleep(1)  # whoever is going to serve as well does by now
        self.elected.append(len(self.serving()))
        return delay

    def keep_logs(self, title, began, delay):
        if not self.logs:
            return
        self.logs.mkdir(parents=True, exist_ok=True)
        at = time.time() - (time.monotonic() - began)
        with open(self.logs / f"{title}-{delay:06.2f}-{time.time_ns()}.log", "w") as file:
            print(time.strftime("%FT%T", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z begin", file=file)
            for host in [self.cloud, *self.hosts]:
                print(f"== {host.name} {host.machine.address}\n{host.log()}", file=file)

    def keep_writing(self, seconds):
        """A change on any of the hosts every so many seconds, until what is returned is called."""
        ended = threading.Event()

        def run():
            while not ended.wait(seconds):
                self.write(random.choice(self.hosts))
        writer = threading.Thread(target=run)
        writer.start()

        def end():
            ended.set()
            writer.join()
        return end

    def delays(self):
        """Of all changes so far."""
        return [self.delay(*change) for change in self.written]

    def close(self):
        self.network.close()
        self.arrivals.close()


# What is measured, once each.

def kill_cloud(site):
    site.restore()
    time.sleep(random.uniform(0, 1))
    began = time.monotonic()
    site.cloud.kill()
    return site.seen_everywhere("cloud-killed", random.choice(site.hosts), began)


def swallow_cloud(site):
    time.sleep(random.uniform(0, 20))  # anywhere between two pings
    began = time.monotonic()
    site.network.lan.move(site.cloud.machine, None)
    return site.seen_everywhere("cloud-swallowed", random.choice(site.hosts), began)


def kill_server(site):
    """Nothing when another served as well."""
    server, *others = random.sample(site.hosts, HOSTS)
    site.restore(server)
    time.sleep(random.uniform(0, 2))
    began = time.monotonic()
    if site.serving() != [server]:
        return site.keep_logs("two-servers", began, 0)
    server.kill()
    return site.seen_everywhere("server-killed", others[0], began)


def bring_cloud_back(site, away):
    """Seconds until all are on it, and the delays of all changes until nobody serves any more."""
    site.restore()
    site.cloud.kill()
    time.sleep(away)
    site.written.clear()
    end = site.keep_writing(0.2)
    began = time.monotonic()
    site.cloud.start()
    wait_until(lambda: all(state(host)["tier"] == "cloud" for host in site.hosts), "all are back",
               2 * LONGEST, pause=0.2)
    back = time.monotonic() - began
    wait_until(lambda: not site.serving(), "nobody serves any more", LONGEST, pause=1)
    end()
    delays = site.delays()
    site.keep_logs("cloud-back", began, back)
    return back, delays


def flap(site, minutes):
    """Times of the changes of role of each host, and the delays of all changes."""
    site.restore()
    site.written.clear()
    end = site.keep_writing(1)
    roles, changes = {}, {host.name: [] for host in site.hosts}
    began = time.monotonic()
    while time.monotonic() < began + 60 * minutes:
        up = int((time.monotonic() - began) / 5) % 2 == 1
        if up != site.cloud.is_running():
            site.cloud.start() if up else site.cloud.kill()
        for host in site.hosts:
            serves = state(host)["serves"]
            if roles.get(host.name, False) != serves:
                changes[host.name].append(time.monotonic())
            roles[host.name] = serves
        time.sleep(0.5)
    end()
    delays = site.delays()
    site.keep_logs("flapping", began, 0)
    return changes, delays


def counters(host):
    link = json.loads(lan.Lan.run_in(host.machine.namespace, "ip", "-s", "-j", "link", "show",
                                     "eth0").stdout)[0]["stats64"]
    return [link["rx"][what] + link["tx"][what] for what in ("bytes", "packets")]


def idle(site, minutes):
    """For each host whether it serves, and bytes and packets in and out for each hour."""
    site.restore()
    site.cloud.kill()
    wait_until(lambda: len(site.serving()) == 1, "one server remains", LONGEST, pause=1)
    time.sleep(90)  # who has found whom is no news any more, and attempts to reach the cloud are rare
    before = [counters(host) for host in site.hosts]
    time.sleep(60 * minutes)
    after = [counters(host) for host in site.hosts]
    return [(state(host)["serves"], *((last - first) * 60 / minutes for first, last in zip(a, b)))
            for host, a, b in zip(site.hosts, before, after)]


# What is printed.

def row(title, text):
    print(f"{title:38} {text}", flush=True)


def percentile(values, share):
    return sorted(values)[math.ceil(share * len(values)) - 1]


def mean(counts):
    return f"{sum(counts) / len(counts):.1f} of {HOSTS} on average"


def spread(seconds):
    return (f"p50 {percentile(seconds, 0.5):.2f} s, p95 {percentile(seconds, 0.95):.2f} s, "
            f"worst {max(seconds):.2f} s of {len(seconds)}; {seconds.count(math.inf)} lost")


def most_in_a_minute(times):
    return max((sum(1 for other in times if 0 <= other - one < 60) for one in times), default=0)


class Report:
    def __init__(self, options):
        self.options = options
        self.sites = []

    def some(self, count):
        """So many networks."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self.sites += pool.map(lambda _: Site(self.options.logs), range(len(self.sites), count))
        for site in self.sites:
            site.elected.clear()
        return self.sites[:count]

    def together(self, rounds, prepare, measure):
        """Rounds in several networks at the same time; all are ready before the first begins."""
        results = []
        while len(results) < rounds:
            sites = self.some(min(self.options.networks, rounds - len(results)))
            with ThreadPoolExecutor(len(sites)) as pool:
                list(pool.map(prepare, sites))
                results += pool.map(measure, sites)
        return results

    def kill_cloud(self):
        site, = self.some(1)
        taken = [kill_cloud(site) for _ in range(self.options.rounds)]
        row("cloud killed: change seen everywhere", f"{spread(taken)}   (aim: p95 3 s)")
        row("  machines that elected themselves", mean(site.elected))

    def swallow_cloud(self):
        taken = self.together(self.options.rounds, Site.restore, swallow_cloud)
        row("cloud swallows all: the same", f"{spread(taken)}   (aim: p95 45 s)")

    def kill_server(self):
        site, = self.some(1)
        taken, others = [], 0
        while len(taken) < self.options.rounds and others <= self.options.rounds:
            delay = kill_server(site)
            others += delay is None
            taken += [] if delay is None else [delay]
        row("server killed, no cloud: the same", f"{spread(taken)}   (aim: p95 5 s)")
        row("  machines that elected themselves", f"{mean(site.elected)}; not counted: {others} rounds "
            "in which another machine served as well")

    def bring_cloud_back(self):
        away = self.options.away
        found = self.together(self.options.failbacks, lambda site: None,
                              lambda site: bring_cloud_back(site, away))
        delays = [delay for _, some in found for delay in some]
        row("cloud back: all are on it again", f"{spread([back for back, _ in found])}   (aim: 90 s); "
            f"it was away for {away} s")
        row("  changes meanwhile, five a second", f"{spread(delays)}   (aim: worst 1 s)")

    def flap(self):
        minutes = self.options.flap_minutes
        changes, delays = flap(self.some(1)[0], minutes)
        most = max(most_in_a_minute(times) for times in changes.values())
        row("cloud comes and goes every 5 s", f"{minutes} min; changes of role by machine: "
            f"{', '.join(str(len(times)) for times in changes.values())}; most in a minute: {most}   (aim: 1)")
        row("  changes meanwhile, one a second", spread(delays))

    def idle(self):
        minutes = self.options.idle_minutes
        for serves, size, packets in sorted(idle(self.some(1)[0], minutes)):
            row(f"idle, no cloud: {'the server' if serves else 'a guest'}",
                f"{size / 1000:.0f} kB and {packets:.0f} packets an hour, in and out "
                f"(from {minutes} min)")

    def close(self):
        for site in self.sites:
            site.close()


PARTS = ["kill_cloud", "swallow_cloud", "kill_server", "bring_cloud_back", "flap", "idle"]


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench lan")
    parser.add_argument("--rounds", type=int, default=50, help="of each loss")
    parser.add_argument("--failbacks", type=int, default=10)
    parser.add_argument("--away", type=float, default=90, help="seconds without a cloud before it is back")
    parser.add_argument("--flap-minutes", type=float, default=10)
    parser.add_argument("--idle-minutes", type=float, default=5)
    parser.add_argument("--networks", type=int, default=5, help="how many wait at the same time")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--logs", help="a folder for what the daemons say in each round")
    return parser.parse_args()


def main():
    options = parse()
    reason = lan.reason_to_skip()
    if reason:
        sys.exit(f"bench: five machines on one computer are network namespaces, and those cannot be made: {reason}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    report = Report(options)
    print(f"{HOSTS} machines and a cloud server, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; "
          f"each round on fresh daemons, waiting rounds in {options.networks} networks at the same time")
    try:
        for part in options.only:
            getattr(report, part)()
    finally:
        report.close()


main()
