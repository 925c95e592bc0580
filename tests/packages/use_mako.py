"""mako==1.4.3: templates in Python"""


class Use:
    def process(self, item):
        import tempfile

        from mako.lookup import TemplateLookup
        from mako.template import Template

        assert (
            Template("${x | h}\n% for n in range(2):\n${n}\n% endfor\n").render(x="<")
            == "&lt;\n0\n1\n"
        )
        lookup = TemplateLookup(module_directory=tempfile.mkdtemp())
        lookup.put_string("base", "<p>${self.body()}</p>")
        lookup.put_string("page", '<%inherit file="base"/>text')
        return lookup.get_template("page").render()
