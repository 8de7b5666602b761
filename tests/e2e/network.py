# SPDX-License-Identifier: MIT
"""A mesh on a local network: a cloud server and some machines, each in a network namespace of its own."""
import harness
import lan

PORT = 8765
CLOUD = f"""[server]
mode = "server-preferred"
listen = "0.0.0.0"
port = {PORT}
new_meshes = "open"
[client]
enable_cloud = false
enable_lan = false
"""
MACHINE = f"""[server]
mode = "auto"
port = {PORT}
"""
GUEST = """[server]
mode = "client-only"
"""
BIND_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"'


class Host(harness.Node):
    """A node on a machine of a Lan."""

    def __init__(self, machine, config=harness.ALONE):
        super().__init__(machine.lan.folder / f"home-{machine.name}", machine.name, config)
        self.machine = machine
        self.prefix = ["ip", "netns", "exec", machine.namespace]

    def environment(self, **more):
        # An avahi-daemon behind the system's bus speaks on another network.
        return super().environment(DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.machine.bus}", **more)

    def resolve(self, **addresses):
        """Names that its daemon knows from now on; the /etc/hosts of everyone else stays as it is."""
        hosts = self.machine.folder / "hosts"
        hosts.write_text("".join(f"{address} {name}\n" for name, address in
                                 {"localhost": "127.0.0.1", **addresses}.items()))
        self.prefix += ["unshare", "-m", "sh", "-c", BIND_HOSTS, str(hosts)]


class Network:
    def __init__(self, *configs):
        self.lan = lan.Lan()
        self.nodes = []
        try:
            self.cloud = self.host("cloud", CLOUD).start()
            self.key = self.cloud.wait_log(r"key=([0-9a-f]{64})")[1]
            self.machines = self.mesh("machine", *configs)
        except BaseException:
            self.close()
            raise

    def host(self, name, config):
        host = Host(self.lan.machine(name), config)
        self.nodes.append(host)
        return host

    def mesh(self, name, *configs):
        """The members of a new mesh."""
        first, *others = members = [self.host(f"{name}{i}", config).start()
                                    for i, config in enumerate(configs)]
        first.ok("init", "--name", first.name, "--server",
                 f"wss://{self.cloud.machine.address}:{PORT}", "--server-key", self.key,
                 "--password-file", str(first.password_file))
        first.sync()
        for other in others:
            harness.join(first, other)
        return members

    def servers(self):
        return [one for one in self.machines if one.is_running() and one.status()["serves"]]

    def all_see(self, key, value):
        for one in self.machines:
            if one.is_running():
                one.sees(key, value)

    def all_change(self, label):
        """A change made on each reaches all others."""
        for one in self.machines:
            one.set(f"{label}_{one.name}", f"by {one.name}")
        for one in self.machines:
            self.all_see(f"{label}_{one.name}", f"by {one.name}")

    def close(self):
        for node in reversed(self.nodes):
            node.close()
        self.lan.close()
