"""The expat parser itself: handlers, positions, chunks."""

from xml.parsers import expat

INPUT = ["<r a='1'", "><x>te", "xt</x><![CDATA[raw]]>", "<?pi data?></r>"]


class Program:
    def process(self, item):
        events = []
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attrs: events.append(["start", name, attrs])
        parser.EndElementHandler = lambda name: events.append(["end", name])
        parser.CharacterDataHandler = lambda data: events.append(["data", data])
        parser.ProcessingInstructionHandler = lambda target, data: events.append(["pi", target, data])
        parser.StartCdataSectionHandler = lambda: events.append(["cdata"])
        for part in item:
            parser.Parse(part, False)
        parser.Parse("", True)
        broken = expat.ParserCreate()
        try:
            broken.Parse("<a>\n  <b></a>", True)
        except expat.ExpatError as error:
            problem = [error.lineno, expat.ErrorString(error.code)]
        spaced = expat.ParserCreate(namespace_separator=" ")
        names = []
        spaced.StartElementHandler = lambda name, attrs: names.append(name)
        spaced.Parse("<p:a xmlns:p='urn:x'/>", True)
        merged = []
        for event in events:
            if event[0] == "data" and merged and merged[-1][0] == "data":
                merged[-1] = ["data", merged[-1][1] + event[1]]  # where text is cut is not fixed
            else:
                merged.append(event)
        return {"events": merged, "problem": problem, "names": names, "line": parser.CurrentLineNumber}
