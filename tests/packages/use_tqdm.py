"""tqdm==4.70.1: bars of progress"""


class Use:
    def process(self, item):
        import io

        from tqdm import tqdm

        out = io.StringIO()
        total = sum(tqdm(range(100), file=out, mininterval=0, desc="sum"))
        assert total == 4950 and "sum: 100%" in out.getvalue()
        return total
