"""What this machine has for the book, what it lacks, and what to type: ``labcode doctor``.

Only Python's own library is imported, so that it also runs where nothing is installed yet:
``python3 -m labcode.doctor`` in the folder of the book. No chapter imports it.
"""
