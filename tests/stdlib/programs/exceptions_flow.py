"""try, else, finally, chaining, custom exceptions, suppression, return in finally."""

INPUT = ["5", "x", "0", None]


class AppError(Exception):
    def __init__(self, code, **details):
        super().__init__(f"E{code}")
        self.code, self.details = code, details

    def __str__(self):
        return f"[{self.code}] {self.details}"


def convert(text, log):
    try:
        number = int(text)
    except ValueError as error:
        raise AppError(1, text=text) from error
    except TypeError:
        raise AppError(2) from None
    else:
        log.append("else")
    finally:
        log.append("finally")
    return 10 / number


class Program:
    def process(self, item):
        log, results = [], []
        for text in item:
            try:
                results.append(convert(text, log))
            except AppError as error:
                results.append([str(error), error.args, type(error.__cause__).__name__, error.__suppress_context__])
            except ArithmeticError as error:
                results.append(type(error).__mro__[1].__name__)

        def nested():
            for n in range(3):
                try:
                    if n == 1:
                        continue
                    log.append(n)
                finally:
                    log.append(f"f{n}")
            return log[-1]

        try:
            assert item[0] == "6", "not six"
        except AssertionError as error:
            results.append(str(error))
        try:
            error = RuntimeError("kept")
            raise error.with_traceback(None)
        except RuntimeError as caught:
            same = caught is error
        attribute = None
        try:
            attribute = AppError(3).missing
        except AttributeError as problem:
            attribute = problem.name
        return {"results": results, "log": log, "nested": nested(), "same": same, "attribute": attribute, "os": OSError(2, "no", "f").errno}
