"""One file a job, named by its verb: wiring and options only."""
