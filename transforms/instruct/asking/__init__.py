"""Asking a language model: requests with a key, a cache of replies, bounded concurrency, ceilings on what is spent."""
