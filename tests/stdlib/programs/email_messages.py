"""Mail: parsing headers, multipart messages built and read back, encodings."""

import email
import email.policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import formataddr, getaddresses, parseaddr, parsedate_to_datetime

INPUT = (
    "From: =?utf-8?q?J=C3=BCrgen?= <j@example.com>\r\nTo: a@x.org,\r\n \"B, C\" <b@x.org>\r\n"
    "Subject: hello\r\nDate: Fri, 15 Mar 2024 10:15:00 +0100\r\n"
    "Content-Type: text/plain; charset=\"iso-8859-1\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe=\r\n!\r\n"
)


class Program:
    def process(self, item):
        old = email.message_from_string(item)
        new = email.message_from_string(item, policy=email.policy.default)
        made = EmailMessage()
        made["Subject"] = "Überschrift"
        made["From"] = formataddr(("Ann", "ann@x.org"))
        made.set_content("plain text\n")
        made.add_alternative("<p>html</p>", subtype="html")
        made.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="x.bin")
        back = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
        return {
            "from": [str(make_header(decode_header(old["from"]))), str(new["from"])],
            "to": [address.addr_spec for address in new["to"].addresses],
            "pairs": getaddresses([old["to"].replace("\r\n", "")]),
            "body": new.get_content(),
            "charset": [old.get_content_charset(), old.get_content_type()],
            "date": parsedate_to_datetime(old["date"]).isoformat(),
            "subject": back["subject"],
            "types": [part.get_content_type() for part in back.walk()],
            "attachment": [[p.get_filename(), p.get_content()] for p in back.iter_attachments()],
            "html": back.get_body(("html",)).get_content(),
            "address": parseaddr("Bob <bob@x.org>"),
        }
