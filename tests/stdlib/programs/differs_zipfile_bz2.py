"""A method of compression of zipfile that is not there."""

import io
import zipfile

INPUT = "data"


class Program:
    def process(self, item):
        out = io.BytesIO()
        try:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
                archive.writestr("a", item)
        except NotImplementedError as error:
            return {"error": type(error).__name__}
        return {"read": zipfile.ZipFile(out).read("a").decode()}
