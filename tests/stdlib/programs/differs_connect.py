"""A connection out, to a port of this machine where no one listens."""

import socket

INPUT = ["127.0.0.1", 9]


class Program:
    def process(self, item):
        try:
            socket.create_connection(tuple(item), timeout=0.5).close()
        except ConnectionRefusedError:
            return {"error": "refused by the machine"}
        except Exception as error:
            return {"error": "not possible", "is_os_error": isinstance(error, (OSError, AttributeError))}
        return {"connected": True}
