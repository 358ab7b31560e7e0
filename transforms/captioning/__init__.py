"""Captions that a model writes of the images that balance chose, beside the run and exported with it."""
