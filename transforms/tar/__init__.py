"""Tars: reader, headers, columns of members, and writer. Nothing here knows what the members mean."""
