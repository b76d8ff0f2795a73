"""The data sets as NumPy arrays: find, download, import, verify, generate the sample."""

from labcode.data.dataset import Dataset, Split
from labcode.data.opening import open_dataset

__all__ = ["Dataset", "Split", "open_dataset"]
