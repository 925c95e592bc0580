"""filelock==4.3.1: a lock in /tmp"""


class Use:
    def process(self, item):
        import os
        import tempfile

        from filelock import FileLock, SoftFileLock, Timeout

        path = os.path.join(tempfile.mkdtemp(), "x.lock")
        with SoftFileLock(path):
            try:
                SoftFileLock(path, timeout=0).acquire()
            except Timeout:
                pass
            else:
                raise AssertionError("locked twice")
        assert not os.path.exists(path) and FileLock is not None
        return "locked"
