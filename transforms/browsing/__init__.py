"""Looking into a run that is there: its rows, concepts, rejects and images, and what two runs have in common."""
