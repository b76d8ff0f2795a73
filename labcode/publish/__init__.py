"""How a chapter becomes a page: read, execute twice, compare, merge, render."""
