"""The numbers that the prose states: each module here is imported when the first one is asked for.

A module registers its own with ``labcode.experiments.quantities.quantity``.
"""
