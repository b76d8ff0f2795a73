"""The data set that a build would open, and whether it is whole."""

from labcode.doctor.finding import MISSING, NOTE, OK, Finding


def dataset() -> Finding:
    """Which data set is opened, decoded or not, partial or damaged; nothing is decoded here."""
    try:
        from labcode.data import places
        from labcode.data.arrays import read_manifest
        from labcode.data.layout import read_layout
    except ModuleNotFoundError as error:
        return Finding(MISSING, "data", f"cannot look without {error.name}", "make setup")
    name = "tiny-imagenet"
    if not places.is_installed(name):
        return Finding(NOTE, "data", f"Tiny ImageNet is not in {places.root()}: the book is built "
                       "on a generated sample, and says so", "make data")  # fmt: skip
    folder, known = places.folder_of(name), places.known(name)
    manifest = read_manifest(places.arrays_of(name), folder)
    if manifest:
        counts, state = manifest["counts"], "decoded"
    else:
        layout = read_layout(folder)
        if layout.problems:
            return Finding(MISSING, "data", f"{folder} is damaged: {layout.problems[0]}",
                           f"labcode data remove {name}, then make data")  # fmt: skip
        counts = {split: len(files) for split, files in layout.files.items()}
        state = "decoded at the first build"
    whole = {"train": known.classes * known.train_per_class,
             "val": known.classes * known.val_per_class}  # fmt: skip
    said = f"{known.title} in {folder}, {counts['train']:,} + {counts['val']:,} images, {state}"
    if any(counts[split] < whole[split] for split in whole):
        return Finding(NOTE, "data", f"{said}; partial, of {whole['train']:,} + {whole['val']:,}, "
                       "and each page says so",
                       f"labcode data remove {name}, then make data")  # fmt: skip
    return Finding(OK, "data", said)
