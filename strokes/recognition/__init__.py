"""Reading characters: the classifier, which of its weights knows which classes, and its training."""
