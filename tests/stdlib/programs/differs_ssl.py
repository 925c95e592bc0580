"""TLS: contexts can be made, connections need OpenSSL."""

INPUT = "TLS"


class Program:
    def process(self, item):
        import ssl

        result = {"purpose": ssl.Purpose.SERVER_AUTH.oid}
        try:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.set_alpn_protocols(["h2"])
            result["context"] = [
                context.verify_mode == ssl.CERT_REQUIRED,
                context.check_hostname,
                context.minimum_version.name,
            ]
            context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="example.org")
            result["wrapped"] = True
        except NotImplementedError as error:
            result["error"] = type(error).__name__
        return result
