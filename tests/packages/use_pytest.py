"""pytest==9.2.0: a run of tests in /tmp, with `--capture=sys -p no:faulthandler`"""


class Use:
    def process(self, item):
        import os
        import sys
        import tempfile

        import pytest

        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "test_it.py")
            with open(path, "w") as file:
                file.write(
                    "import pytest\n"
                    "@pytest.mark.parametrize('n', [1, 2, 3])\n"
                    "def test_n(n, tmp_path):\n"
                    "    (tmp_path / 'x').write_text(str(n))\n"
                    "    assert n < 3\n"
                )
            sys.stdout.flush()
            status = pytest.main(
                [
                    "-q",
                    "--capture=sys",
                    "-p",
                    "no:faulthandler",
                    "-p",
                    "no:cacheprovider",
                    "--rootdir",
                    directory,
                    path,
                ]
            )
        assert status == pytest.ExitCode.TESTS_FAILED
        return int(status)
