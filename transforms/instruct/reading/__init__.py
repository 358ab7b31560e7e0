"""Files of instruction sets → records one after another, each with its key, in bounded memory."""
