"""What a page says about itself: notices under its title, and how it was made at its end."""

import html
from collections.abc import Mapping, Sequence

from labcode.agreement import Comparison, Record
from labcode.frameworks import FRAMEWORKS
from labcode.publish.chapter import Chapter
from labcode.publish.execute import Executed

ADD = "`labcode data add tiny-imagenet`"


def notices(executed: Mapping[str, Executed]) -> list[str]:
    """Markdown to stand under the title: data that is generated or partial."""
    texts = []
    for data in {repr(d): d for d in datasets(executed)}.values():
        if data.get("generated"):
            texts.append(
                admonition(
                    "Built from the generated sample",
                    "The images on this page were drawn by `labcode`; its accuracies say nothing "
                    f"about Tiny ImageNet. Run {ADD} and build the book again.",
                )
            )
        elif data.get("partial"):
            have, want = data["train_images"], data["expected_train_images"]
            parts = [f"{have:,} of {want:,} training images"]
            if data["val_images"] != data["expected_val_images"]:
                parts.append(
                    f"{data['val_images']:,} of {data['expected_val_images']:,} validation images"
                )
            texts.append(
                admonition(
                    f"Built from part of {data['title']}: {' and '.join(parts)}",
                    "Accuracies will differ from those of the whole data set.",
                )
            )
    return texts


def section(
    chapter: Chapter, executed: Mapping[str, Executed], comparisons: Sequence[Comparison]
) -> str:
    """The closing section in Markdown: the agreement table and the provenance."""
    parts = ["## How this page was made", summary(executed)]
    if comparisons:
        parts.append(agreement_table(comparisons))
    name = chapter.name.rsplit("/", 1)[-1]
    parts.append(
        "::::{dropdown} Machine, versions, data\n"
        f"{provenance_table(executed)}\n\n"
        f'<a href="{html.escape(name)}.provenance.json">The same as JSON</a>\n'
        "::::"
    )
    return "\n\n".join(parts)


def as_json(
    chapter: Chapter,
    executed: Mapping[str, Executed],
    comparisons: Sequence[Comparison],
    numbers: Mapping[str, float],
) -> dict:
    """What ``section`` says, each notebook's key with its parts, and the numbers that it gave.

    ``numbers`` are the measured ones of the prose. Recorded values are told by their shape, mean
    and bounds: enough to see from release to release that they moved.
    """
    return {
        "chapter": chapter.name,
        "title": chapter.title,
        "numbers": dict(numbers),
        "notebooks": {
            key: {
                "key": run.meta["key"],
                "inputs": run.meta.get("inputs"),  # an older cache does not have them
                "seconds": run.meta["seconds"],
                "peak_memory_bytes": run.meta.get("peak_memory_bytes"),
                "provenance": run.meta["provenance"],
                "records": {name: of_record(record) for name, record in run.records.items()},
            }
            for key, run in executed.items()
        },
        "agreement": [
            {
                "name": c.name,
                "shape": list(c.shape),
                "difference": float(c.difference),
                "atol": float(c.atol),
                "rows": c.rows,
                "argmax_equal": c.argmax_equal,
            }
            for c in comparisons
        ],
    }


def of_record(record: Record) -> dict:
    """Shape, mean and bounds of recorded values, to nine digits, and their tolerance."""
    values = record.values
    mean = values.mean(dtype="float64")
    told = {"mean": mean, "min": values.min(), "max": values.max(), "atol": record.atol}
    digits = {name: float(f"{float(value):.9g}") for name, value in told.items()}
    return {"shape": list(values.shape), **digits}


def summary(executed: Mapping[str, Executed]) -> str:
    """One sentence a framework: executed when, for how long, on what."""
    lines = []
    for key, run in executed.items():
        made = run.meta["provenance"]
        lines.append(
            f"{FRAMEWORKS[key].label} ran this page on {day(made['made'])} in "
            f"{duration(run.meta['seconds'])} on {made['device']['name']}."
        )
    return "\n".join(lines)


def figure(value: float) -> str:
    """A difference or tolerance to two digits; equal to the last bit is a plain 0."""
    return f"{value:.1e}" if value else "0"


