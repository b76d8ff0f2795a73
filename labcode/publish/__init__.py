"""How a chapter becomes a page: read, execute twice, compare, merge, render."""

import sys

# nbformat's jsonschema would build a grammar of web addresses, which takes more than a second of
# each command; it does without when told that there is none, and no schema here asks for it.
sys.modules.setdefault("rfc3987_syntax", None)
