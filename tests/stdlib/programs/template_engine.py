"""A small template language: a lexer, nested blocks, filters, escaping."""

import html
import re

INPUT = {
    "template": "<h1>{{ title|upper }}</h1>{% for p in people %}{% if p.age %}<li>{{ p.name }} ({{ p.age }})</li>{% else %}<li>{{ p.name|title }}?</li>{% end %}{% end %}{{ raw|safe }}",
    "data": {"title": "a <b> c", "people": [{"name": "ann", "age": 30}, {"name": "bob & co", "age": 0}], "raw": "<hr>"},
}

FILTERS = {"upper": str.upper, "title": str.title, "safe": None}


def parse(tokens):
    nodes = []
    for token in tokens:
        if token.startswith("{{"):
            nodes.append(("value", token[2:-2].strip()))
        elif token.startswith("{%"):
            words = token[2:-2].split()
            match words:
                case ["for", name, "in", where]:
                    nodes.append(("for", name, where, parse(tokens)[0]))
                case ["if", what]:
                    yes, end = parse(tokens)
                    nodes.append(("if", what, yes, parse(tokens)[0] if end == "else" else []))
                case [end]:
                    return nodes, end
        elif token:
            nodes.append(("text", token))
    return nodes, None


def look(path, scope):
    for part in path.split("."):
        scope = scope[part]
    return scope


def render(nodes, scope):
    for node in nodes:
        match node:
            case ("text", text):
                yield text
            case ("value", expression):
                path, *filters = expression.split("|")
                value = str(look(path, scope))
                for name in filters:
                    value = FILTERS[name](value) if FILTERS[name] else value
                yield value if "safe" in filters else html.escape(value)
            case ("for", name, where, body):
                for value in look(where, scope):
                    yield from render(body, {**scope, name: value})
            case ("if", what, yes, no):
                yield from render(yes if look(what, scope) else no, scope)


class Program:
    def process(self, item):
        tokens = re.split(r"(\{\{.*?\}\}|\{%.*?%\})", item["template"])
        nodes, _ = parse(iter(tokens))
        try:
            "".join(render([("value", "nope")], item["data"]))
        except KeyError as error:
            missing = error.args[0]
        return {"html": "".join(render(nodes, item["data"])), "tokens": len(tokens), "missing": missing}
