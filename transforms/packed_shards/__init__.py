"""Packed shards: documents are read where they lie, planned into packs group by group, and written as trainers read."""
