"""What a concept is: word lists, the vocabulary, prompts. No Beam here."""
