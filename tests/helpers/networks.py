"""What networks see."""

from __future__ import annotations

import torch

from strokes.ink.pictures import ImageSet
from strokes.recovery.pointer.network import InkTokens, PenNetwork


def look(network: PenNetwork, pictures: ImageSet) -> InkTokens:
    """Pictures as a pen network's tokens."""
    tokens: InkTokens = network.encoder(torch.from_numpy(pictures.images), torch.from_numpy(pictures.labels))
    return tokens
