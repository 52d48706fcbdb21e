"""Makes the fixtures of NVIDIA/pix2pixHD: generators, feature encoder, discriminator with its losses, training iterations."""

import torch

from fixture import Run, arguments, make
from official import Options, prepare

given = arguments("pix2pixHD")
prepare(given.pix2pixhd)

from models import networks  # noqa: E402  (the repository is on the path only now)
from models.pix2pixHD_model import Pix2PixHDModel  # noqa: E402

NETWORKS = ["pix2pixHD: models/networks.py"]


def network_fixture(run: Run, network, *inputs: torch.Tensor, image: torch.Tensor, eval_too: bool) -> None:
    """Forward and gradients in train mode, the state after, and perhaps eval mode with that state."""
    output = network(*inputs)
    run.output("output.train.y", output)
    run.gradients(run.cotangent_sum({"y": output}), {"input.x": image, "": network})
    run.buffers_after(network)
    if eval_too:
        network.eval()
        with torch.no_grad():
            run.output("output.eval_after.y", network(*inputs))


def picture(run: Run, shape, name: str = "input.x") -> torch.Tensor:
    return run.uniform(name, shape).requires_grad_()


def global_generator(norm: str):
    def scenario(run: Run) -> None:
        layer = networks.get_norm_layer(norm)
        network = run.fill(networks.GlobalGenerator(5, 3, 4, n_downsampling=3, n_blocks=2, norm_layer=layer))
        x = picture(run, (2, 5, 32, 48))
        network_fixture(run, network, x, image=x, eval_too=norm == "batch")

    return scenario


def local_enhancer(enhancers: int):
    def scenario(run: Run) -> None:
        layer = networks.get_norm_layer("instance")
        network = networks.LocalEnhancer(
            5,
            3,
            2,
            n_downsample_global=2,
            n_blocks_global=2,
            n_local_enhancers=enhancers,
            n_blocks_local=2,
            norm_layer=layer,
        )
        run.fill(network)
        x = picture(run, (2, 5, 64, 64))
        network_fixture(run, network, x, image=x, eval_too=False)

    return scenario


def encoder(batch: int):
    def scenario(run: Run) -> None:
        network = run.fill(
            networks.Encoder(3, 3, 4, n_downsampling=2, norm_layer=networks.get_norm_layer("instance"))
        )
        x = picture(run, (batch, 3, 32, 32))
        instances = run.identifiers("input.instance", (batch, 1, 32, 32), count=6)
        network_fixture(run, network, x, instances, image=x, eval_too=False)
        with torch.no_grad():
            maps = network.model(x)
            pooled = network(x, instances)
        run.output("output.train.map", maps)
        # The official loop must not mix equal ids of different pictures: compared with a composition of our own.
        torch.testing.assert_close(pooled, pooled_per_picture(maps, instances), rtol=1e-4, atol=1e-5)

    return scenario


def pooled_per_picture(maps: torch.Tensor, instances: torch.Tensor) -> torch.Tensor:
    """Means over the pixels of one picture that share an id."""
    result = torch.empty_like(maps)
    for picture_maps, ids, target in zip(maps, instances[:, 0], result):
        for identifier in ids.unique():
            target[:, ids == identifier] = picture_maps[:, ids == identifier].mean(1, keepdim=True)
    return result


def feature_matching(model_options, pred_fake, pred_real, criterion) -> torch.Tensor:
    """The sum that Pix2PixHDModel.forward makes, for outputs that did not come from its own pass."""
    weight = 4 / (model_options.n_layers_D + 1) / model_options.num_D * model_options.lambda_feat
    pairs = [(f, r) for fake, real in zip(pred_fake, pred_real) for f, r in zip(fake[:-1], real[:-1])]
    return weight * sum(criterion(f, r.detach()) for f, r in pairs)


