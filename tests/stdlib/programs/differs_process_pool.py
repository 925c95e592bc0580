"""ProcessPoolExecutor."""

INPUT = [-1, -2]


class Program:
    def process(self, item):
        try:
            from concurrent.futures import ProcessPoolExecutor

            with ProcessPoolExecutor(1) as pool:
                return {"results": list(pool.map(abs, item))}
        except Exception as error:
            return {"error": "not possible"}
