"""``labcode new-chapter`` and ``labcode links``: begin a chapter, and check what was built."""

import argparse
from pathlib import Path

from labcode.errors import LabcodeError


class LinkError(LabcodeError):
    """A built site has links that lead nowhere."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register ``new-chapter`` and ``links``."""
    parser = subparsers.add_parser(
        "new-chapter",
        help="write a chapter that runs, to be filled with yours",
        description="Write book/NAME.md: cells in both frameworks, a value that both must agree "
        "on, a picture, and questions with grading notes. Nothing that exists is changed.",
    )
    parser.add_argument("name", metavar="NAME", help="path below book/, as in lab/12-pruning")
    parser.add_argument("--title", required=True, help="the heading, in one line")
    parser.add_argument("--root", type=Path, default=Path(), help="the book's folder (this one)")
    parser.set_defaults(func=new_chapter)

    parser = subparsers.add_parser(
        "links",
        help="fail when a link of the built site leads nowhere",
        description="Follow every link of the built site inside it, to the file and to the place "
        "in the file. Links to other sites are counted; --external fetches each of them once.",
    )
    parser.add_argument("site", nargs="?", type=Path, help="the built site (_build/html)")
    parser.add_argument("--external", action="store_true", help="fetch other sites' pages, too")
    parser.add_argument("--root", type=Path, default=Path(), help="the book's folder (this one)")
    parser.set_defaults(func=links)


def new_chapter(args: argparse.Namespace) -> int:
    """Write the chapter and say what to do with it; 0."""
    from labcode.publish.new_chapter import contents_line, write

    path = write(args.root.resolve(), args.name, args.title)
    where = path.relative_to(args.root.resolve())
    print(f"{where} is written. Try it: labcode execute {where}")
    print("To have it in the book, add this line to _toc.yml, where its part lists chapters:")
    print(contents_line(args.name))
    return 0


def links(args: argparse.Namespace) -> int:
    """Print what was checked; 0. Raises LinkError that names each link that leads nowhere."""
    from labcode.publish.links import check, fetch, outside

    site = (args.site or args.root / "_build" / "html").resolve()
    if not site.is_dir():
        raise LinkError(f"there is no site in {site}; build it: labcode book")
    count, broken = check(site)
    addresses = outside(site)
    if args.external:
        broken += fetch(addresses)
    if broken:
        listing = "\n  ".join(broken)
        raise LinkError(f"links of {site} that lead nowhere: {len(broken)}\n  {listing}")
    fetched = "all answered" if args.external else "not fetched"
    print(f"{site}: {count} links inside lead somewhere; {len(addresses)} pages of other sites, "
          f"{fetched}")  # fmt: skip
    return 0
