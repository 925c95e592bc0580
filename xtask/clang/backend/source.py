"""What stands in for build backends where pip downloads a package's source.

pip asks the backend for the package's metadata, for which a real one would be installed, run the
package's own code, or configure it for this machine. The source has the answer as a file.
"""

import shutil
from pathlib import Path


def prepare_metadata_for_build_wheel(folder: str, settings: object = None) -> str:
    """Copy the metadata to where pip looks for it."""
    about = Path("PKG-INFO").read_text().splitlines()
    name = next(line.removeprefix("Name: ") for line in about if line.startswith("Name: "))
    metadata = Path(folder, f"{name.replace('-', '_')}.dist-info")
    metadata.mkdir()
    shutil.copy("PKG-INFO", metadata / "METADATA")
    return metadata.name


class Backend:
    """What backends that are made from setuptools' derive from."""

    def build_wheel(self, *arguments: object) -> str:
        """Refuse: nothing is built on this machine."""
        raise NotImplementedError


build_wheel = Backend().build_wheel
