"""Image generators: networks that make new pictures of characters, which are then turned into strokes.

`vae` holds a variational autoencoder conditioned on the class, and one that reads rows in time; `gan` the generators
and critics of GAN and WGAN. Recipes and weights ship for each.
"""
