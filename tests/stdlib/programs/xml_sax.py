"""SAX events, a filter, and XML written by events."""

import io
import xml.sax
from xml.sax.saxutils import XMLFilterBase, XMLGenerator, escape, quoteattr, unescape

INPUT = "<feed><item n='1'>first</item><item n='2'>second</item><skip>this</skip></feed>"


class Recorder(xml.sax.ContentHandler):
    def __init__(self):
        super().__init__()
        self.events, self.depth, self.deepest = [], 0, 0

    def startElement(self, name, attrs):
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        self.events.append(["<", name, dict(attrs)])

    def endElement(self, name):
        self.depth -= 1
        self.events.append([">", name])

    def characters(self, content):
        self.events.append(["t", content])


class Drop(XMLFilterBase):
    dropping = False

    def startElement(self, name, attrs):
        self.dropping = name == "skip"
        if not self.dropping:
            super().startElement(name.upper(), attrs)

    def endElement(self, name):
        if not self.dropping:
            super().endElement(name.upper())
        self.dropping = False

    def characters(self, content):
        if not self.dropping:
            super().characters(content)


class Program:
    def process(self, item):
        recorder = Recorder()
        xml.sax.parseString(item.encode(), recorder)
        out = io.StringIO()
        filtered = Drop(xml.sax.make_parser())
        filtered.setContentHandler(XMLGenerator(out, short_empty_elements=True))
        filtered.parse(io.BytesIO(item.encode()))
        try:
            xml.sax.parseString(b"<a><b></a>", Recorder())
        except xml.sax.SAXParseException as error:
            place = [error.getLineNumber(), error.getColumnNumber()]
        return {
            "events": recorder.events,
            "deepest": recorder.deepest,
            "filtered": out.getvalue(),
            "error": place,
            "escapes": [escape("<a&b>", {"'": "&apos;"}), quoteattr('say "hi"'), unescape("&lt;&amp;")],
        }
