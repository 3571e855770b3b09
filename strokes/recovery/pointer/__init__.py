"""Recovery learned from pens: a network that walks over a thinned picture's ink the way a pen would."""
