"""An asynchronous test case, run inside a test result."""

import asyncio
import unittest
from unittest.mock import AsyncMock

INPUT = 3


class Case(unittest.IsolatedAsyncioTestCase):
    events = []

    async def asyncSetUp(self):
        self.events.append("setup")

    async def asyncTearDown(self):
        self.events.append("teardown")

    async def test_sleep(self):
        await asyncio.sleep(0)
        fake = AsyncMock(return_value=5)
        self.assertEqual(await fake(1), 5)
        fake.assert_awaited_once_with(1)
        self.events.append("test")


class Program:
    def process(self, item):
        Case.events = []
        result = unittest.TestResult()
        for _ in range(item):
            unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
        return {
            "run": result.testsRun,
            "good": result.wasSuccessful(),
            "problems": [text.splitlines()[-1] for _, text in result.errors + result.failures],
            "events": Case.events[:3],
        }
