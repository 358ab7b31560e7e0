"""Annotate: which concepts each image holds, and everything else that later steps need in place of the image."""
