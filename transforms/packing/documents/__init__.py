"""From sources to documents of known length: what a document shows, measured without decoding, and its tokens."""
