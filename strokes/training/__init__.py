"""What every training run shares: the loop, recipes, checkpoints, schedule and log."""
