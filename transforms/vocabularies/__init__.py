"""A vocabulary built from sources: its settings, what is counted for it, and its folder."""
