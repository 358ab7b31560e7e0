"""Rows about several pictures, made of rows about one each whose answers are known."""
