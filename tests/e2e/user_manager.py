# SPDX-License-Identifier: MIT
"""A real `systemd --user` with its session bus, for a user and a /run that are nobody else's.

It never runs as root nor in a control group that was there before: a manager that does takes every
process it finds there with it. It has groups of its own, which go with it.
"""
import errno
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from harness import wait_until

MANAGER = "/usr/lib/systemd/systemd"
GROUPS = [pathlib.Path("/sys/fs/cgroup/systemd"), pathlib.Path("/sys/fs/cgroup/unified")]
UID = 65534
GID = 65534
READY = "ready\n"
# In a namespace of its own: nothing of the machine's /run, so neither its buses nor its sessions.
SETUP = f"""set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system /run/dbus /run/user/{UID}
chown {UID}:{GID} /run/user/{UID}
chmod 700 /run/user/{UID}
echo {READY.strip()}
exec cat
"""
_counter = 0


def groups():
    """Where control groups can be made: both trees of a machine that has both, or the one there is."""
    if (pathlib.Path("/sys/fs/cgroup") / "cgroup.procs").exists():
        return [pathlib.Path("/sys/fs/cgroup")]
    return [group for group in GROUPS if (group / "cgroup.procs").exists()]


def reason_to_skip(*programs):
    """Why there cannot be one here, or None."""
    if os.geteuid() != 0:
        return "needs root, to make control groups and mount a /run"
    for name in (MANAGER, "dbus-daemon", "systemctl", "nsenter", "setpriv", "unshare", *programs):
        if not shutil.which(name):
            return f"needs {name}"
    if not pathlib.Path("/usr/lib/systemd/user/dbus.socket").exists():
        return "needs dbus-user-session"
    try:
        pwd.getpwuid(UID)
    except KeyError:
        return f"needs a user {UID}"
    if not groups():
        return "there are no control groups"
    probe = subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /run"],
                           capture_output=True)
    if probe.returncode != 0:
        return "mounts are not allowed here"
    for group in groups():
        made = group / f"envmesh-probe-{os.getpid()}"
        try:
            made.mkdir()
            made.rmdir()
        except OSError:
            return f"control groups cannot be made in {group}"
    return None


def start():
    manager = UserManager()
    try:
        manager.boot()
    except BaseException:
        manager.close()
        raise
    return manager


class UserManager:
    """`home` and `runtime` are paths as they are in there; `seen(path)` is where root finds them."""

    def __init__(self):
        global _counter
        _counter += 1
        self._name = f"envmesh-{os.getpid()}-{_counter}"
        self._groups = []
        self.uid = UID
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="envmesh-manager-"))
        self.home = self.folder / "home"
        self.runtime = pathlib.Path(f"/run/user/{UID}")
        self.bus = f"unix:path={self.runtime}/bus"
        self.log = self.folder / "manager.log"
        self._keeper = None
        self.process = None
        self._others = []
        self.home.mkdir()
        for path in (self.folder, self.home):
            os.chown(path, UID, GID)

    # --- what others use --------------------------------------------------------------------------

    def env(self, **more):
        """The environment of whatever runs in there; None takes a name away."""
        env = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime), "USER": "nobody",
               "LOGNAME": "nobody", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
               "DBUS_SESSION_BUS_ADDRESS": self.bus}
        env.update(more)
        return {name: value for name, value in env.items() if value is not None}

    def inside(self, *words):
        """A command line that runs those words in there, as that user."""
        return ["nsenter", f"--mount=/proc/{self._keeper.pid}/ns/mnt", "--wd=/", "--", "setpriv",
                f"--reuid={UID}", f"--regid={GID}", "--clear-groups", "--", *map(str, words)]

    def run(self, *words, env=None, check=True, **options):
        """Runs to its end; the result is subprocess.run's, with text unless told otherwise."""
        options.setdefault("timeout", 60)
        options.setdefault("text", True)
        done = subprocess.run(self.inside(*words), env=env or self.env(), capture_output=True,
                              **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{words[0]} failed ({done.returncode}): {done.stderr!r}")
        return done

    def popen(self, *words, env=None, **options):
        """Runs on; it is killed with the rest where it has not ended before."""
        process = subprocess.Popen(self.inside(*words), env=env or self.env(), **options)
        self._others.append(process)
        return process

    def systemctl(self, *words, **options):
        return self.run("systemctl", "--user", *words, **options)

    def seen(self, path):
        """The same file, as it is found from outside."""
        return pathlib.Path(f"/proc/{self._keeper.pid}/root") / str(path).lstrip("/")

    def bring(self, program, name=None):
        """A copy of a program at a place that this user may read."""
        place = self.folder / (name or pathlib.Path(program).name)
        shutil.copy(program, place)
        os.chmod(place, 0o755)
        return place

    def restart(self):
        """The manager and its bus end, as after a logout; /run/user and the home stay."""
        self._end_manager()
        self._start_manager()

    # --- its life ---------------------------------------------------------------------------------

    def boot(self):
        for tree in groups():
            group = tree / self._name
            group.mkdir()
            self._groups.append(group)
            self._give(group)
        self._keeper = subprocess.Popen(
            ["unshare", "-m", "--propagation", "slave", "sh", "-c", SETUP], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        if self._keeper.stdout.readline() != READY:
            raise AssertionError("no namespace could be set up")
        self._start_manager()

    @staticmethod
    def _give(group):
        os.chown(group, UID, GID)
        for name in ("cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control"):
            if (group / name).exists():
                os.chown(group / name, UID, GID)

    def _start_manager(self):
        # The shell enters the groups before it becomes the manager, and has no child on the way.
        entering = "".join(f"echo $$ > {group}/cgroup.procs && " for group in self._groups)
        script = f'{entering}exec "$@"'
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", script, "sh", *self.inside(MANAGER, "--user", "--log-target=console")],
                env=self.env(DBUS_SESSION_BUS_ADDRESS=None), stdin=subprocess.PIPE, stdout=log,
                stderr=log)
        wait_until(self._is_up, f"the manager is up; it said {self.log.read_text()[-2000:]!r}")

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the manager ended: {self.log.read_text()[-2000:]!r}")
        state = self.systemctl("is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded") and self.seen(self.runtime / "bus").exists()

    def _end_manager(self):
        if self.process is None:
            return
        self._end(self.process, signal.SIGTERM)
        self.process.stdin.close()
        self.process = None
        self._empty_groups()

    @staticmethod
    def _end(process, kind):
        if process.poll() is None:
            process.send_signal(kind)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()

    def _inhabitants(self):
        for top in self._groups:
            for group in [top, *(path for path in top.rglob("*") if path.is_dir())]:
                try:
                    yield from map(int, (group / "cgroup.procs").read_text().split())
                except OSError:
                    pass  # it went meanwhile

    def _empty_groups(self):
        """Whoever is still in a group of ours was started by that manager."""
        for _ in range(200):
            left = set(self._inhabitants())
            if not left:
                return
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        raise AssertionError("processes of the manager do not end")

    def _remove_groups(self):
        for top in self._groups:
            below = sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True)
            for group in [*below, top]:
                self._remove(group)

    @staticmethod
    def _remove(group):
        for _ in range(100):
            try:
                return group.rmdir()
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
            time.sleep(0.05)
        raise AssertionError(f"{group} stays busy")

    def close(self):
        for process in self._others:
            self._end(process, signal.SIGKILL)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        self._end_manager()
        self._empty_groups()
        self._remove_groups()
        if self._keeper:
            self._end(self._keeper, signal.SIGKILL)
            self._keeper.stdin.close()
            self._keeper.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
