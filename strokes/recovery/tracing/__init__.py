"""Recovery without a network: a thinned picture's graph, walked the way a hand likes to go."""
