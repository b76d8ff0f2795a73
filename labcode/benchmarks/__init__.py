"""The speed claims of this project, measured side by side in one run: ``labcode bench``."""
