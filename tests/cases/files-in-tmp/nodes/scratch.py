import os
import tempfile


class Names:
    def process(self, name):
        with open(os.devnull, "w") as nowhere:
            nowhere.write(name)
        with open(os.path.join(tempfile.gettempdir(), name), "w") as file:
            file.write(name)
        return sorted(os.listdir("/tmp"))
