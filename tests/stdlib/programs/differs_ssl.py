"""TLS: contexts need OpenSSL."""

INPUT = "TLS"


class Program:
    def process(self, item):
        import ssl

        result = {"purpose": ssl.Purpose.SERVER_AUTH.oid}
        try:
            result["context"] = ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
        except NotImplementedError as error:
            result["error"] = type(error).__name__
        return result
