"""beautifulsoup4==4.15.0: HTML as it comes"""


class Use:
    def process(self, item):
        from bs4 import BeautifulSoup

        soup = BeautifulSoup("<p class=a>One<p>Two <a href='/x'>link</a>", "html.parser")
        assert soup.select_one("p.a").get_text().startswith("One")
        assert soup.find("a")["href"] == "/x"
        soup.a.string = "changed"
        return soup.prettify()
