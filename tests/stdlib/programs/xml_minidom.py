"""A DOM read, changed and written."""

from xml.dom import Node, minidom

INPUT = "<list kind='todo'><entry done='yes'>wash</entry><entry>cook<![CDATA[<raw>]]></entry><!--note--></list>"


class Program:
    def process(self, item):
        document = minidom.parseString(item)
        root = document.documentElement
        entry = document.createElement("entry")
        entry.appendChild(document.createTextNode("a & <b>"))
        entry.setAttribute("due", "<now>")
        root.insertBefore(entry, root.firstChild)
        kinds = [child.nodeType for child in root.childNodes]
        copy = root.cloneNode(deep=True)
        copy.removeChild(copy.lastChild)
        return {
            "text": ["".join(n.data for n in e.childNodes) for e in root.getElementsByTagName("entry")],
            "attributes": [dict(e.attributes.items()) for e in root.getElementsByTagName("entry")],
            "kinds": [kinds.count(Node.ELEMENT_NODE), kinds.count(Node.COMMENT_NODE)],
            "xml": root.toxml(),
            "pretty": minidom.parseString("<a><b/><c>t</c></a>").toprettyxml(indent=" "),
            "copy": len(copy.childNodes),
            "moved": entry.nextSibling.getAttribute("done"),
        }
