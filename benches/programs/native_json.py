"""Times json.loads, a list comprehension and json.dumps on a million integers.

Reads the JSON text from standard input; prints milliseconds of each round as a JSON list.
"""

import json
import sys
import time

text = sys.stdin.read()
samples = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    numbers = json.loads(text)
    results = [number * 2 + 10 for number in numbers]
    out = json.dumps(results)
    samples.append((time.perf_counter() - start) * 1e3)
    del numbers, results, out
print(json.dumps(samples))
