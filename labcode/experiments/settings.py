"""Settings of a whole process: read once, when it starts, so they must stand in its environment.

The form of a record names them after its own name: ``plain+onednn`` is the plain form in a process
with the setting ``onednn``.
"""

SETTINGS = {
    # TensorFlow chooses oneDNN's operations by itself only where the processor has instructions
    # made for neural networks (AVX-512 VNNI and later ones); elsewhere it takes Eigen's.
    "onednn": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    # glibc asks the kernel for each large array and gives it back at once; the kernel fills each
    # of its pages with zeros on its next use. These two make it keep what is freed.
    "kept-memory": {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**34)},
}
"""Name -> variables of the environment."""


def split(form: str) -> tuple[str, tuple[str, ...]]:
    """The form that a room knows, and the names of the settings of its process."""
    own, *names = form.split("+")
    return own, tuple(names)


def environment(form: str, inherited: dict[str, str]) -> dict[str, str]:
    """``inherited`` with the settings of ``form``, and with no other: those are defaults."""
    ours = {variable for variables in SETTINGS.values() for variable in variables}
    found = {name: value for name, value in inherited.items() if name not in ours}
    for name in split(form)[1]:
        found |= SETTINGS[name]
    return found
