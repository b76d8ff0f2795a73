"""Which names of a framework's interface a program uses, told from its source.

Two kinds are counted. A *path* is reached from an import and resolved through the notebook's
imports and aliases: ``keras.losses.SparseCategoricalCrossentropy``, whatever the program calls it.
A *method*, written ``.backward``, is an attribute of something that came out of the framework: of
what a path returned, of what was computed from that, of a loop over it. Calling an object that a
path made counts as its path. A method that a class defines because the framework calls it
(``.forward``) counts too. Attributes that the program itself gives its objects do not, nor does
what stands in a ``print`` only, as in ``labcode.usability.lines``.

Python declares no types, so two things are guesses, the same for both frameworks. A parameter
belongs to the framework if a call in the notebook hands it something that does, or if no call of
the function is in the notebook. And of a method, such as ``.to``, only the name is known, not the
class: two methods of one name count once.
"""

import ast
from collections.abc import Sequence

from labcode.usability.kinds import Names
from labcode.usability.reading import Reader


def find(trees: Sequence[ast.Module], chosen: Sequence[bool]) -> Names:
    """The names in the ``chosen`` ones of a notebook's cells, read in the light of all of them."""
    reader = Reader()
    for _ in range(3):  # a function may be called before the cell that tells what it is handed
        reader.restart()
        for tree in trees:
            reader.visit_all(tree.body)
    reader.restart()
    result = Names()
    for tree, wanted in zip(trees, chosen, strict=True):
        reader.found = result if wanted else Names()
        reader.visit_all(tree.body)
    return result
