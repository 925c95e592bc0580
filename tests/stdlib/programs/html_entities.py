"""HTML: escaping, entities, and a parser that collects links and text."""

import html
import html.entities
from html.parser import HTMLParser

INPUT = '<p class="a b">Tom &amp; J&eacute;r&#244;me <a href="/x?a=1&amp;b=2">link</a><br/><!-- note --><b>bold</p><img src=i.png alt>'


class Collector(HTMLParser):
    def __init__(self):
        super().__init__()
        self.events = []

    def handle_starttag(self, tag, attrs):
        self.events.append(["start", tag, dict(attrs)])

    def handle_startendtag(self, tag, attrs):
        self.events.append(["empty", tag])

    def handle_endtag(self, tag):
        self.events.append(["end", tag])

    def handle_data(self, data):
        self.events.append(["data", data])

    def handle_comment(self, data):
        self.events.append(["comment", data])


class Program:
    def process(self, item):
        parser = Collector()
        for at in range(0, len(item), 1000):
            parser.feed(item[at : at + 1000])
        parser.close()
        raw = HTMLParser(convert_charrefs=False)
        raw.feed("&lt;x")
        return {
            "events": parser.events,
            "text": "".join(e[1] for e in parser.events if e[0] == "data"),
            "escaped": [html.escape("<a b='c'>\"&"), html.escape('"', quote=False)],
            "unescaped": html.unescape("&lt;&nbsp;&notit;&#x1F600;&#128;&amp;amp;&unknown;"),
            "entities": [html.entities.name2codepoint["euro"], html.entities.codepoint2name[169]],
            "position": raw.getpos(),
        }
