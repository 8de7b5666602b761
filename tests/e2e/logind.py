# SPDX-License-Identifier: MIT
"""A logind that is acted, on a private bus. `Stage` starts both; this file run as a program is logind.

It says what it is told to say, true or not: org.freedesktop.login1 by hand, message by message.
"""
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import threading

from harness import wait_until

NAME = "org.freedesktop.login1"
TOP = "/org/freedesktop/login1"
BUS_CONFIG = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>"""


def reason_to_skip():
    if not shutil.which("dbus-daemon"):
        return "needs dbus-daemon"
    probe = subprocess.run(["/usr/bin/python3", "-c", "import dbus, gi"], capture_output=True)
    return None if probe.returncode == 0 else "needs python3-dbus and python3-gi"


class Stage:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="envmesh-logind-"))
        self.socket = self.folder / "bus"
        self.address = f"unix:path={self.socket}"
        self.bus = self.logind = None
        self._watchers = []

    def start_bus(self):
        config = self.folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=self.socket))
        self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork",
                                     "--print-address"], stdout=subprocess.PIPE)
        assert self.bus.stdout.readline()

    def start_logind(self, **session_by_name):
        self.logind = subprocess.Popen(["/usr/bin/python3", "-B", __file__, self.address],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.logind.stdout.readline() == "ready\n"
        for name, session in session_by_name.items():
            self.act("session", name, session)

    def act(self, *words):
        self.logind.stdin.write(json.dumps(words) + "\n")
        self.logind.stdin.flush()
        return json.loads(self.logind.stdout.readline())

    def held(self):
        return self.act("held")

    def watch(self, program):
        watcher = Watcher(program, self.address)
        self._watchers.append(watcher)
        return watcher

    @staticmethod
    def end(process):
        if process:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()

    def end_logind(self):
        self.end(self.logind)
        self.logind = None

    def end_bus(self):
        self.end(self.bus)
        self.bus = None
        self.socket.unlink(missing_ok=True)

    def close(self):
        for watcher in self._watchers:
            watcher.end()
        self.end_logind()
        self.end(self.bus)
        shutil.rmtree(self.folder, ignore_errors=True)


class Watcher:
    """What our side makes of it."""

    def __init__(self, program, address):
        self.process = subprocess.Popen([program, address], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.news, self._answers = [], []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            kind, _, rest = line.strip().partition(" ")
            (self.news if kind == "news" else self._answers).append(rest)

    def _ask(self, word):
        count = len(self._answers)
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        wait_until(lambda: len(self._answers) > count, f"an answer to {word}", pause=0.01)
        return self._answers[-1]

    def state(self):
        return self._ask("state")

    def ready(self):
        self._ask("ready")

    def is_watching(self):
        state = self.state()
        return state == "watching" or "only sleep" in state

    def watching(self):
        wait_until(self.is_watching, "it watches")
        return self

    def hears(self, *news):
        """Exactly these, from its start on."""
        wait_until(lambda: len(self.news) >= len(news), f"{news}, not {self.news}", pause=0.01)
        assert self.news == list(news)

    def end(self):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._reader.join(timeout=5)
        self.process.stdout.close()
        return self.process.wait()


class Actor:
    def __init__(self, address):
        import dbus
        import dbus.lowlevel
        import dbus.mainloop.glib
        self.dbus = dbus
        dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
        self.bus = dbus.bus.BusConnection(address)
        self.sessions, self.inhibitors = {}, []
        self.mood = "honest"
        self.preparing = False
        self.bus.add_message_filter(self.on_message)
        assert self.bus.request_name(NAME) == dbus.bus.REQUEST_NAME_REPLY_PRIMARY_OWNER

    def on_message(self, _, message):
        dbus = self.dbus
        if message.get_type() != dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL:
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        if self.mood == "silent":
            return dbus.lowlevel.HANDLER_RESULT_HANDLED
        try:
            signature, arguments = self.answer(message)
            reply = dbus.lowlevel.MethodReturnMessage(message)
            reply.append(*arguments, signature=signature)
        except KeyError:
            reply = dbus.lowlevel.ErrorMessage(
                message, "org.freedesktop.DBus.Error.UnknownObject", "gone")
        self.bus.send_message(reply)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def answer(self, message):
        dbus, member, path = self.dbus, message.get_member(), message.get_path()
        if self.mood == "types" and member != "GetAll":
            return "as", [["no"]]
        if self.mood == "properties" and member == "GetAll":
            return "a{sv}", [{"User": 7, "Class": 5, "Type": ["x"], "LockedHint": "yes"}]
        if member == "ListSessions":
            return "a(susso)", [[(name, one["uid"], "x", "", f"{TOP}/session/{name}")
                                 for name, one in self.sessions.items()]]
        if member == "GetAll":
            one = self.sessions[path.rpartition("/")[2]]
            return "a{sv}", [{
                "User": dbus.Struct((dbus.UInt32(one["uid"]), dbus.ObjectPath(f"{TOP}/user/u")),
                                    signature="uo"),
                "Class": one["Class"], "Type": one["Type"], "State": one["State"],
                "LockedHint": dbus.Boolean(one["LockedHint"])}]
        if member == "Get":
            return "v", [dbus.Boolean(self.preparing)]
        if member == "Inhibit":
            assert [str(x) for x in message.get_args_list()][::3] == ["sleep:shutdown", "delay"]
            own, theirs = os.pipe()
            self.inhibitors.append(own)
            handed = dbus.types.UnixFd(theirs)
            os.close(theirs)
            return "h", [handed]
        raise KeyError(member)

    def signal(self, path, interface, member, signature, *arguments):
        message = self.dbus.lowlevel.SignalMessage(path, interface, member)
        message.append(*arguments, signature=signature)
        self.bus.send_message(message)

    def manager(self, member, signature, *arguments):
        self.signal(TOP, f"{NAME}.Manager", member, signature, *arguments)

    # What it is told to do.

    def do_session(self, name, session):
        self.sessions[name] = {"uid": os.getuid(), "Class": "user", "Type": "wayland",
                               "State": "active", "LockedHint": False, **session}
        self.manager("SessionNew", "so", name, f"{TOP}/session/{name}")

    def do_gone(self, name):
        self.sessions.pop(name, None)
        self.manager("SessionRemoved", "so", name, f"{TOP}/session/{name}")

    def do_hint(self, name, value):
        self.sessions[name]["LockedHint"] = value
        self.do_changed(name, {"LockedHint": value})

    def do_changed(self, name, properties, **more):
        self.sessions.get(name, {}).update(more)
        self.signal(f"{TOP}/session/{name}", "org.freedesktop.DBus.Properties",
                    "PropertiesChanged", "sa{sv}as", f"{NAME}.Session", properties, [])

    def do_closing(self, name):
        self.sessions[name]["State"] = "closing"
        self.do_changed(name, {"Active": False})

    def do_ask(self, name, member):
        self.signal(f"{TOP}/session/{name}", f"{NAME}.Session", member, "")

    def do_sleep(self, begins):
        self.preparing = begins
        self.manager("PrepareForSleep", "b", begins)

    def do_shutdown(self, begins):
        self.manager("PrepareForShutdown", "b", begins)

    def do_mood(self, mood):
        self.mood = mood

    def do_say(self, member, signature, *arguments):
        self.manager(member, signature, *arguments)

    def do_say_of(self, name, interface, member, signature, *arguments):
        self.signal(f"{TOP}/session/{name}", interface, member, signature, *arguments)

    def do_held(self):
        poll = select.poll()
        for one in self.inhibitors:
            poll.register(one, select.POLLIN)
        closed = {number for number, _ in poll.poll(0)}
        return len(set(self.inhibitors) - closed)


def main():
    from gi.repository import GLib
    actor = Actor(sys.argv[1])
    loop = GLib.MainLoop()

    def on_line(*_):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        word, *arguments = json.loads(line)
        result = getattr(actor, f"do_{word}")(*arguments)
        actor.bus.flush()
        print(json.dumps(result), flush=True)
        return True

    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, on_line)
    print("ready", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
