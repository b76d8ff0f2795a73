"""The programs that look at a framework from inside, each run in an interpreter of its choice.

Each imports its framework, lists its devices, has every GPU compute a small convolution of which
the result is known (which loads cuDNN), and prints one line of JSON. That line also names what the
chapters import in this framework's kernel and the environment lacks.
"""

PYTORCH = """
import torch
found["version"] = torch.__version__
found["built"] = {"CUDA": torch.version.cuda, "ROCm": torch.version.hip}
if torch.backends.cudnn.is_available() and torch.version.cuda:
    found["built"]["cuDNN"] = str(torch.backends.cudnn.version())
places = {f"cuda:{i}": torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())}
if torch.backends.mps.is_available():
    places["mps"] = "Apple GPU"
for place, name in places.items():
    found["devices"].append(f"{place} {name}")
    x, w = torch.ones(1, 3, 8, 8, device=place), torch.ones(4, 3, 3, 3, device=place)
    found["sums"].append(float(torch.nn.functional.conv2d(x, w).sum()))
"""

TENSORFLOW = """
import tensorflow as tf
found["version"] = tf.__version__
built = tf.sysconfig.get_build_info()
found["built"] = {"CUDA": built.get("cuda_version"), "cuDNN": built.get("cudnn_version"),
                  "ROCm": built.get("rocm_version") if built.get("is_rocm_build") else None}
for i, gpu in enumerate(tf.config.list_physical_devices("GPU")):
    name = tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
    found["devices"].append(f"GPU:{i} {name}")
    with tf.device(f"GPU:{i}"):
        y = tf.nn.conv2d(tf.ones([1, 8, 8, 3]), tf.ones([3, 3, 3, 4]), 1, "VALID")
    found["sums"].append(float(tf.reduce_sum(y)))
"""

PROBES = {"pytorch": PYTORCH, "tensorflow": TENSORFLOW}

SUM = 4 * 6 * 6 * 27
"""What the convolution of ones must sum to: 4 maps of 6 x 6, each value 3 x 3 x 3 ones."""

FRAME = """
import json, os, re, sys, sysconfig
from importlib import metadata
sys.path = [path for path in sys.path if path]  # kernels do not begin in the book's folder
found = {"devices": [], "sums": [], "built": {}, "lacks": []}
found["headers"] = os.path.isfile(os.path.join(sysconfig.get_path("include"), "Python.h"))
names = {(d.metadata["Name"] or "").lower(): d.version for d in metadata.distributions()}
found["nvidia"] = {n: v for n, v in names.items() if n.startswith("nvidia-")}
installed = {re.sub("[-_.]+", "-", name) for name in names}
try:
    wanted = metadata.requires("labcode") or []
except metadata.PackageNotFoundError:
    wanted = ["labcode"]
for line in wanted:
    extra = re.search("extra == .([a-z]+)", line)
    name = re.sub("[-_.]+", "-", re.match("[A-Za-z0-9._-]+", line)[0]).lower()
    if (extra is None or extra[1] in (sys.argv[2], "edge")) and name not in installed:
        found["lacks"].append(name)
try:
    exec(sys.argv[1])
except Exception as error:
    found["error"] = f"{type(error).__name__}: {error}".splitlines()[0]
try:
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "libcudnn.so" in line}
    found["loaded"] = sorted(map(os.path.realpath, paths))
except OSError:
    found["loaded"] = []
print("\\nlabcode-probe " + json.dumps(found))
"""
