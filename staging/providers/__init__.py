"""Who runs the models: Replicate, or this machine."""
