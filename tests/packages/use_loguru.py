"""loguru==0.7.3: logs with less ado"""


class Use:
    def process(self, item):
        import io
        import os
        import tempfile

        from loguru import logger

        out = io.StringIO()
        path = os.path.join(tempfile.mkdtemp(), "app.log")
        logger.remove()
        logger.add(out, format="{level} {message}")
        logger.add(path, rotation="1 KB")
        logger.bind(a=1).warning("careful {}", "here")
        try:
            1 / 0
        except ZeroDivisionError:
            logger.exception("failed")
        logger.remove()
        assert out.getvalue().startswith("WARNING careful here\nERROR failed")
        with open(path) as file:
            assert "careful here" in file.read()
        return "logged"
