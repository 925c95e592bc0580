"""ElementTree: parsing, searching, changing, namespaces, incremental reading."""

import io
import xml.etree.ElementTree as ET

INPUT = """<?xml version="1.0"?>
<library xmlns:m="urn:media"><book id="1" lang="en"><title>One &amp; only</title><price>9.5</price></book>
<book id="2"><title>Zwei</title><price>12</price><m:cover w="10"/></book><!-- end --></library>"""


class Program:
    def process(self, item):
        root = ET.fromstring(item)
        spaces = {"m": "urn:media"}
        for price in root.iter("price"):
            price.text = f"{float(price.text) * 2:.2f}"
        added = ET.SubElement(root, "book", {"id": "3"})
        ET.SubElement(added, "title").text = "<Drei>"
        root.remove(root.find("book[@id='2']"))
        events = [(event, e.tag) for event, e in ET.iterparse(io.BytesIO(item.encode()), ("start", "end"))]
        puller = ET.XMLPullParser(["end"])
        puller.feed("<a><b/>")
        pulled = [e.tag for _, e in puller.read_events()]
        errors = []
        for text in ("<a>", "<a></b>", "<a b=c/>", "&nope;", "<a>&x;</a>"):
            try:
                ET.fromstring(text)
                errors.append("none")
            except ET.ParseError as error:
                errors.append(list(error.position))
        pretty = ET.fromstring("<a><b><c/></b></a>")
        ET.indent(pretty)
        return {
            "titles": [e.text for e in root.findall("book/title")],
            "paths": [root.findtext("./book/price"), len(root.findall(".//*[@lang='en']")), root.find("nothing")],
            "namespace": ET.fromstring(item).find(".//m:cover", spaces).get("w"),
            "written": ET.tostring(root, encoding="unicode").split("\n")[0],
            "events": events[:5],
            "pulled": pulled,
            "errors": errors,
            "pretty": ET.tostring(pretty, encoding="unicode"),
            "canonical": ET.canonicalize('<a  b="2" a="1"><c></c></a>'),
            "bytes": ET.tostring(ET.fromstring("<ü>é</ü>"), encoding="utf-8", xml_declaration=True),
        }
