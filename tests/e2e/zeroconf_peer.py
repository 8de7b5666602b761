# SPDX-License-Identifier: MIT
"""python3-zeroconf as a neighbour: announces NAME PORT at ADDRESS and prints what it finds, a JSON line each."""
import json
import socket
import sys

import zeroconf

TYPE = "_envmesh._tcp.local."
address, name, port = sys.argv[1:]


class Listener(zeroconf.ServiceListener):
    def add_service(self, zc, kind, full_name):
        info = zc.get_service_info(kind, full_name, timeout=10_000)
        if info:
            text = {key.decode(): (value or b"").decode() for key, value in info.properties.items()}
            print(json.dumps({"found": full_name, "port": info.port, "text": text,
                              "addresses": info.parsed_addresses()}), flush=True)

    update_service = add_service

    def remove_service(self, zc, kind, full_name):
        print(json.dumps({"lost": full_name}), flush=True)


network = zeroconf.Zeroconf(interfaces=[address])
network.register_service(zeroconf.ServiceInfo(
    TYPE, f"{name}.{TYPE}", int(port), properties={"v": "1", "n": "zeroconf"}, server=f"{name}.local.",
    addresses=[socket.inet_aton(address)]))
browser = zeroconf.ServiceBrowser(network, TYPE, Listener())
sys.stdin.read()
network.close()
