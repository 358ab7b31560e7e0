"""The tiny encoder that ships with the project: its shape, its training, its judgement."""
