"""What is not to be learnt from or handed on: personal data, block lists, listed and unsafe images."""
