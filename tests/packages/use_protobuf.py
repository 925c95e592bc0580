"""protobuf==7.36.2: messages, with a type made here"""


class Use:
    def process(self, item):
        from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

        file = descriptor_pb2.FileDescriptorProto(name="a.proto", package="p", syntax="proto3")
        message = file.message_type.add(name="M")
        message.field.add(name="n", number=1, type=5, label=1)
        message.field.add(name="s", number=2, type=9, label=3)
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        M = message_factory.GetMessageClass(pool.FindMessageTypeByName("p.M"))
        data = M(n=150, s=["a", "b"]).SerializeToString()
        assert data == b"\x08\x96\x01\x12\x01a\x12\x01b" and M.FromString(data).n == 150
        return json_format.MessageToDict(M.FromString(data))
