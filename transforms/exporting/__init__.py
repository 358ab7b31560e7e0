"""Export: the selected samples, in keyed order, as WebDataset shards that three readers open directly."""
