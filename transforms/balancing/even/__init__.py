"""The fit of ``even``: the program, its solution on a sample, and the corrections by full passes."""
