"""Formulae become MathML when the book is built, so that no page loads MathJax from elsewhere."""

import html
import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

APPLIED = re.compile(r"(<mo>&ApplyFunction;</mo>)(?!\s*<mo[^>]*>\()")

logger = logging.getLogger(__name__)


def convert(node: nodes.Element, block: bool) -> str:
    """MathML of the LaTeX in ``node``; a formula that cannot be converted is a warning."""
    try:
        found = tex2mathml(node.astext().strip(), as_block=block)
        # Browsers set "log p" as "logp" otherwise; before a bracket there is no space.
        return APPLIED.sub(r'\1<mspace width="0.17em"></mspace>', found)
    except SyntaxError as error:
        logger.warning("formula not understood: %s", error, location=node)
        return f"<code>{html.escape(node.astext())}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(f'<span class="math notranslate nohighlight">{convert(node, False)}</span>')
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f"{convert(node, True)}</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the renderer that ``html_math_renderer: mathml`` selects."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
