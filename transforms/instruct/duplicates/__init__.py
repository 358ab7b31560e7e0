"""The same question asked twice: told by images, question and answer together."""
