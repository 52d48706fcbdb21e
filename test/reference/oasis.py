"""Makes the fixtures of OASIS: generator, segmentation discriminator, its losses."""

import torch
from torch import nn

from fixture import Run, arguments, make
from official import Options, prepare

given = arguments("OASIS")
prepare(given.oasis)

import models.discriminator as discriminators  # noqa: E402  (the repository is on the path only now)
import models.generator as generators  # noqa: E402
import models.losses as losses  # noqa: E402

OPTIONS = dict(
    gpu_ids="-1",
    semantic_nc=4,
    num_res_blocks=6,
    channels_G=1,
    param_free_norm="batch",
    spade_ks=3,
    no_3dnoise=False,
    z_dim=5,
    no_spectral_norm=False,
    crop_size=64,
    aspect_ratio=1.0,
    no_labelmix=False,
    no_balancing_inloss=False,
    contain_dontcare_label=False,
)
WIDTH_DIVISOR = 16
CLASSES = OPTIONS["semantic_nc"]


class NarrowLayers:
    """Stands for torch.nn in the discriminator's module: the widths 64 to 1024, fixed in its code, are divided by 16."""

    def __getattr__(self, name: str):
        return getattr(nn, name)

    @staticmethod
    def Conv2d(inputs: int, outputs: int, *rest):
        narrow = [n // WIDTH_DIVISOR if n >= 64 else n for n in (inputs, outputs)]
        return nn.Conv2d(*narrow, *rest)


discriminators.nn = NarrowLayers()


def one_hot_labels(run: Run, height: int, width: int) -> torch.Tensor:
    label = run.identifiers("input.label", (2, 1, height, width), CLASSES)
    one_hot = torch.nn.functional.one_hot(label[:, 0], CLASSES).permute(0, 3, 1, 2).to(run.dtype)
    return run.joined("input.semantics", one_hot, {"one_hot": "input.label", "classes": CLASSES})


def generator(run: Run) -> None:
    options = Options(**OPTIONS)
    network = run.fill(generators.OASIS_Generator(options))
    label = one_hot_labels(run, 64, 64)
    noise = run.uniform("input.z", (2, options.z_dim), 1.7, layout="N,features")
    drawing, torch.randn = torch.randn, lambda *_, **__: noise
    try:
        y = network(label)
        run.output("output.train.y", y)
        run.gradients(run.cotangent_sum({"y": y}), {"": network})
        network.eval()
        with torch.no_grad():
            run.output("output.eval_after.y", network(label))
    finally:
        torch.randn = drawing


def discriminator(run: Run) -> None:
    options = Options(**OPTIONS)
    network = run.fill(discriminators.OASIS_Discriminator(options))
    computer = losses.losses_computer(options)
    label = one_hot_labels(run, 64, 64)
    fake = run.uniform("input.fake_image", (2, 3, 64, 64)).requires_grad_()
    real = run.uniform("input.real_image", (2, 3, 64, 64))
    logits_fake = network(fake)
    logits_real = network(real)
    mask = run.identifiers("input.mask", (2, 1, 64, 64), 2).to(run.dtype)
    logits_mixed = network(mask * real + (1 - mask) * fake.detach())
    run.output("output.train.logits_fake", logits_fake)
    run.output("output.train.logits_real", logits_real)
    terms = {
        "D_fake": computer.loss(logits_fake, label, for_real=False),
        "D_real": computer.loss(logits_real, label, for_real=True),
        "D_labelmix": computer.loss_labelmix(mask, logits_mixed, logits_fake, logits_real),
        "G_adversarial": computer.loss(logits_fake, label, for_real=True),
    }
    for name, loss in terms.items():
        run.output(f"output.train.loss.{name}", loss)
    total = terms["D_fake"] + terms["D_real"] + 10 * terms["D_labelmix"]
    run.gradients(total, {"": network}, "grad.d_loss.", keep=True)
    run.gradients(terms["G_adversarial"], {"input.fake_image": fake}, "grad.g_loss.", keep=True)
    run.buffers_after(network)


def loss_terms(run: Run) -> None:
    """The balanced cross entropy alone, with and without a don't-care class."""
    label = one_hot_labels(run, 16, 16)
    logits = run.uniform("input.logits", (2, CLASSES + 1, 16, 16), 3.0).requires_grad_()
    for name, changes in {
        "balanced": {},
        "void": {"contain_dontcare_label": True},
        "unbalanced": {"no_balancing_inloss": True},
    }.items():
        computer = losses.losses_computer(Options(**{**OPTIONS, **changes}))
        for for_real in (True, False):
            key = f"{name}.{'real' if for_real else 'fake'}"
            loss = computer.loss(logits, label, for_real=for_real)
            run.output(f"output.{key}", loss)
            run.gradients(loss, {"input.logits": logits}, f"grad.{key}.", keep=True)
    run.output("output.weights", losses.get_class_balancing(Options(**OPTIONS), logits, label))


CASES = {
    "oasis_generator": (
        generator,
        "Generator with noise at every pixel, batch norm, 64x64.",
        ["OASIS: models/generator.py", "OASIS: models/norms.py"],
        [
            "input.z is the draw that forward makes itself; it is repeated over all pixels and stands before the labels.",
            "output.eval_after is in eval mode with the state that the train-mode pass left.",
        ],
        "body.<i>.conv_<0|1|s>.weight_orig|weight_u|weight_v|bias, body.<i>.norm_<0|1|s>.first_norm.running_*, .mlp_shared.0.*, .mlp_gamma.*, .mlp_beta.*; fc.*, conv_img.*",
        (16, 256),
    ),
    "oasis_discriminator": (
        discriminator,
        f"Segmentation U-Net with all widths divided by {WIDTH_DIVISOR}, and the losses of one iteration.",
        ["OASIS: models/discriminator.py", "OASIS: models/losses.py"],
        [
            "Passes in order: fake, real, mixed (mask * real + (1 - mask) * fake); u and v move in each. param_after.* is after all three.",
            "input.mask has cells of zeros and ones (officially one coin per class of the batch).",
            "grad.d_loss: of D_fake + D_real + 10 * D_labelmix; grad.g_loss: of G_adversarial, by the fake alone.",
        ],
        "body_down.<i>.conv1.<j>.*, .conv2.1.*, .conv_s.*; body_up.<i>.conv1.2.*, .conv2.1.*, .conv_s.*; layer_up_last.*; j is 0 in the first block, else 1",
        (16, 256),
    ),
    "oasis_loss": (
        loss_terms,
        "The cross entropy over classes + 1 with class balancing; void means that class 0 has no weight.",
        ["OASIS: models/losses.py"],
        [
            "Target of a fake pixel: 0; of a real pixel of class c: c + 1. output.weights are those of `balanced`, per pixel."
        ],
        "",
        (64, 256),
    ),
}
for name, (scenario, what, sources, notes, names, limits) in CASES.items():
    if given.only in name:
        make(given.out, name, scenario, what, sources, OPTIONS, notes, names, limits=limits)
