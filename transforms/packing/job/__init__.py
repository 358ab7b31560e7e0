"""The packing job: groups of inputs, each read, planned and written by one worker."""
