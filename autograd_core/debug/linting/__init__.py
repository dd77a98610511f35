"""What is wrong with a model, its loss and its data, before or during training."""
