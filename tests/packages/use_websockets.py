"""websockets==17.4: WebSocket's frames without a network"""


class Use:
    def process(self, item):
        from websockets.client import ClientProtocol
        from websockets.frames import Frame, Opcode
        from websockets.server import ServerProtocol
        from websockets.uri import parse_uri

        client, server = ClientProtocol(parse_uri("ws://a/")), ServerProtocol()
        client.send_request(client.connect())
        server.receive_data(b"".join(client.data_to_send()))
        request = server.events_received()[0]
        server.send_response(server.accept(request))
        client.receive_data(b"".join(server.data_to_send()))
        client.events_received()
        client.send_text(b"hello")
        server.receive_data(b"".join(client.data_to_send()))
        frame = server.events_received()[0]
        assert isinstance(frame, Frame) and frame.opcode is Opcode.TEXT
        return frame.data.decode()
