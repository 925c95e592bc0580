"""defusedxml==0.7.1: XML that does no harm"""


class Use:
    def process(self, item):
        from defusedxml import EntitiesForbidden, ElementTree

        assert ElementTree.fromstring("<a><b>c</b></a>").find("b").text == "c"
        try:
            ElementTree.fromstring('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
        except EntitiesForbidden:
            return "refused"
