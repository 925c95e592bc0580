"""Stands in for OpenSSL; the numbers are those of its headers, as far as `ssl` needs them."""

from __future__ import annotations

from remotemedia.runtime.standins import missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_refuse = missing("TLS", "there is no network; let the host fetch the data and pass it as input")

OPENSSL_VERSION_NUMBER = 0
OPENSSL_VERSION_INFO = _OPENSSL_API_VERSION = (0, 0, 0, 0, 0)
OPENSSL_VERSION = "none (the sandbox has no TLS)"
_DEFAULT_CIPHERS = ""
HAS_SNI = HAS_ECDH = HAS_ALPN = HAS_PSK = HAS_PHA = False
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_TLSv1 = HAS_TLSv1_1 = HAS_TLSv1_2 = HAS_TLSv1_3 = False

PROTOCOL_SSLv23 = PROTOCOL_TLS = 2
PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2 = 3, 4, 5
PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER = 16, 17
PROTO_MINIMUM_SUPPORTED, PROTO_MAXIMUM_SUPPORTED = -2, -1
PROTO_SSLv3, PROTO_TLSv1, PROTO_TLSv1_1, PROTO_TLSv1_2, PROTO_TLSv1_3 = range(0x300, 0x305)

OP_ALL = 0x80000050
OP_NO_SSLv2, OP_NO_SSLv3, OP_NO_TLSv1 = 0, 0x2000000, 0x4000000
OP_NO_TLSv1_1, OP_NO_TLSv1_2, OP_NO_TLSv1_3 = 0x10000000, 0x8000000, 0x20000000
OP_CIPHER_SERVER_PREFERENCE, OP_NO_COMPRESSION, OP_NO_TICKET = 0x400000, 0x20000, 0x4000
OP_SINGLE_DH_USE = OP_SINGLE_ECDH_USE = 0
OP_NO_RENEGOTIATION, OP_IGNORE_UNEXPECTED_EOF = 0x40000000, 0x80
OP_ENABLE_MIDDLEBOX_COMPAT, OP_LEGACY_SERVER_CONNECT = 0x100000, 0x4

CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = range(3)
VERIFY_DEFAULT, VERIFY_CRL_CHECK_LEAF, VERIFY_CRL_CHECK_CHAIN = 0, 0x4, 0xC
VERIFY_X509_STRICT, VERIFY_X509_TRUSTED_FIRST = 0x20, 0x8000
VERIFY_X509_PARTIAL_CHAIN, VERIFY_ALLOW_PROXY_CERTS = 0x80000, 0x40
ENCODING_PEM, ENCODING_DER = 1, 2
HOSTFLAG_NEVER_CHECK_SUBJECT = 0x20

SSL_ERROR_SSL, SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE = 1, 2, 3
SSL_ERROR_WANT_X509_LOOKUP, SSL_ERROR_SYSCALL, SSL_ERROR_ZERO_RETURN = 4, 5, 6
SSL_ERROR_WANT_CONNECT, SSL_ERROR_EOF, SSL_ERROR_INVALID_ERROR_CODE = 7, 8, 10

ALERT_DESCRIPTION_CLOSE_NOTIFY, ALERT_DESCRIPTION_HANDSHAKE_FAILURE = 0, 40
ALERT_DESCRIPTION_INTERNAL_ERROR, ALERT_DESCRIPTION_UNKNOWN_CA = 80, 48


class SSLError(OSError):
    """Would say what went wrong in TLS."""


class SSLZeroReturnError(SSLError):
    """Would say that the other side ended TLS."""


class SSLWantReadError(SSLError):
    """Would say that more has to be read."""


class SSLWantWriteError(SSLError):
    """Would say that more has to be written."""


class SSLSyscallError(SSLError):
    """Would say that the system refused."""


class SSLEOFError(SSLError):
    """Would say that the connection was cut off."""


class SSLCertVerificationError(SSLError, ValueError):
    """Would say what is wrong with a certificate."""


class _Setting:
    """A setting of a context, which `ssl` reads and writes through properties of its own."""

    def __init__(self, default: object) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = f"setting {name}"

    def __get__(self, context: Any, owner: type | None = None) -> Any:
        return self if context is None else vars(context).get(self._key, self._default)

    def __set__(self, context: Any, value: object) -> None:
        vars(context)[self._key] = value


def _take(*_: object, **__: object) -> None:
    """Take a setting that nothing asks for."""


class _SSLContext:
    """Holds settings, as clients make them when they are imported. No connection can be made."""

    options = _Setting(OP_ALL)
    verify_flags = _Setting(VERIFY_DEFAULT)
    verify_mode = _Setting(CERT_NONE)
    minimum_version = _Setting(PROTO_MINIMUM_SUPPORTED)
    maximum_version = _Setting(PROTO_MAXIMUM_SUPPORTED)
    post_handshake_auth = _Setting(False)
    check_hostname = _Setting(False)
    sni_callback = _Setting(None)
    keylog_filename = _Setting(None)
    _msg_callback = _Setting(None)

    def __new__(cls, protocol: int = PROTOCOL_TLS) -> _SSLContext:
        """Make a context with what `ssl` says are the defaults of a protocol."""
        context = object.__new__(cls)
        vars(context)["protocol"] = protocol
        if protocol == PROTOCOL_TLS_CLIENT:
            context.verify_mode = CERT_REQUIRED
            context.check_hostname = True
        return context

    set_ciphers = set_default_verify_paths = load_verify_locations = _take
    _set_alpn_protocols = _set_npn_protocols = set_ecdh_curve = _take
    load_cert_chain = _wrap_socket = _wrap_bio = _refuse

    def get_ca_certs(self, binary_form: bool = False) -> list[object]:
        """No certificate is read."""
        return []

    def get_ciphers(self) -> list[object]:
        """There are none."""
        return []

    def cert_store_stats(self) -> dict[str, int]:
        """No certificate is read."""
        return {"x509": 0, "crl": 0, "x509_ca": 0}


class _SSLSocket:
    """Would be a connection."""

    __init__ = _refuse


class MemoryBIO:
    """Would be a buffer."""

    __init__ = _refuse


class SSLSession:
    """Would be a session."""

    __init__ = _refuse


class Certificate:
    """Would be a certificate."""

    __init__ = _refuse


# What `ssl.Purpose` is made of: number, short name, long name, identifier.
_OBJECTS = (
    (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"),
    (130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"),
)


def txt2obj(text: str, name: bool = False) -> tuple[int, str, str, str]:
    """What is known of an identifier."""
    for known in _OBJECTS:
        if text == known[3] or (name and text in known[1:3]):
            return known
    raise ValueError(f"unknown object {text!r}")


def nid2obj(number: int) -> tuple[int, str, str, str]:
    """What is known of a number."""
    for known in _OBJECTS:
        if number == known[0]:
            return known
    raise ValueError(f"unknown NID {number}")


RAND_add = RAND_bytes = _test_decode_cert = _refuse


def RAND_status() -> bool:
    """There is no generator of OpenSSL's that could be ready."""
    return False


def get_default_verify_paths() -> tuple[str, str, str, str]:
    """Where certificates would be; there are none."""
    return ("SSL_CERT_FILE", "/etc/ssl/cert.pem", "SSL_CERT_DIR", "/etc/ssl/certs")
