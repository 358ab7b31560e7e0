"""The report of a run: its figures gathered once, then shown as a page, as pictures and in the terminal."""
