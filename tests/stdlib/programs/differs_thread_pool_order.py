"""Where the calls of a ThreadPoolExecutor run: at once in the caller's thread, or in others."""

import threading
from concurrent.futures import ThreadPoolExecutor

INPUT = 3


class Program:
    def process(self, item):
        caller = threading.get_ident()
        with ThreadPoolExecutor(2) as pool:
            idents = list(pool.map(lambda n: threading.get_ident(), range(item)))
        return {"in_caller": all(ident == caller for ident in idents)}
