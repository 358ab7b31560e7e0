"""The trainer: packed batches, loss, optimizer, processes, exact resume, and the export at the end."""
