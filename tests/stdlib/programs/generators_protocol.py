"""Generators: send, throw, close, yield from, return values, pipelines."""

INPUT = [1, 2, 3, 4, 5, 6]


def averager():
    total = count = 0
    average = None
    while True:
        try:
            value = yield average
        except ValueError:
            total = count = 0
            average = "reset"
            continue
        total, count = total + value, count + 1
        average = total / count


def flatten(value):
    if isinstance(value, list):
        for part in value:
            yield from flatten(part)
    else:
        yield value


def subtotal(values):
    total = 0
    for value in values:
        total += value
        yield total
    return total


def grand(groups):
    result = []
    for group in groups:
        result.append((yield from subtotal(group)))
    return result


class Program:
    def process(self, item):
        average = averager()
        next(average)
        sent = [average.send(value) for value in item[:3]]
        sent.append(average.throw(ValueError("again")))
        sent.append(average.send(100))
        average.close()
        try:
            average.send(1)
        except StopIteration:
            sent.append("stopped")
        run = grand([item[:2], item[2:]])
        totals = []
        try:
            while True:
                totals.append(next(run))
        except StopIteration as stop:
            returned = stop.value
        log = []

        def guarded():
            try:
                yield 1
                yield 2
            finally:
                log.append("cleaned")

        g = guarded()
        next(g)
        g.close()

        def bad():
            yield 1
            raise StopIteration

        try:
            list(bad())
        except RuntimeError as error:
            log.append(type(error).__name__)
        odd = (n for n in item if n % 2)
        squares = (n * n for n in odd)
        return {"sent": sent, "totals": totals, "returned": returned, "log": log, "squares": list(squares), "flat": list(flatten([1, [2, [3, [4]]], 5]))}
