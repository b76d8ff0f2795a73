"""Every activity and everything that a report must contain has its section, in both frameworks."""

from collections import Counter
from pathlib import Path

import pytest

from labcode.publish.contents import read_book
from tests.book import covering, html_pages
from tests.book.covering import Requirement

ROOT = Path(__file__).resolve().parents[2]

ASKED_OF_STUDENTS = """
A0: a0-setup
  Set up the environment; print the versions and the device
A0: a0-peak
  Measure how fast your machine could compute
A1: a1-dataset a1-look
  Load both splits; look at one image and at a grid of images
A1 required: a1-three a1-memory
  Describe three validation images: class, metadata, data type, dimensions, memory
A1 required: a1-export
  Export these three as binaries, with a metadata file
A1 required: a1-classes a1-dirt
  List the classes and the images in each split; is the set small, and why so many images?
A2 required: a2-model
  Load the trained network and print its summary
A3 required: a3-inference
  Predict the three images: confidence against the truth, the fifteen best classes
A3 required: a3-accuracy
  Top-1, top-5 and top-10 accuracy over all validation images
A4 required: a4-picture
  Draw the network
A4 required: a4-weights
  Show weights of an early and a late layer: type, dimensions, memory, a good sample of kernels
A4 required: a4-maps
  Show feature maps of an early and a late layer in the same way
A4 required: a4-change
  Say how maps change with depth, and how they differ from weights
A4: a4-memory
  Add up the memory of weights and maps at each layer
A4 required: a4-export a4-manifest a4-verify
  Export all weights, all biases, and all maps of the three images
A5 required: a5-single a5-layers
  One image: latency of each of the three, a plot per layer; which layer and type dominate, why?
A5 required: a5-online
  Online, one at a time: latency and throughput of 10, 100 and 1000 images
A5 required: a5-batch
  Batches of 20, 40, 100, 200: latency and throughput of 1000 images; when better than online?
A5 required: a5-kernels a5-roofline
  Find the most critical kernels; does the cost of each layer make sense?
A5: a5-traces
  Open a trace in a viewer
A5: a5-eager
  Compare eager with compiled execution
A6: a6-gpu
  Work on a GPU that is somewhere else, in a session that survives
A6: a6-without
  See first how long training takes without one
A6: a6-check
  Check that the GPU is really used
A7: a7-loop a7-early-stopping a7-tensorboard
  Train the network from scratch, stop early, watch it in TensorBoard
A7: a7-checkpoint
  Keep a checkpoint and the top-1 and top-5 accuracy of each run
A7 required: a7-batch-sizes
  Three batch sizes: the best top-1 and top-5 of each
A7 required: a7-epochs
  Three numbers of epochs: validation accuracy, fewest epochs to the best, what very many do, why
A8: a8-own-image
  Run images of your own through the network
A8: a8-better
  Beat the given network
A8: a8-quantise
  Compute with fewer bits, as Lab 4 will ask
A8: start-pipelines
  Measure the input pipeline
A9: a9-turn-in
  Turn in the report, the notebook and the binaries
Power: energy
  Measure power and energy where the machine can tell
"""
"""What the course's handout asks, in our words, and the labels of the sections that answer it.

``required`` marks what a report must contain. book/coverage.md tells the reader the same.
"""

PROSE = {"A9"}
"""Activities whose sections need no code."""


def requirements(text: str) -> list[Requirement]:
    """Two lines each: the activity with its labels, and below them what is asked."""
    lines = text.strip().splitlines()
    found = []
    for head, asked in zip(lines[::2], lines[1::2], strict=True):
        activity, labels = head.split(": ")
        name, _, report = activity.partition(" ")
        found.append(
            Requirement(
                name, asked.strip(), tuple(labels.split()), report == "required", name in PROSE
            )
        )
    return found


REQUIREMENTS = requirements(ASKED_OF_STUDENTS)


@pytest.fixture(scope="module")
def book():
    return read_book(ROOT)


def test_the_list_holds_each_activity_and_each_requirement_of_the_handout():
    activities = {asked.activity for asked in REQUIREMENTS}
    assert activities == {f"A{i}" for i in range(10)} | {"Power"}
    required = Counter(asked.activity for asked in REQUIREMENTS if asked.report)
    assert required == {"A1": 3, "A2": 1, "A3": 2, "A4": 5, "A5": 4, "A7": 2}


def test_each_has_its_section_with_code_in_both_frameworks_and_a_question(book):
    found = covering.uncovered(REQUIREMENTS, list(book.chapters.values()))
    assert not found, "\n".join(found)


def test_the_table_in_the_book_says_the_same(book):
    page = (ROOT / "book" / "coverage.md").read_text(encoding="utf-8")
    found = covering.misfiled(REQUIREMENTS, page)
    assert not found, "\n".join(found)


def test_on_the_built_site_each_section_has_its_anchor(book):
    site = html_pages.real_site()
    assert covering.unanchored(REQUIREMENTS, book.chapters, site) == []