def discriminator(norm: str):
    options = Options(n_layers_D=3, num_D=2, lambda_feat=10.0, ndf=4, norm=norm)

    def scenario(run: Run) -> None:
        layer = networks.get_norm_layer(norm)
        network = networks.MultiscaleDiscriminator(
            8, options.ndf, options.n_layers_D, layer, False, options.num_D, getIntermFeat=True
        )
        run.fill(network)
        condition = run.uniform("input.semantics", (2, 5, 64, 64))
        fake, real = picture(run, (2, 3, 64, 64), "input.fake_image"), run.uniform(
            "input.real_image", (2, 3, 64, 64)
        )
        gan = networks.GANLoss(use_lsgan=True, tensor=torch.FloatTensor)
        pred_pool = network(torch.cat((condition, fake.detach()), 1))
        pred_real = network(torch.cat((condition, real), 1))
        pred_fake = network(torch.cat((condition, fake), 1))
        for s, (fakes, reals) in enumerate(zip(pred_fake, pred_real)):
            for j, (f, r) in enumerate(zip(fakes, reals)):
                run.output(f"output.train.fake.d{s}.l{j}", f)
                run.output(f"output.train.real.d{s}.l{j}", r)
        losses = {
            "D_fake": gan(pred_pool, False),
            "D_real": gan(pred_real, True),
            "G_GAN": gan(pred_fake, True),
            "G_GAN_Feat": feature_matching(options, pred_fake, pred_real, torch.nn.L1Loss()),
        }
        for name, loss in losses.items():
            run.output(f"output.train.loss.{name}", loss)
        run.gradients((losses["D_fake"] + losses["D_real"]) * 0.5, {"": network}, "grad.d_loss.", keep=True)
        run.gradients(
            losses["G_GAN"] + losses["G_GAN_Feat"], {"input.fake_image": fake}, "grad.g_loss.", keep=True
        )
        run.gradients(losses["G_GAN_Feat"], {"input.fake_image": fake}, "grad.gan_feat.", keep=True)
        run.buffers_after(network)

    return scenario


def training_options(**changes) -> Options:
    values = dict(
        gpu_ids=[],
        isTrain=True,
        checkpoints_dir="",
        name="",
        resize_or_crop="none",
        verbose=False,
        data_type=32,
        label_nc=5,
        input_nc=3,
        output_nc=3,
        no_instance=False,
        instance_feat=False,
        label_feat=False,
        load_features=False,
        feat_num=3,
        ngf=4,
        netG="global",
        n_downsample_global=2,
        n_blocks_global=2,
        n_local_enhancers=1,
        n_blocks_local=2,
        norm="instance",
        nef=4,
        n_downsample_E=2,
        ndf=4,
        n_layers_D=3,
        num_D=2,
        no_lsgan=False,
        no_ganFeat_loss=False,
        no_vgg_loss=True,
        lambda_feat=10.0,
        pool_size=0,
        lr=2e-4,
        beta1=0.5,
        niter_fix_global=0,
        continue_train=False,
        load_pretrain="",
        batchSize=2,
    )
    return Options(**{**values, **changes})


def training(options: Options, iterations: int):
    def scenario(run: Run) -> None:
        model = Pix2PixHDModel()
        model.initialize(options)
        parts = {
            "netG.": model.netG,
            "netD.": model.netD,
            **({"netE.": model.netE} if model.gen_features else {}),
        }
        for prefix, network in parts.items():
            run.fill(network, prefix)
        size = (options.batchSize, 1, 64, 64)
        label = run.identifiers("input.label", size, options.label_nc)
        instance = run.identifiers("input.instance", size, 9, cell=16)
        image = run.uniform("input.image", (options.batchSize, 3, 64, 64))
        semantics = model.encode_input(label, instance)[0]
        run.joined(
            "input.semantics",
            semantics,
            {"one_hot": "input.label", "classes": options.label_nc},
            {"edges": "input.instance"},
        )
        for iteration in range(1, iterations + 1):
            losses, fake = model(label, instance, image, None, infer=True)
            named = dict(zip(model.loss_names, losses))
            loss_g = named["G_GAN"] + named["G_GAN_Feat"] + named.get("G_VGG", 0)
            loss_d = (named["D_fake"] + named["D_real"]) * 0.5
            for name, loss in {**named, "G_total": loss_g, "D_total": loss_d}.items():
                run.output(f"output.iter{iteration}.loss.{name}", loss)
            run.output(f"output.iter{iteration}.fake", fake)
            for loss, optimizer, updated in (
                (loss_g, model.optimizer_G, "GE"),
                (loss_d, model.optimizer_D, "D"),
            ):
                optimizer.zero_grad()
                loss.backward()
                if iteration == 1:
                    for prefix, network in parts.items():
                        if prefix[3] in updated:
                            for name, parameter in network.named_parameters():
                                layout = run.made[f"param.{prefix}{name}"]["layout"]
                                run.gradient(f"grad.{prefix}{name}", parameter.grad, layout)
                optimizer.step()
            if iteration in (1, iterations):
                for prefix, network in parts.items():
                    run.state_after(network, prefix, f"param_after_{iteration}.")

    return scenario


