"""Images: from the bytes of a file to pixels for the encoder, and the hashes that duplicates are found by."""
