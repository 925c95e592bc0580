"""h2==4.4.1: HTTP/2 without a network"""


class Use:
    def process(self, item):
        import h2.config
        import h2.connection
        import h2.events

        client = h2.connection.H2Connection()
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        client.initiate_connection()
        server.initiate_connection()
        headers = [(":method", "GET"), (":path", "/"), (":scheme", "https"), (":authority", "a")]
        client.send_headers(1, headers, end_stream=True)
        events = server.receive_data(client.data_to_send())
        assert any(isinstance(event, h2.events.RequestReceived) for event in events)
        return len(events) > 1
