"""Compiled steps over strips say what the network itself says of the same walk."""

import numpy as np
import torch

from strokes.recovery.pointer.network import LIFT
from strokes.recovery.words.decoding import walk_strips
from strokes.recovery.words.examples import StripBatches


def test_a_walk_s_likelihood_is_the_network_s_own(strip_network, book):
    batch = StripBatches(book, [], batch_size=3, seed=1).group(0)[0]
    with torch.inference_mode():
        ink = strip_network.encoder(torch.from_numpy(batch.images))
        walks = walk_strips(strip_network, ink, torch.ones(len(batch.images)), seed=2)
        tokens, flags = torch.from_numpy(walks.tokens).clamp(min=0), torch.from_numpy(walks.flags)
        logits, own, offsets = strip_network.teacher_force(ink, tokens, flags == LIFT)
    went = torch.log_softmax(logits, 2).gather(2, tokens[..., None])[..., 0]
    lifted = torch.log_softmax(own, 2).gather(2, flags.clamp(min=0)[..., None])[..., 0]
    walked = flags >= 0
    assert walked.sum() > 10
    free = (walked.sum(1) < ink.mask.sum(1) + 16).numpy()  # the others were broken off: their last flag isn't chosen
    assert free.any()
    expected = ((went + lifted) * walked).sum(1).numpy()
    assert np.allclose(walks.likelihood[free], expected[free], rtol=1e-3)
    places = ink.places_px.gather(1, tokens[..., None].expand(-1, -1, 2)) + offsets
    assert np.allclose(walks.points_px[walked], places[walked], atol=1e-3)


def test_other_strips_of_a_batch_don_t_matter(strip_network, book):
    batch = StripBatches(book, [], batch_size=3, seed=1).group(0)[0]
    images = torch.from_numpy(batch.images)
    with torch.inference_mode():
        together = walk_strips(strip_network, strip_network.encoder(images), torch.zeros(len(images)))
        alone = walk_strips(strip_network, strip_network.encoder(images[:1]), torch.zeros(1))
    steps = int((alone.flags[0] >= 0).sum())
    assert np.array_equal(alone.flags[0, :steps], together.flags[0, :steps])
    assert np.array_equal(alone.tokens[0, :steps], together.tokens[0, :steps])
