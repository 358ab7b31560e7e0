"""What all stages of instruction rows share: the files of a part, rows as others left them, and what comes of them."""
