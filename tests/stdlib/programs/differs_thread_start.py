"""A thread that is started."""

import threading

INPUT = 3


class Program:
    def process(self, item):
        results = []
        thread = threading.Thread(target=results.append, args=(item,))
        try:
            thread.start()
        except RuntimeError as error:
            return {"error": type(error).__name__, "alive": thread.is_alive()}
        thread.join()
        return {"results": results}
