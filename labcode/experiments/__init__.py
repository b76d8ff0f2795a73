"""Controlled experiments: a declared record runs in a process of its own and leaves one JSON file.

``labcode experiment run STUDY`` runs a grid of them; what it leaves is read by ``results``, and the
book's numbers come from there (``quantities``).
"""
