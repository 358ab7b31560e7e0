"""How a job runs: in this process and its workers, or by whatever runner the Beam flags name."""
