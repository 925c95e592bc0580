"""tenacity==9.2.1: trying again"""


class Use:
    def process(self, item):
        import tenacity

        tries = []

        @tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(0.001))
        def flaky():
            tries.append(1)
            if len(tries) < 3:
                raise OSError("not yet")
            return "done"

        assert flaky() == "done" and len(tries) == 3
        return flaky.statistics["attempt_number"]
