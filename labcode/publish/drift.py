"""Which numbers moved between two built sites, and by how much, as Markdown.

It knows what both tell beside their pages: measured numbers of the prose, recorded values (mean
and bounds of each), differences between the frameworks, times and memory of the notebooks.
"""

import math
from collections.abc import Callable, Iterator, Mapping

from labcode.frameworks import FRAMEWORKS
from labcode.publish.closing import cell

NOISE = 0.25
"""Times and peak memory that changed by less than this share are not listed: machines vary."""

SHARE = 0.1
"""A difference between the frameworks is listed when it moved by this share of its tolerance."""

Site = Mapping[str, dict]
"""What ``told.read`` gives: page -> what it tells."""


def report(old: Site, new: Site) -> str:
    """What moved from ``old`` to ``new``; a section says so where nothing did."""
    both = [name for name in new if name in old]
    pairs = [(name, old[name], new[name]) for name in both]
    kept, gone = list(_notebooks(pairs)), sorted(old.keys() - new.keys())
    parts = [
        "# Drift",
        f"{len(both)} pages and {len(kept)} notebooks are in both sites. "
        f"New pages: {_listed(sorted(new.keys() - old.keys()))}. Gone: {_listed(gone)}.",
        "## Made with",
        _table(("", "Old", "New"), _circumstances(old, new), "Both sites were made alike."),
        "## Measured numbers of the prose",
        _table(("Page", "Number", "Old", "New", "Change"), _numbers(pairs), "None moved."),
        "## Recorded values",
        "A value is listed when its shape, or its mean or a bound, moved by more than its "
        "tolerance.",
        _table(("Page", "Framework", "Value", "Old", "New", "Change"), _records(kept),
               "None moved."),
        "## Differences between the frameworks",
        f"A difference is listed when it moved by more than {SHARE:.0%} of its tolerance.",
        _table(("Page", "Value", "Tolerance", "Old", "New"), _agreement(pairs), "None moved."),
        "## Time and memory",
        f"A notebook is listed when it changed by more than {NOISE:.0%}. {_total(kept)}",
        _table(("Page", "Framework", "What", "Old", "New", "Change"), _costs(kept),
               "None changed so much."),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


Pair = tuple[str, dict, dict]
Kept = tuple[str, str, dict, dict]


def _notebooks(pairs: list[Pair]) -> Iterator[Kept]:
    """Page, framework's label, and the notebook of both sites, where both have it."""
    for name, old, new in pairs:
        for framework, run in new["notebooks"].items():
            if framework in old["notebooks"]:
                yield name, FRAMEWORKS[framework].label, old["notebooks"][framework], run


CIRCUMSTANCES: dict[str, Callable[[dict], object]] = {
    "Profile": lambda made: made.get("profile"),
    "Device": lambda made: made.get("device", {}).get("name"),
    "Driver": lambda made: made.get("device", {}).get("driver"),
    "Platform": lambda made: made.get("platform"),
    "Processor": lambda made: f"{made.get('cpu')}, {made.get('cores')} cores",
    "Python": lambda made: made.get("python"),
    "Data": lambda made: (made.get("dataset") or {}).get("title"),
    "Digest of the data": lambda made: (made.get("dataset") or {}).get("digest"),
    "Commit": lambda made: made.get("commit"),
}


def _circumstances(old: Site, new: Site) -> Iterator[tuple[str, ...]]:
    """What the notebooks of a site were made with, where the sites differ in it."""
    sides = [[r["provenance"] for p in s.values() for r in p["notebooks"].values()]
             for s in (old, new)]  # fmt: skip
    packages = {name for side in sides for made in side for name in made.get("versions", {})}
    facts = dict(CIRCUMSTANCES)
    for name in sorted(packages):
        facts[name] = lambda made, name=name: made.get("versions", {}).get(name)
    for fact, of in facts.items():
        before, after = ({str(v) for made in side if (v := of(made))} for side in sides)
        if before != after:
            yield fact, _listed(sorted(before)), _listed(sorted(after))


def _numbers(pairs: list[Pair]) -> Iterator[tuple[str, ...]]:
    for page, old, new in pairs:
        for name in sorted(old["numbers"].keys() | new["numbers"].keys()):
            before, after = old["numbers"].get(name), new["numbers"].get(name)
            if before != after:
                yield page, name, _number(before), _number(after), _change(before, after)


def _records(kept: list[Kept]) -> Iterator[tuple[str, ...]]:
    for page, label, old, new in kept:
        for name in dict.fromkeys((*new["records"], *old["records"])):
            before, after = old["records"].get(name), new["records"].get(name)
            if before is None or after is None:
                yield page, label, name, *(_there(side) for side in (before, after)), ""
            elif before["shape"] != after["shape"]:
                yield page, label, f"{name}, shape", str(before["shape"]), str(after["shape"]), ""
            else:
                tolerance = min(before["atol"], after["atol"])
                for what in ("mean", "min", "max"):
                    a, b = before[what], after[what]
                    if abs(b - a) > tolerance:
                        yield page, label, f"{name}, {what}", _number(a), _number(b), _change(a, b)


def _agreement(pairs: list[Pair]) -> Iterator[tuple[str, ...]]:
    for page, old, new in pairs:
        before = {found["name"]: found for found in old["agreement"]}
        for after in new["agreement"]:
            if earlier := before.get(after["name"]):
                moved = abs(after["difference"] - earlier["difference"])
                limits = earlier["atol"], after["atol"]
                if moved > SHARE * after["atol"] or limits[0] != limits[1]:
                    tolerance = " → ".join(dict.fromkeys(f"{limit:.2g}" for limit in limits))
                    apart = (_number(found["difference"]) for found in (earlier, after))
                    yield page, after["name"], tolerance, *apart


def _costs(kept: list[Kept]) -> Iterator[tuple[str, ...]]:
    for page, label, old, new in kept:
        for key, what, unit, scale in (
            ("seconds", "time", "s", 1),
            ("peak_memory_bytes", "peak memory", "MiB", 2**20),
        ):
            before, after = old.get(key), new.get(key)
            if before and after and abs(after / before - 1) > NOISE:
                told = (f"{value / scale:,.1f} {unit}" for value in (before, after))
                yield page, label, what, *told, _change(before, after)


def _total(kept: list[Kept]) -> str:
    """All notebooks' time together, in both sites."""
    before = sum(old["seconds"] for _, _, old, _ in kept)
    after = sum(new["seconds"] for _, _, _, new in kept)
    return f"All together: {before:,.1f} s, now {after:,.1f} s."


def _change(before: float | None, after: float | None) -> str:
    """By how much, absolute and as a share of what it was."""
    if before is None or after is None:
        return ""
    share = f" ({100 * (after - before) / abs(before):+.3g}%)" if before else ""
    return f"{after - before:+.3g}{share}"


def _number(value: float | None) -> str:
    """Six digits, enough to see a move beside its tolerance."""
    return "none" if value is None or math.isnan(value) else f"{value:.6g}"


def _there(record: dict | None) -> str:
    """What stands for a recorded value that one of the sites does not have."""
    return "not recorded" if record is None else f"mean {_number(record['mean'])}"


def _listed(names: list[str]) -> str:
    """Names in a sentence or a cell."""
    return ", ".join(names) or "none"


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]], nothing: str) -> str:
    """A Markdown table, or the sentence ``nothing`` where there is no row."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    if not lines:
        return nothing
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *lines])
