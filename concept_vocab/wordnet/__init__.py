"""WordNet as its own dictionary files hold it: senses, morphology, and which kind of thing a sense names."""
