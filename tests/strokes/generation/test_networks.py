"""The generators' networks: their published shapes and counts, and that gradients reach all of them."""

import pytest
import torch

from strokes.errors import ConfigError
from strokes.generation.gan import DROPPED, Adversaries, ByteDropout, PictureGenerator
from strokes.generation.spec import GeneratorSpec
from strokes.generation.vae import ClassVae, Latents, Posterior, cluster, make_vae, one_hot


@pytest.mark.parametrize(("filters", "numbers"), [(32, 98_832), (64, 225_312)])
def test_the_generators_have_the_published_counts(filters, numbers):
    generator = PictureGenerator(GeneratorSpec("gan", latent=50, filters=filters))
    assert sum(t.numel() for t in generator.state_dict().values() if t.is_floating_point()) == numbers


def test_the_published_cvae_has_its_published_shape():
    shapes = {name: tuple(p.shape) for name, p in ClassVae(GeneratorSpec("cvae", classes=36)).named_parameters()}
    assert shapes["encoder.0.weight"] == (32, 1, 4, 4)
    assert shapes["encoder.2.weight"] == (32, 32, 4, 4)
    assert shapes["classify.0.weight"] == (128, 1568)
    assert shapes["classify.2.weight"] == (36, 128)
    assert shapes["mean.weight"] == shapes["log_variance.weight"] == (64, 1568)
    assert shapes["from_class.0.weight"] == (128, 36)
    assert shapes["from_latents.weight"] == (1568, 64)


@pytest.mark.parametrize("spec", [GeneratorSpec("cvae", classes=3), GeneratorSpec("lstm-vae", latent=50)])
def test_an_autoencoder_draws_what_it_sees_and_every_parameter_learns_from_it(spec):
    network = make_vae(spec)
    logits, posterior = network(torch.rand(4, 1, 28, 28))
    assert logits.shape == (4, 1, 28, 28)
    assert posterior.mean.shape == posterior.log_variance.shape == (4, spec.latent)
    assert posterior.classes.shape == (4, spec.classes)
    (logits.square().mean() + posterior.divergence() + posterior.classes.square().sum()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_a_standard_normal_posterior_has_no_divergence_and_a_shifted_one_half_its_square():
    none = torch.zeros(2, 3)
    assert Posterior(none, none, none).divergence() == 0
    assert Posterior(none + 2, none, none).divergence() == pytest.approx(3 * 2**2 / 2)


def test_an_adversary_judges_what_the_generator_draws():
    pair = Adversaries(GeneratorSpec("wgan", latent=6, filters=4))
    untold = torch.zeros(5, 0)
    pictures = pair.generator(torch.randn(5, 6), untold)
    assert pictures.shape == (5, 1, 28, 28)
    assert pictures.abs().max() <= 1
    judged = pair.critic(pictures, untold)
    assert judged.shape == (5,)
    judged.sum().backward()
    assert all(p.grad is not None for p in pair.generator.parameters())


def test_a_sharp_critic_sees_how_much_pictures_differ():
    critic = Adversaries(GeneratorSpec("gan", latent=6, filters=4, critic="projection")).critic
    picture = torch.rand(1, 1, 28, 28)
    alike, mixed = picture.expand(4, -1, -1, -1), torch.cat([picture, torch.rand(3, 1, 28, 28)])
    features, untold = [], torch.zeros(7, 0)
    critic.hidden[0].register_forward_pre_hook(lambda _, given: features.append(given[0]))
    assert critic(alike, untold[:4]).shape == critic(mixed, untold[:4]).shape == (4,)
    assert features[0][:, -1].tolist() == pytest.approx([1e-3] * 4, abs=1e-3)
    assert features[1][0, -1] > 0.01
    assert critic(torch.rand(7, 1, 28, 28), untold).shape == (7,)


def test_told_adversaries_draw_and_judge_by_the_class():
    pair = Adversaries(GeneratorSpec("gan", classes=3, latent=6, filters=4, critic="projection")).eval()
    told = one_hot(torch.tensor([0, 1, 2, 2]), 3)
    pictures = pair.generator(torch.randn(1, 6).expand(4, -1), told)
    assert (pictures[0] != pictures[1]).any()
    assert torch.equal(pictures[2], pictures[3])
    judged = pair.critic(pictures[2:3].expand(4, -1, -1, -1), told).detach()
    assert len(judged[:3].unique()) == 3
    assert judged[2] == pytest.approx(judged[3].item())


def test_labels_are_told_as_chances_and_not_at_all_where_there_are_no_classes():
    assert one_hot(torch.tensor([1, 0]), 2).tolist() == [[0, 1], [1, 0]]
    assert one_hot(torch.tensor([-1, 3]), 0).shape == (2, 0)


def test_the_average_follows_the_generator():
    pair = Adversaries(GeneratorSpec("gan", latent=6, filters=4))
    before = pair.averaged.layers[0].weight.clone()
    with torch.no_grad():
        pair.generator.layers[0].weight += 1
    pair.average(0.75)
    torch.testing.assert_close(pair.averaged.layers[0].weight, before + 0.25)


def test_dropout_drops_three_in_ten_keeps_the_mean_and_rests_outside_training():
    ones = torch.ones(200, 500)
    dropped = ByteDropout()(ones)
    assert (dropped == 0).float().mean() == pytest.approx(DROPPED, abs=0.01)
    assert dropped.mean() == pytest.approx(1, abs=0.01)
    assert torch.equal(ByteDropout().eval()(ones), ones)


def test_points_are_clustered_by_where_they_are():
    chance = torch.Generator().manual_seed(0)
    truth = torch.arange(300) % 3
    points = torch.randn(300, 2, generator=chance) + truth[:, None] * torch.tensor([[9.0, 0.0]])
    found = cluster(points, 3, seed=1)
    assert all(len(found[truth == part].unique()) == 1 for part in range(3))
    assert len(found.unique()) == 3


def test_fitted_latents_have_the_mean_and_covariance_of_each_class():
    chance = torch.Generator().manual_seed(0)
    labels = torch.arange(4000) % 2
    mean = torch.randn(4000, 3, generator=chance) * torch.tensor([1.0, 2.0, 0.5]) + labels[:, None] * 4
    latents = Latents(GeneratorSpec("cvae", classes=2, latent=3))
    latents.fit(mean, torch.zeros_like(mean), labels)
    drawn = latents.place(torch.randn(4000, 3, generator=chance), labels)
    for label in (0, 1):
        torch.testing.assert_close(drawn[labels == label].mean(0), mean[labels == label].mean(0), atol=0.2, rtol=0)
        torch.testing.assert_close(drawn[labels == label].std(0), mean[labels == label].std(0), atol=0.1, rtol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"family": "diffusion"}, "one of cvae, lstm-vae, gan, wgan"),
        ({"family": "cvae"}, "network.classes is 0"),
        ({"family": "gan", "classes": 10}, "a gan with a projection critic may, others have none"),
        ({"family": "gan", "latent": 0}, "network.latent is 0"),
    ],
)
def test_a_shape_that_is_none_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        GeneratorSpec(**settings)
