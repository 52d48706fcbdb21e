"""Makes the fixtures of NVlabs/SPADE that the project was not given: generator variants, concat baseline, VAE, loss modes."""

import torch

from fixture import Run, arguments, make
from official import Options, prepare

given = arguments("SPADE", "OASIS")
# SPADE's synchronized batch norm is a git submodule; OASIS carries a copy of it.
prepare(given.spade, sync_batchnorm=given.oasis / "models" / "sync_batchnorm")

from models import networks  # noqa: E402  (the repository is on the path only now)
from models.networks.generator import Pix2PixHDGenerator, SPADEGenerator  # noqa: E402
from trainers.pix2pix_trainer import Pix2PixTrainer  # noqa: E402

NETWORK_SOURCES = [
    f"SPADE: models/networks/{file}.py" for file in ("generator", "architecture", "normalization")
]
BASE = dict(
    gpu_ids=[],
    isTrain=True,
    continue_train=False,
    label_nc=4,
    contain_dontcare_label=False,
    no_instance=False,
    semantic_nc=5,
    output_nc=3,
    crop_size=64,
    aspect_ratio=1.0,
    netG="spade",
    ngf=2,
    norm_G="spectralspadesyncbatch3x3",
    num_upsampling_layers="normal",
    use_vae=False,
    z_dim=256,
    netD="multiscale",
    netD_subarch="n_layer",
    ndf=4,
    norm_D="spectralinstance",
    norm_E="spectralinstance",
    num_D=2,
    n_layers_D=3,
    gan_mode="hinge",
    lambda_feat=10.0,
    lambda_kld=0.05,
    lambda_vgg=10.0,
    no_ganFeat_loss=False,
    no_vgg_loss=True,
    init_type="xavier",
    init_variance=0.02,
    lr=2e-4,
    beta1=0.0,
    beta2=0.9,
    no_TTUR=False,
    batchSize=2,
)


def options_of(changes) -> Options:
    return Options(**{**BASE, **changes})


def maps(run: Run, options: Options, height: int, width: int):
    """Labels and instances by the formula, and the semantics that follow from them."""
    size = (options.batchSize, 1, height, width)
    label = run.identifiers("input.label", size, options.label_nc)
    instance = run.identifiers("input.instance", size, 9, cell=16)
    edges = edges_of(instance)
    one_hot = torch.nn.functional.one_hot(label[:, 0], options.label_nc).permute(0, 3, 1, 2)
    semantics = torch.cat((one_hot.to(run.dtype), edges.to(run.dtype)), 1)
    parts = ({"one_hot": "input.label", "classes": options.label_nc}, {"edges": "input.instance"})
    return label, instance, run.joined("input.semantics", semantics, *parts)


def edges_of(ids: torch.Tensor) -> torch.Tensor:
    """1 where the id differs from one of the four neighbours (what Pix2PixModel.get_edges makes)."""
    edge = torch.zeros_like(ids, dtype=torch.bool)
    columns, rows = ids[..., 1:] != ids[..., :-1], ids[:, :, 1:] != ids[:, :, :-1]
    edge[..., 1:] |= columns
    edge[..., :-1] |= columns
    edge[:, :, 1:] |= rows
    edge[:, :, :-1] |= rows
    return edge


def generator(cls, options: Options, height: int, width: int, buffers: bool = True):
    def scenario(run: Run) -> None:
        network = run.fill(cls(options))
        _, _, semantics = maps(run, options, height, width)
        z = (
            run.uniform("input.z", (options.batchSize, options.z_dim), 1.7, layout="N,features")
            if options.use_vae
            else None
        )
        if z is not None:
            z.requires_grad_()
        output = network(semantics, z=z)
        run.output("output.train.y", output)
        wanted = {"": network, **({} if z is None else {"input.z": z})}
        run.gradients(run.cotangent_sum({"y": output}), wanted)
        if buffers:
            run.buffers_after(network)
        network.eval()
        with torch.no_grad():
            run.output("output.eval_after.y", network(semantics, z=z))

    return scenario


create_encoder = networks.define_E
# The encoder runs with no crop_size below 256 (it resizes every picture to 256x256); the rest may be smaller.
networks.define_E = lambda options: create_encoder(Options(**{**vars(options), "crop_size": 256}))


def prepare_trainer(options: Options, run: Run) -> Pix2PixTrainer:
    trainer = Pix2PixTrainer(options)
    for prefix in ("netG.", "netD.", "netE."):
        network = getattr(trainer.pix2pix_model, prefix[:-1])
        if network is not None:
            run.fill(network, prefix)
    return trainer


