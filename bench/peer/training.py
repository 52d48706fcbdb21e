"""Runs the peer's training steps: losses, and the order of work of the official trainers."""

import torch
import torch.nn.functional as F

from networks import make_discriminator, make_generator

FEATURE_WEIGHT = 10.0
L1_WEIGHT = 100.0


def hinge(prediction, role):
    return -prediction.mean() if role == "generator" else F.relu(1 + prediction * (1 if role == "fake" else -1)).mean()


def least_squares(prediction, role):
    return F.mse_loss(prediction, torch.full_like(prediction, 0.0 if role == "fake" else 1.0))


def non_saturating(prediction, role):
    return F.softplus(prediction if role == "fake" else -prediction).mean()


def over_scales(outputs, kind, role):
    """Gives the mean over scales of a kind of loss of the predictions."""
    return sum(kind(scale[-1], role) for scale in outputs) / len(outputs)


def feature_matching(on_fake, on_real):
    return sum(
        F.l1_loss(fake, real.detach()) * FEATURE_WEIGHT / len(on_fake)
        for fake_scale, real_scale in zip(on_fake, on_real)
        for fake, real in zip(fake_scale[:-1], real_scale[:-1])
    )


class Trainer:
    """Holds both networks of a model and their optimizers. `lean` leaves out the work of the official trainers that has
    no effect: gradients for D's parameters in G's step, and for the picture in D's."""

    # Rates of G and D, and the betas of both.
    rates, betas = (1e-4, 4e-4), (0.0, 0.9)

    def __init__(self, model, labels, widths, size, lean=False, half=False):
        self.lean, self.half = lean, half
        self.G = make_generator(model, labels, widths[0], size).train()
        self.D = make_discriminator(model, labels, widths[1]).train()
        self.run_G, self.run_D = self.G, self.D
        self.adam_G, self.adam_D = (
            torch.optim.Adam(network.parameters(), lr=rate, betas=self.betas)
            for network, rate in zip((self.G, self.D), self.rates)
        )

    def precision(self):
        """Gives the context of forward passes and losses: bfloat16 where it is asked for."""
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half)

    def judge(self, seg, fake, real):
        """Shows D the fake and the real pictures as one batch; gives its outputs for each."""
        pairs = torch.cat([torch.cat([seg, fake], 1), torch.cat([seg, real], 1)], 0)
        count = len(seg)
        outputs = self.run_D(pairs)
        return [[y[:count] for y in scale] for scale in outputs], [[y[count:] for y in scale] for scale in outputs]

    def update(self, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def step(self, seg, real):
        """Trains on one batch and gives the losses by name."""
        losses = {**self.generator_step(seg, real), **self.discriminator_step(seg, real)}
        return {name: loss.item() for name, loss in losses.items()}


class SpadeTrainer(Trainer):
    """A step of the generator, then one of the discriminator on a picture made anew."""

    kind, share_of_D = staticmethod(hinge), 1.0

    def likeness(self, on_fake, on_real, fake, real):
        """Gives the generator's second loss: how far its picture is from the photograph."""
        return feature_matching(on_fake, on_real)

    def generator_step(self, seg, real):
        if self.lean:
            self.D.requires_grad_(False)
        with self.precision():
            fake = self.run_G(seg)
            on_fake, on_real = self.judge(seg, fake, real)
            gan = over_scales(on_fake, self.kind, "generator")
            features = self.likeness(on_fake, on_real, fake, real)
        self.update(self.adam_G, gan + features)
        if self.lean:
            self.D.requires_grad_(True)
        return {"GAN": gan, "GAN_Feat": features, "G_total": gan + features}

    def discriminator_step(self, seg, real):
        with self.precision():
            with torch.no_grad():
                fake = self.run_G(seg)
            if not self.lean:
                fake.requires_grad_()
            on_fake, on_real = self.judge(seg, fake, real)
            loss_fake = self.share_of_D * over_scales(on_fake, self.kind, "fake")
            loss_real = self.share_of_D * over_scales(on_real, self.kind, "real")
        self.update(self.adam_D, loss_fake + loss_real)
        return {"D_Fake": loss_fake, "D_real": loss_real, "D_total": loss_fake + loss_real}


class UNetTrainer(SpadeTrainer):
    """The losses of pix2pix in SPADE's order of work."""

    rates, betas = (2e-4, 2e-4), (0.5, 0.999)
    kind, share_of_D = staticmethod(non_saturating), 0.5

    def likeness(self, on_fake, on_real, fake, real):
        return L1_WEIGHT * F.l1_loss(fake, real)


class Pix2PixHDTrainer(Trainer):
    """Both losses from one picture, before any update; D sees it apart from the photograph, and once more for G."""

    rates, betas = (2e-4, 2e-4), (0.5, 0.999)

    def step(self, seg, real):
        with self.precision():
            fake = self.run_G(seg)
            on_pool = self.run_D(torch.cat([seg, fake.detach()], 1))
            on_real = self.run_D(torch.cat([seg, real], 1))
            if self.lean:
                self.D.requires_grad_(False)
            on_fake = self.run_D(torch.cat([seg, fake], 1))
            if self.lean:
                self.D.requires_grad_(True)
            scales = len(on_fake)
            gan = scales * over_scales(on_fake, least_squares, "generator")
            features = feature_matching(on_fake, on_real)
            loss_fake = 0.5 * scales * over_scales(on_pool, least_squares, "fake")
            loss_real = 0.5 * scales * over_scales(on_real, least_squares, "real")
        self.update(self.adam_G, gan + features)
        self.update(self.adam_D, loss_fake + loss_real)
        losses = {"GAN": gan, "GAN_Feat": features, "D_Fake": loss_fake, "D_real": loss_real}
        return {name: loss.item() for name, loss in losses.items()}


trainers = {"spade": SpadeTrainer, "pix2pixhd": Pix2PixHDTrainer, "unet": UNetTrainer}


def make_trainer(model, *given):
    """Makes the trainer of a model."""
    return trainers[model](model, *given)
