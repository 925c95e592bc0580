"""jinja2==3.1.6: templates that inherit, loop and filter"""


class Use:
    def process(self, item):
        from jinja2 import DictLoader, Environment, select_autoescape

        pages = {
            "base": "<h1>{% block title %}{% endblock %}</h1>",
            "page": "{% extends 'base' %}{% block title %}{{ names | map('upper') | join(', ') }}"
            "{% for n in names if n != 'b' %}-{{ loop.index }}{% endfor %}{% endblock %}",
        }
        environment = Environment(
            loader=DictLoader(pages), autoescape=select_autoescape(default=True)
        )
        text = environment.get_template("page").render(names=["a", "<b>"])
        assert text == "<h1>A, &lt;B&gt;-1-2</h1>"
        return text