def training(options: Options):
    """One iteration of the official trainer; the random draws of the encoder come from the formula."""

    def scenario(run: Run) -> None:
        trainer = prepare_trainer(options, run)
        model = trainer.pix2pix_model
        parts = {
            f"{name}.": net for name in ("netG", "netD", "netE") if (net := getattr(model, name)) is not None
        }
        label, instance, _ = maps(run, options, options.crop_size, options.crop_size)
        image = run.uniform("input.image", (options.batchSize, 3, *label.shape[2:]))
        draws = iter(("input.eps.generator_step", "input.eps.discriminator_step"))
        model.reparameterize = lambda mu, logvar: mu + torch.exp(0.5 * logvar) * run.uniform(
            next(draws), tuple(mu.shape), 1.7, layout="N,features"
        )

        def store_gradients(names) -> None:
            for prefix in names:
                for name, parameter in parts.get(prefix, torch.nn.Module()).named_parameters():
                    run.gradient(
                        f"grad.{prefix}{name}", parameter.grad, run.made[f"param.{prefix}{name}"]["layout"]
                    )

        def data() -> dict:
            return {"label": label, "instance": instance, "image": image}

        trainer.run_generator_one_step(data())
        store_gradients(("netG.", "netE."))
        run.output("output.iter1.fake", trainer.get_latest_generated())
        trainer.run_discriminator_one_step(data())
        store_gradients(("netD.",))
        for group, losses in (("G", trainer.g_losses), ("D", trainer.d_losses)):
            for name, loss in {**losses, f"{group}_total": sum(losses.values())}.items():
                run.output(f"output.iter1.loss.{name}", loss.mean())
        for prefix, network in parts.items():
            # G's weights move by its rate times signs, nearly: its gradients say more. Its statistics are stored.
            after = run.buffers_after if prefix == "netG." else run.state_after
            after(network, prefix, "param_after_1.")

    return scenario


def gan_modes(run: Run) -> None:
    """All losses of all modes on predictions of two scales; only the last of each list counts."""
    predictions = {}
    for side in ("fake", "real"):
        scales = [
            run.uniform(f"input.{side}.d{s}", (2, 1, size, size), 2.0).requires_grad_()
            for s, size in enumerate((6, 4))
        ]
        predictions[side] = [[torch.zeros_like(p), p] for p in scales]
    for mode in ("hinge", "ls", "original", "w"):
        loss = networks.GANLoss(mode, tensor=torch.FloatTensor)
        terms = {
            "GAN": ("fake", loss(predictions["fake"], True, for_discriminator=False)),
            "D_Fake": ("fake", loss(predictions["fake"], False, for_discriminator=True)),
            "D_real": ("real", loss(predictions["real"], True, for_discriminator=True)),
        }
        for name, (side, value) in terms.items():
            run.output(f"output.{mode}.{name}", value.mean())
            inputs = {f"input.{side}.d{s}": pair[-1] for s, pair in enumerate(predictions[side])}
            run.gradients(value.mean(), inputs, f"grad.{mode}.{name}.")


def vgg_loss(run: Run) -> None:
    loss = networks.VGGLoss([])
    # Gain: what keeps the size of activations through a ReLU.
    run.fill(loss.vgg, gain=1.15)
    fake = run.uniform("input.fake_image", (2, 3, 32, 32)).requires_grad_()
    real = run.uniform("input.real_image", (2, 3, 32, 32))
    for layer, features in enumerate(loss.vgg(fake)):
        run.output(f"output.feature.relu{layer + 1}_1", features)
    value = loss(fake, real)
    run.output("output.loss", value)
    run.gradients(value, {"input.fake_image": fake})


def describe(options: Options) -> dict:
    keep = (
        "label_nc",
        "semantic_nc",
        "ngf",
        "norm_G",
        "crop_size",
        "aspect_ratio",
        "num_upsampling_layers",
        "use_vae",
        "z_dim",
        "batchSize",
    )
    return {key: value for key, value in vars(options).items() if key in keep or key.startswith("resnet")}


