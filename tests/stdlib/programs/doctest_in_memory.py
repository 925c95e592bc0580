"""Doctests found in a docstring and run."""

import doctest

INPUT = '''
>>> 1 + 1
2
>>> print("a\\n\\nb")
a
<BLANKLINE>
b
>>> [1,  2,
...  3]
[1, 2, 3]
>>> 1 / 0
Traceback (most recent call last):
    ...
ZeroDivisionError: division by zero
>>> list(range(20))  # doctest: +ELLIPSIS
[0, 1, ..., 19]
>>> 2 * 2
5
>>> name
'given'
'''


class Program:
    def process(self, item):
        examples = doctest.DocTestParser().get_examples(item)
        test = doctest.DocTestParser().get_doctest(item, {"name": "given"}, "input", "input.txt", 0)
        reports = []
        runner = doctest.DocTestRunner(verbose=False)
        result = runner.run(test, out=reports.append)
        text = "".join(reports)
        return {
            "examples": [e.source.strip() for e in examples][:3],
            "attempted": result.attempted,
            "failed": result.failed,
            "report": ["Expected:\n    5" in text, "Got:\n    4" in text],
            "options": [sorted(e.options.values()) for e in examples if e.options],
            "script": doctest.script_from_examples(">>> x = 1\n>>> x\n1\n").splitlines(),
        }