GENERATOR_NAMES = "model.<index>.weight|bias in the Sequential; residual blocks model.<index>.conv_block.<1|5>.*; batch norm's layer has running_mean, running_var"
DISCRIMINATOR_NAMES = "scale<i>_layer<j>.0.weight|bias (convolution), scale<i>_layer<j>.1.* (batch norm); scale num_D-1 sees the full resolution"
TRAINING_NOTES = [
    "One forward pass computes all losses with the old weights; then G's step, then D's step with the fake already made.",
    "D runs three times, each time on its own batch: fake (detached), real, fake for G.",
    "E's parameters are in G's optimizer. Adam 2e-4, betas 0.5 and 0.999, eps 1e-8. Every iteration uses the same batch.",
    "grad.* are those of iteration 1; param_after_<i>.* the state after iteration i.",
    "Adam divides by the size of the gradient: an entry with nearly no gradient can differ by lr per step; compare quantiles.",
]

common_global = {"input_nc": 5, "output_nc": 3, "ngf": 4, "n_downsampling": 3, "n_blocks": 2}
common_local = {
    "input_nc": 5,
    "output_nc": 3,
    "ngf": 2,
    "n_downsample_global": 2,
    "n_blocks_global": 2,
    "n_blocks_local": 2,
    "norm": "instance",
}
FIXTURES = {
    **{
        f"pix2pixhd_global_{norm}": (
            global_generator(norm),
            f"GlobalGenerator with {norm} norm on 32x48.",
            {**common_global, "norm": norm},
            ["output.eval_after starts from param_after."] if norm == "batch" else [],
            GENERATOR_NAMES,
        )
        for norm in ("instance", "batch")
    },
    **{
        f"pix2pixhd_local_{count}": (
            local_enhancer(count),
            f"LocalEnhancer with {count} enhancer(s).",
            {**common_local, "n_local_enhancers": count},
            ["Zero-gradient biases (in front of instance norm) are listed, not stored."],
            "model.* (global part), model<n>_1.* (down), model<n>_2.* (blocks and up); n = 1 is the coarsest enhancer",
        )
        for count in (1, 2)
    },
    **{
        f"pix2pixhd_encoder_batch{batch}": (
            encoder(batch),
            f"Feature encoder with instance-wise average pooling, batch {batch}.",
            {
                "input_nc": 3,
                "output_nc": 3,
                "ngf": 4,
                "n_downsampling": 2,
                "norm": "instance",
                "batch": batch,
            },
            [
                "output.train.map is the picture before pooling, output.train.y after.",
                "Pooling is per picture: the same id in two pictures is two instances.",
            ],
            GENERATOR_NAMES,
        )
        for batch in (1, 2)
    },
    **{
        f"pix2pixhd_discriminator_{norm}": (
            discriminator(norm),
            f"MultiscaleDiscriminator with intermediate features and {norm} norm; least-squares and feature matching losses.",
            {
                "input_nc": 8,
                "ndf": 4,
                "n_layers_D": 3,
                "num_D": 2,
                "norm": norm,
                "use_lsgan": True,
                "lambda_feat": 10.0,
            },
            [
                "output.train.fake|real.d<scale>.l<layer>: d0 is the full resolution (the first of the list).",
                "Passes in order: fake (detached), real, fake. grad.d_loss: of 0.5 * (D_fake + D_real); grad.g_loss: of G_GAN + G_GAN_Feat.",
            ],
            DISCRIMINATOR_NAMES,
        )
        for norm in ("instance", "batch")
    },
}

for name, (scenario, what, options, notes, names) in FIXTURES.items():
    if given.only in name:
        make(given.out, name, scenario, what, NETWORKS, options, notes, names)

for name, options, iterations in (
    ("pix2pixhd_train", training_options(), 2),
    ("pix2pixhd_train_features", training_options(instance_feat=True, batchSize=1), 1),
):
    if given.only in name:
        what = f"{iterations} whole iteration(s) of pix2pixHD: losses, G's step, D's step" + (
            " with encoded instance features." if options.instance_feat else "."
        )
        sources = NETWORKS + [
            "pix2pixHD: models/pix2pixHD_model.py",
            "pix2pixHD: train.py (order of the steps)",
        ]
        make(
            given.out,
            name,
            training(options, iterations),
            what,
            sources,
            vars(options),
            TRAINING_NOTES,
            "netG.*, netD.*, netE.*: as in the network fixtures",
            limits=(16, 256),
        )
