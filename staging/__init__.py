"""The domain of Staging Lab: rooms, models, predictions, their pictures and their costs."""
