"""What a chapter showed before is gone from the students' site, and what it prints is no leak."""

from tests.book import small_book
from tests.book.test_editions import leaks, rebuilt, site


def test_a_chapter_that_loses_its_code_loses_downloads_and_provenance(desk_copy):
    (desk_copy / "book" / "lab" / "apart.md").write_text("# A cell for each\n\nNone.\n")
    rebuilt(desk_copy)
    files = site(desk_copy, "student").rglob("*apart*")
    assert [path.name for path in files] == ["apart.html"]


def test_a_warning_that_quotes_a_solution_stops_the_students_edition_only(desk_copy):
    chapter = desk_copy / "book" / "lab" / "apart.md"
    text = chapter.read_text()
    warns = '    __import__("warnings").warn("slow")  # CANARY-SOLUTION\n    return x + x\n'
    text = text.replace("    return x + x  # CANARY-SOLUTION\n", warns, 1)
    chapter.write_text(text)
    lines = text.splitlines()
    quoted = next(i for i, line in enumerate(lines, 1) if "slow" in line)
    done = small_book.build(desk_copy)
    assert done.returncode == 1 and f"in PyTorch this cell prints line {quoted}," in done.stdout
    assert "book/lab/apart.md:" in done.stdout and "CANARY" not in done.stdout
    assert leaks(desk_copy) == [], "the last good site stands"
    rebuilt(desk_copy, "instructor")


def test_the_search_index_forgets_what_has_become_a_secret(desk_copy):
    chapter = desk_copy / "book" / "lab" / "shared.md"
    text = chapter.read_text()
    chapter.write_text(f"{text}\nA canary.\n")
    rebuilt(desk_copy)
    assert any(where.startswith("searchindex.js") for where in leaks(desk_copy))
    chapter.write_text(text)
    rebuilt(desk_copy)
    assert leaks(desk_copy) == []
