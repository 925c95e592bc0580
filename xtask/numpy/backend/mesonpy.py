"""Stands in for numpy's build backend where pip downloads numpy's source.

pip asks the backend for the package's metadata, for which the real one would configure numpy for
this machine. The source has the answer as a file.
"""

import shutil
from pathlib import Path


def prepare_metadata_for_build_wheel(folder: str, settings: object = None) -> str:
    """Copy the metadata to where pip looks for it."""
    metadata = Path(folder, "numpy.dist-info")
    metadata.mkdir()
    shutil.copy("PKG-INFO", metadata / "METADATA")
    return metadata.name
