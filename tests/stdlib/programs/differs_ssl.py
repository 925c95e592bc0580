"""TLS: contexts need OpenSSL."""

INPUT = "TLS"


class Program:
    def process(self, item):
        try:
            import ssl
        except ImportError as error:
            return {"error": type(error).__name__, "name": error.name}
        return {"context": ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED}
