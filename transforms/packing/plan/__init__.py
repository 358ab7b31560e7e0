"""Which documents share a pack: best fit on the histogram of lengths, and the order in which packs are read."""
