"""The byte layout that Lab 2's C++ framework reads: written, read back and verified.

Little-endian float32, C order, no header: ``image_0.bin``, its maps in ``image_0_data``, and
``model/conv1_weights.bin`` and its like; ``labcode.binaries.layout`` lists them all. Beside them
lie ``metadata.json``, which tells where the images come from, and ``manifest.json``, which tells
what every file holds.
"""

from labcode.binaries.layout import FILES, encode, read
from labcode.binaries.verify import verify
from labcode.binaries.weights_folder import read_weights
from labcode.binaries.writing import export_images, export_lab

__all__ = ["FILES", "encode", "export_images", "export_lab", "read", "read_weights", "verify"]
