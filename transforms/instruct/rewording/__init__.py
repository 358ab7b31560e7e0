"""Texts written anew by a model: what it may not touch, how its replies are checked, what becomes of them."""