def agreement_table(comparisons: Sequence[Comparison]) -> str:
    """What both frameworks recorded, and how far apart they are."""
    rows = ["| Compared | Shape | Largest difference | Tolerance | Same top-1 |",
            "|---|---|--:|--:|--:|"]  # fmt: skip
    for c in comparisons:
        shape = " × ".join(f"{n:,}" for n in c.shape) or "one value"
        top = "" if c.argmax_equal is None else f"{c.argmax_equal:,} of {c.rows:,} rows"
        apart = f"{figure(c.difference)} | {figure(c.atol)}"
        rows.append(f"| {cell(c.name)} | {shape} | {apart} | {top} |")
    table = "\n".join(rows)
    return (
        "Both frameworks recorded these values; the build fails when one is further apart than "
        f"its tolerance.\n\n:::{{div}} lab-agreement\n{table}\n:::"
    )


def provenance_table(executed: Mapping[str, Executed]) -> str:
    """A row for each fact; where the frameworks' notebooks differ, both values."""
    facts = {FRAMEWORKS[key].label: facts_of(run) for key, run in executed.items()}
    names = list(dict.fromkeys(name for one in facts.values() for name in one))
    rows = ["| | |", "|---|---|"]
    for name in names:
        values = {label: one.get(name, "") for label, one in facts.items()}
        if len(set(values.values())) == 1:
            text = next(iter(values.values()))
        else:
            text = "<br>".join(f"{label}: {value}" for label, value in values.items() if value)
        if text:
            rows.append(f"| {name} | {text} |")
    return ":::{div} lab-provenance\n" + "\n".join(rows) + "\n:::"


def facts_of(run: Executed) -> dict[str, str]:
    """The provenance of one notebook, each value as a cell of a Markdown table."""
    made = run.meta["provenance"]
    data = made.get("dataset") or {}
    memory = run.meta.get("peak_memory_bytes")
    facts = {
        "Executed": made["made"].replace("T", " "),
        "Time": duration(run.meta["seconds"]),
        "Peak memory": f"{memory / 2**20:,.0f} MiB" if memory else "",
        "Machine": f"{made['platform']}, {made['memory_gib']} GiB of memory",
        "Processor": f"{made['cpu']}, {made['cores']} cores",
        "Device": "the processor" if made["device"]["class"] == "cpu" else device(made),
        "Python": made["python"],
        "Packages": ", ".join(f"{k} {v}" for k, v in sorted(made["versions"].items())),
        "Data": data_set(data) if data else "",
        "Digest of the data": data.get("digest", ""),
        "Profile": made["profile"],
        "Seed": str(made["seed"]) if made.get("seed") is not None else "",
        "Commit": commit(made),
        "Key": run.meta["key"],
    }
    return {name: cell(value) for name, value in facts.items()}


def data_set(data: dict) -> str:
    """Name and image counts of a data set, as ``Dataset.describe()`` gives them."""
    return (
        f"{data['title']}: {data['train_images']:,} training and {data['val_images']:,} "
        f"validation images, {data['classes']} classes"
    )


def datasets(executed: Mapping[str, Executed]) -> list[dict]:
    """The data set that each notebook was given, as ``Dataset.describe()`` gives it."""
    found = (run.meta["provenance"].get("dataset") for run in executed.values())
    return [data for data in found if data]


def device(made: dict) -> str:
    """The name of the device, with its driver where there is one."""
    found = made["device"]
    return found["name"] + (f", driver {found['driver']}" if found.get("driver") else "")


def commit(made: dict) -> str:
    """The commit that ran, and whether the tree had changes on top of it."""
    if not made["commit"]:
        return ""
    return made["commit"] + (", with changes" if made["dirty"] else "")


def day(stamp: str) -> str:
    """The date of an ISO time."""
    return stamp.split("T")[0]


def duration(seconds: float) -> str:
    """Seconds as a reader says them; a number and its unit stay on one line."""
    if seconds < 60:
        return f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    return f"{seconds // 60:.0f}\N{NO-BREAK SPACE}min {seconds % 60:.0f}\N{NO-BREAK SPACE}s"


def admonition(title: str, text: str) -> str:
    """A warning of our own title."""
    return f":::{{admonition}} {title}\n:class: warning\n{text}\n:::"


def cell(text: str) -> str:
    """``text`` as it may stand in a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
