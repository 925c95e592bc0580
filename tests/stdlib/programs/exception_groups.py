"""Exception groups: except*, split, subgroup, nesting, notes, causes."""

INPUT = ["value", "type", "ok", "os", "value"]


def fail(kind):
    errors = {"value": ValueError, "type": TypeError, "os": OSError}
    if kind in errors:
        raise errors[kind](f"bad {kind}")
    return kind


class Program:
    def process(self, item):
        errors, results, log = [], [], []
        for kind in item:
            try:
                results.append(fail(kind))
            except Exception as error:
                error.add_note(f"while {kind}")
                errors.append(error)
        group = ExceptionGroup("several", [*errors[:2], ExceptionGroup("inner", errors[2:])])
        try:
            try:
                raise group
            except* ValueError as caught:
                log.append(["values", len(caught.exceptions)])
            except* TypeError as caught:
                log.append(["types", str(caught.exceptions[0])])
        except ExceptionGroup as rest:
            log.append(["rest", type(rest.exceptions[0]).__name__, type(rest.exceptions[0].exceptions[0]).__name__])
        match, others = group.split(lambda e: isinstance(e, ValueError))
        only = group.subgroup(OSError)
        try:
            try:
                raise KeyError("plain")
            except* KeyError as caught:
                log.append(["wrapped", len(caught.exceptions)])
                raise RuntimeError("from handler")
        except ExceptionGroup as new:
            log.append(["new", str(new.exceptions[0])])
        except RuntimeError as new:
            log.append(["bare", str(new)])
        return {
            "results": results,
            "log": log,
            "split": [len(match.exceptions), len(others.exceptions), match.message],
            "subgroup": [type(e).__name__ for e in only.exceptions],
            "notes": errors[0].__notes__,
            "derived": group.derive([ValueError("x")]).message,
            "base": isinstance(BaseExceptionGroup("b", [KeyboardInterrupt()]), ExceptionGroup),
        }
