"""Sockets: a pair, and a listening one."""

import socket

INPUT = "ping"


class Program:
    def process(self, item):
        try:
            a, b = socket.socketpair()
        except (OSError, AttributeError, NotImplementedError) as error:
            return {"error": "no socket pair"}
        with a, b:
            a.sendall(item.encode())
            return {"received": b.recv(10).decode()}
