"""robots.txt rules, and a request that is only built, never sent."""

from urllib.request import Request
from urllib.robotparser import RobotFileParser

INPUT = "User-agent: fast\nCrawl-delay: 2\nDisallow: /private/\n\nUser-agent: *\nAllow: /public/\nDisallow: /\nSitemap: http://x/map.xml\n"


class Program:
    def process(self, item):
        rules = RobotFileParser()
        rules.parse(item.splitlines())
        request = Request("http://example.com:80/path?q=1", data=b"a=1", headers={"X-Custom": "yes"})
        request.add_header("User-Agent", "tests")
        return {
            "fast": [rules.can_fetch("fast", p) for p in ("/", "/private/x", "/privately")],
            "others": [rules.can_fetch("other", p) for p in ("/", "/public/x")],
            "delay": [rules.crawl_delay("fast"), rules.crawl_delay("other")],
            "maps": rules.site_maps(),
            "request": [request.get_method(), request.host, request.selector, request.type],
            "headers": sorted(request.header_items()),
        }
