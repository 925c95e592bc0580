"""Processes of multiprocessing."""

INPUT = 3


class Program:
    def process(self, item):
        try:
            import multiprocessing

            context = multiprocessing.get_context("spawn")
            lock = context.Lock()
        except Exception as error:
            return {"error": "not possible", "import_error": isinstance(error, ImportError)}
        with lock:
            return {"locked": True}
