"""h11==0.16.0: HTTP/1.1 without a network"""


class Use:
    def process(self, item):
        import h11

        client, server = h11.Connection(h11.CLIENT), h11.Connection(h11.SERVER)
        request = h11.Request(method="GET", target="/", headers=[("Host", "a")])
        server.receive_data(client.send(request) + client.send(h11.EndOfMessage()))
        event = server.next_event()
        assert event.method == b"GET" and isinstance(server.next_event(), h11.EndOfMessage)
        return event.target.decode()
