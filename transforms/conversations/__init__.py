"""Conversations: the one form that training documents have, and the adapters from what is found in the wild to it."""