SPADE_NAMES = "fc.*, head_0|G_middle_0|G_middle_1|up_<i>.conv_<0|1|s>.weight_orig|weight_u|weight_v|bias (.weight without spectral), .norm_<0|1|s>.param_free_norm.running_*, .mlp_shared.0.*, .mlp_gamma.*, .mlp_beta.*, conv_img.*"
EVAL_NOTE = "output.eval_after is in eval mode with the state that the train-mode pass left."
SPADE_VARIANTS = {
    "spade_z_start": (dict(use_vae=True, z_dim=8), 64, 64),
    "spade_more": (dict(num_upsampling_layers="more", aspect_ratio=0.5), 128, 64),
    "spade_most": (dict(num_upsampling_layers="most", aspect_ratio=0.5, crop_size=128), 256, 128),
    "spade_wide": (dict(aspect_ratio=2.0), 32, 64),
    "spade_instance_3x3": (dict(norm_G="spectralspadeinstance3x3", crop_size=128, ngf=1), 128, 128),
    "spade_batch_1x1_plain": (dict(norm_G="spadebatch1x1", ngf=3), 64, 64),
    "spade_syncbatch_5x5_plain": (dict(norm_G="spadesyncbatch5x5"), 64, 64),
}
for name, (changes, height, width) in SPADE_VARIANTS.items():
    if given.only in name:
        options = options_of(changes)
        what = f"SPADEGenerator on {height}x{width}: {', '.join(f'{k} {v}' for k, v in changes.items())}."
        make(
            given.out,
            name,
            generator(SPADEGenerator, options, height, width, buffers=height == 32),
            what,
            NETWORK_SOURCES,
            describe(options),
            [EVAL_NOTE],
            SPADE_NAMES,
            draws=4,
            limits=(16, 256),
        )

BASELINE = dict(
    netG="pix2pixhd",
    ngf=4,
    resnet_n_downsample=3,
    resnet_n_blocks=2,
    resnet_kernel_size=3,
    resnet_initial_kernel_size=7,
)
for norm in ("spectralinstance", "spectralbatch"):
    name = f"spade_concat_baseline_{norm}"
    if given.only in name:
        options = options_of({**BASELINE, "norm_G": norm})
        names = "model.<index>.0.weight_orig|weight_u|weight_v (convolution), model.<index>.1.* (batch norm), model.<index>.conv_block.<1|4>.<0|1>.*, last: model.<index>.weight|bias"
        make(
            given.out,
            name,
            generator(Pix2PixHDGenerator, options, 32, 32),
            f"Pix2PixHDGenerator, the concat baseline, norm_G {norm}.",
            NETWORK_SOURCES,
            describe(options),
            [EVAL_NOTE],
            names,
            limits=(32, 256),
        )

TRAINING_SOURCES = [
    "SPADE: trainers/pix2pix_trainer.py",
    "SPADE: models/pix2pix_model.py",
    "SPADE: models/networks/*",
]
TRAINING_NOTES = [
    "One iteration: G's step (E and G trained on GAN + GAN_Feat + KLD [+ VGG]), then D's step with E and G run again under no-grad with the new weights.",
    "The encoder is made with crop_size 256 (it has no sixth layer and fails below that), everything else with 64.",
    "input.eps.* are the encoder's draws: z = mu + exp(logvar / 2) * eps, one for each step.",
    "grad.netE.*, grad.netG.* are of G's step, grad.netD.* of D's; param_after_1.* is the state after both, of G only the buffers.",
]
if given.only in "spade_vae_train":
    options = options_of({"use_vae": True})
    make(
        given.out,
        "spade_vae_train",
        training(options),
        "One training iteration with the encoder: KLD, hinge, feature matching, TTUR.",
        TRAINING_SOURCES,
        {**vars(options)},
        TRAINING_NOTES,
        "netG.*, netD.discriminator_<s>.model<i>.0[.0].*, netE.layer<i>.0.weight_orig|weight_u|weight_v, netE.fc_mu.*, netE.fc_var.*",
        draws=2,
        limits=(16, 256),
    )

if given.only in "spade_gan_modes":
    make(
        given.out,
        "spade_gan_modes",
        gan_modes,
        "GANLoss in all modes: values and gradients by the predictions of two scales.",
        ["SPADE: models/networks/loss.py"],
        {"modes": ["hinge", "ls", "original", "w"]},
        [
            "D_real is taken on input.real.*, GAN and D_Fake on input.fake.*.",
            "GAN in mode original is non-saturating (cross entropy against 1).",
        ],
    )

if given.only in "spade_vgg_loss":
    make(
        given.out,
        "spade_vgg_loss",
        vgg_loss,
        "VGGLoss with random weights and all widths divided by 8.",
        [
            "SPADE: models/networks/loss.py (VGGLoss)",
            "SPADE: models/networks/architecture.py (VGG19)",
            "torchvision vgg19().features (layers built by hand)",
        ],
        {"widths": [8, 16, 32, 64, 64], "weights": [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1]},
        ["output.feature.* are of input.fake_image. output.loss is without lambda_vgg."],
        "slice<1..5>.<index in features>.weight|bias; torchvision: features.<index>.*",
    )
