"""pygments==2.21.0: source in colours"""


class Use:
    def process(self, item):
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import get_lexer_by_name, guess_lexer_for_filename

        html = highlight("fn main() {}", get_lexer_by_name("rust"), HtmlFormatter())
        assert '<span class="k">fn</span>' in html
        assert guess_lexer_for_filename("a.py", "import os").name == "Python"
        return html
