"""Set before any framework is imported: how threads wait, and how much TensorFlow says."""

import os

# PyTorch's idle threads spin by default, and then TensorFlow's in the same process starve.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
