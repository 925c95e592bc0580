"""A test suite run in memory: successes, failures, skips, subtests, mocks."""

import io
import unittest
from unittest import mock

INPUT = [2, 3, 4]


def make(values):
    class Case(unittest.TestCase):
        order = []

        @classmethod
        def setUpClass(cls):
            cls.order.append("class")

        def setUp(self):
            self.order.append("setup")
            self.addCleanup(self.order.append, "cleanup")

        def test_even(self):
            for value in values:
                with self.subTest(value=value):
                    self.assertEqual(value % 2, 0)

        def test_raises(self):
            with self.assertRaisesRegex(ZeroDivisionError, "zero"):
                1 / 0

        @unittest.skip("not now")
        def test_skipped(self):
            pass

        @unittest.expectedFailure
        def test_expected(self):
            self.assertIn(1, [])

        def test_error(self):
            raise KeyError("x")

    return Case


class Async(unittest.IsolatedAsyncioTestCase):
    async def test_await(self):
        self.assertIsNone(None)


class Program:
    def process(self, item):
        case = make(item)
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
        out = io.StringIO()
        result = unittest.TextTestRunner(stream=out, verbosity=0).run(suite)
        fake = mock.Mock(side_effect=[1, ValueError("no")])
        fake.name.return_value = "mocked"
        values = [fake("a", k=1)]
        try:
            fake("b")
        except ValueError as error:
            values.append(str(error))
        with mock.patch.dict("os.environ", {"FAKE": "1"}), mock.patch("math.sqrt", return_value=42):
            import math
            import os

            patched = [math.sqrt(4), os.environ["FAKE"]]
        return {
            "counts": [len(result.failures), len(result.errors), len(result.skipped), len(result.expectedFailures)],
            "failed": str(result.failures[0][0]).endswith("(value=3)"),
            "ok": result.wasSuccessful(),
            "order": case.order[:3],
            "calls": [list(map(str, fake.call_args_list)), fake.call_count, values, fake.name()],
            "patched": [*patched, "FAKE" in os.environ, math.sqrt(4)],
            "async": hasattr(Async, "test_await"),
        }
