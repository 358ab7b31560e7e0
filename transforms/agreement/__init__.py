"""Whether retrieval is right, as far as captions can tell: what images were given beside what their captions name."""
