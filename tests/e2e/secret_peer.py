# SPDX-License-Identifier: MIT
"""A Secret Service that does as the JSON object in its first argument says, and prints each call:

silent_at, dies_at, errs_at, garbage_at: the name of a call, or "everything"
locked, missing: of its collection       prompt: "ever", "dismissed", "granted", "lies", "dies", "nowhere"
after: seconds until a question is answered
gives: "other", "long", "empty"          answers a secret like this instead of what it holds
keeps: false                             forgets what it is given; copies: how many more it holds of each
asks_at: the name of a call (CreateItem, Delete) that answers with a question
"""
import json
import os
import sys

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib

ROOT = "/org/freedesktop/secrets"
COLLECTION = ROOT + "/collection/test"
ELSEWHERE = ROOT + "/collection/other/copy"
PROMPT = ROOT + "/prompt/p1"
GIVEN = {"other": b"another secret", "long": b"x" * 1025, "empty": b""}


class Peer:
    def __init__(self, bus, what):
        self.bus, self.what = bus, what
        self.locked = bool(what.get("locked"))
        self.items = {}
        if "holds" in what:
            self.items[COLLECTION + "/1"] = what["holds"].encode()

    def is_at(self, trouble, name):
        return self.what.get(trouble) in (name, "everything")

    def heard(self, bus, message):
        if message.get_type() != dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL:
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        name = message.get_member()
        print(name, flush=True)
        if self.is_at("dies_at", name):
            os._exit(0)
        if not self.is_at("silent_at", name):
            self.answer(message, name)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def answer(self, message, name):
        if self.is_at("errs_at", name):
            self.refuse(message, "org.example.Broken")
        elif self.is_at("garbage_at", name):
            self.give(message, "sas", "garbage", ["of", "another", "form"])
        elif hasattr(self, "do_" + name):
            getattr(self, "do_" + name)(message, *message.get_args_list(byte_arrays=True))
        else:
            self.refuse(message, "org.freedesktop.DBus.Error.UnknownMethod")

    def give(self, message, signature="", *values):
        reply = dbus.lowlevel.MethodReturnMessage(message)
        if signature:
            reply.append(*values, signature=signature)
        self.bus.send_message(reply)

    def refuse(self, message, error):
        self.bus.send_message(dbus.lowlevel.ErrorMessage(message, error, "a text that nobody may repeat"))

    def prompt_at(self, name):
        return PROMPT if self.what.get("asks_at") == name else "/"

    def do_ReadAlias(self, message, alias):
        self.give(message, "o", "/" if self.what.get("missing") else COLLECTION)

    def do_Get(self, message, interface, name):
        self.give(message, "v", self.locked)

    def do_OpenSession(self, message, algorithm, argument):
        if algorithm != "plain":
            return self.refuse(message, "org.freedesktop.DBus.Error.NotSupported")
        self.give(message, "vo", dbus.String("", variant_level=1), ROOT + "/session/1")

    def do_SearchItems(self, message, attributes):
        found = list(self.items)
        if self.items:
            found = [f"{ELSEWHERE}{i}" for i in range(self.what.get("copies", 0))] + found
        empty = dbus.Array([], signature="o")
        paths = dbus.Array(found, signature="o")
        self.give(message, "aoao", *((empty, empty) if self.locked else (paths, empty)))

    def do_GetSecret(self, message, session):
        secret = self.items.get(message.get_path(), b"a copy")
        secret = GIVEN.get(self.what.get("gives"), secret)
        self.give(message, "(oayays)", (session, dbus.ByteArray(b""), dbus.ByteArray(secret), "text/plain"))

    def do_CreateItem(self, message, properties, secret, replace):
        path = COLLECTION + "/2"
        if self.what.get("keeps", True):
            self.items = {path: bytes(secret[2])}
        self.give(message, "oo", path, self.prompt_at("CreateItem"))

    def do_Delete(self, message):
        self.items.pop(message.get_path(), None)
        self.what["copies"] = 0
        self.give(message, "o", self.prompt_at("Delete"))

    def do_Unlock(self, message, paths):
        prompt = ROOT + "/prompt/nowhere" if self.what.get("prompt") == "nowhere" else PROMPT
        self.give(message, "aoo", dbus.Array([], signature="o"), prompt)

    def do_Prompt(self, message, window):
        if message.get_path() != PROMPT:
            return self.refuse(message, "org.freedesktop.DBus.Error.UnknownObject")
        self.give(message)
        how = self.what.get("prompt")
        if how == "dies":
            self.bus.flush()
            os._exit(0)
        if how == "ever":
            return
        GLib.timeout_add(1000 * self.what.get("after", 0), self.complete, how)

    def complete(self, how):
        if how == "granted":
            self.locked = False
        done = dbus.lowlevel.SignalMessage(PROMPT, "org.freedesktop.Secret.Prompt", "Completed")
        done.append(how == "dismissed", dbus.Array([], signature="o", variant_level=1), signature="bv")
        self.bus.send_message(done)

    def do_Dismiss(self, message):
        self.give(message)


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
    bus.add_message_filter(Peer(bus, json.loads(sys.argv[1])).heard)
    bus.request_name("org.freedesktop.secrets")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
