"""Framework cells become tabs: each run of adjacent ones is one sphinx-tabs group.

A page reaches this module as MyST-NB rendered it, a flat sequence of containers::

    section
      paragraph                       shared
      container.cell.tag_pytorch      code of one framework
      container.cell.tag_tensorflow
      framework_prose tensorflow      prose of one framework
      paragraph                       shared

and leaves it with the nodes that ``sphinx_tabs.tabs`` itself would have made::

    section
      paragraph
      container.sphinx-tabs
        SphinxTabsTablist             one SphinxTabsTab (button) a framework
        SphinxTabsPanel               heading, then that framework's nodes in their order
        SphinxTabsPanel
      paragraph

No panel carries ``hidden``: without JavaScript every framework is readable under its heading, and
the script in ``static/labcode.js`` hides what the reader did not choose.
"""

import base64
from collections.abc import Iterator

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx_tabs.tabs import SphinxTabsPanel, SphinxTabsTab, SphinxTabsTablist

from labcode.frameworks import FRAMEWORKS


def sync_key(label: str) -> str:
    """The name by which sphinx-tabs keeps all groups of a page on the same tab."""
    return base64.b64encode(label.encode()).decode()


class FrameworkProse(SphinxDirective):
    """Prose for one framework; MyST-NB keeps no tags on Markdown cells, so they travel in here."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        framework = directives.choice(self.arguments[0], tuple(FRAMEWORKS))
        node = nodes.container(classes=["lab-prose", f"tag_{framework}"])
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def framework_of(node: nodes.Node) -> str | None:
    """The key of the framework that ``node`` belongs to; None where it is shared."""
    if isinstance(node, nodes.container) and {"cell", "lab-prose"} & set(node["classes"]):
        for key in FRAMEWORKS:
            if f"tag_{key}" in node["classes"]:
                return key
    return None


class GroupFrameworks(SphinxTransform):
    """Move each run of adjacent framework nodes into one group of tabs."""

    default_priority = 200  # after MyST-NB has rendered, before references are resolved

    def apply(self, **kwargs: object) -> None:
        for cell in self.document.findall(nodes.container):
            index = cell.get("cell_metadata", {}).get("labcode", {}).get("index")
            if index is not None:
                cell["classes"].append(f"lab-cell-{index}")
        parents = {id(n.parent): n.parent for n in self.document.findall(framework_of)}
        for parent in parents.values():
            for run in list(runs(parent)):
                position = parent.index(run[0])
                for node in run:
                    parent.remove(node)
                parent.insert(position, self.group(run))

    def group(self, run: list[nodes.Element]) -> nodes.container:
        number = self.env.temp_data.get("next_tabs_id", 0)
        self.env.temp_data["next_tabs_id"] = number + 1  # shared with hand-written {tabs}
        group = nodes.container(type="tab-element", classes=["sphinx-tabs", "lab-tabs"])
        tablist = SphinxTabsTablist(role="tablist", **{"aria-label": "Framework"})
        group += tablist
        present = [k for k in FRAMEWORKS if any(framework_of(node) == k for node in run)]
        for key in present:
            label, colour = FRAMEWORKS[key].label, FRAMEWORKS[key].colour
            name = sync_key(label)
            first = key == present[0]
            tab_id, panel_id = f"tab-{number}-{name}", f"panel-{number}-{name}"
            tablist += SphinxTabsTab(
                "",
                label,
                ids=[tab_id],
                name=name,
                role="tab",
                classes=["sphinx-tabs-tab", "group-tab", f"lab-{key}"],
                style=f"--lab-colour: {colour}",
                tabindex="0" if first else "-1",
                **{"aria-selected": "true" if first else "false", "aria-controls": panel_id},
            )
            panel = SphinxTabsPanel(
                ids=[panel_id],
                name=name,
                role="tabpanel",
                tabindex="0",
                style=f"--lab-colour: {colour}",
                classes=["sphinx-tabs-panel", "group-tab", f"lab-{key}"],
                **{"aria-labelledby": tab_id},
            )
            panel += nodes.rubric("", label, classes=["lab-tab-heading"])
            panel.extend(node for node in run if framework_of(node) == key)
            group += panel
        return group


def runs(parent: nodes.Element) -> Iterator[list[nodes.Element]]:
    """The maximal runs of adjacent framework nodes among the children of ``parent``."""
    run: list[nodes.Element] = []
    for child in parent.children:
        if framework_of(child):
            run.append(child)
        elif run and not isinstance(child, nodes.comment | nodes.system_message):
            yield run
            run = []
    if run:
        yield run
