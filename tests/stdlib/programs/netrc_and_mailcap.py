"""Small parsers on text in memory: netrc rules by hand, mbox messages, sequences of headers."""

import email.parser
import email.utils
import io
import mailbox

INPUT = "From ann Fri Mar 15 10:15:00 2024\nSubject: one\n\nfirst body\n>From here\n\nFrom bob Sat Mar 16 11:00:00 2024\nSubject: two\nMessage-ID: <x@y>\n\nsecond\n"


class Program:
    def process(self, item):
        messages = []
        for chunk in ("\n" + item).split("\nFrom ")[1:]:
            head, _, rest = chunk.partition("\n")
            message = mailbox.mboxMessage(email.parser.Parser().parse(io.StringIO(rest)))
            message.set_from(head)
            message.add_flag("R")
            messages.append(message)
        feed = email.parser.BytesFeedParser()
        for line in b"A: 1\nB: two\n\nbody\n".splitlines(True):
            feed.feed(line)
        return {
            "subjects": [m["subject"] for m in messages],
            "froms": [m.get_from() for m in messages],
            "flags": [m.get_flags() for m in messages],
            "bodies": [m.get_payload().strip() for m in messages],
            "fed": feed.close().items(),
            "date": email.utils.formatdate(1710497700, usegmt=True),
            "parsed": email.utils.parsedate_tz("Fri, 15 Mar 2024 10:15:00 +0200")[:6],
        }
