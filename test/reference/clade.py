"""Makes the fixtures of CLADE (class-adaptive normalization): its layer in all variants, a small generator."""

import torch

from fixture import Run, arguments, make
from official import Options, prepare

given = arguments("CLADE", "OASIS")
prepare(given.clade, sync_batchnorm=given.oasis / "models" / "sync_batchnorm")

from models.networks.generator import SPADEGenerator  # noqa: E402  (the repository is on the path only now)
from models.networks.normalization import SPADELight  # noqa: E402

SOURCES = ["CLADE: models/networks/normalization.py (SPADELight, ClassAffine)"]
CLASSES = 4
# The class tables: scales around 1, shifts around 0.
TABLES = [("class_specified_affine.weight", 0.5, 1.0), ("class_specified_affine.bias", 0.3, 0.0)]


def label_map(run: Run, batch: int, height: int, width: int, edges: bool) -> torch.Tensor:
    """One-hot labels by the formula; a random channel of zeros and ones stands for the instance edges."""
    size = (batch, 1, height, width)
    label = run.identifiers("input.label", size, CLASSES)
    one_hot = torch.nn.functional.one_hot(label[:, 0], CLASSES).permute(0, 3, 1, 2).to(run.dtype)
    classes = {"one_hot": "input.label", "classes": CLASSES}
    if not edges:
        return run.joined("input.segmap", one_hot, classes)
    drawn = run.identifiers("input.edges", size, 2, cell=2).to(run.dtype)
    return run.joined("input.segmap", torch.cat((one_hot, drawn), 1), classes, {"of": "input.edges"})


def layer(base: str, edges: bool, distance: bool):
    def scenario(run: Run) -> None:
        network = SPADELight(f"spade{base}3x3", 6, CLASSES, no_instance=not edges, add_dist=distance)
        run.fill(network, special=TABLES)
        x = run.uniform("input.x", (2, 6, 16, 16), 2.0, 0.3).requires_grad_()
        segmap = label_map(run, 2, 32, 32, edges)
        dist = run.uniform("input.dist", (2, 2, 32, 32)) if distance else None
        y = network(x, segmap, dist)
        run.output("output.train.y", y)
        run.gradients(run.cotangent_sum({"y": y}), {"input.x": x, "": network})
        run.buffers_after(network)
        network.eval()
        with torch.no_grad():
            run.output("output.eval_after.y", network(x, segmap, dist))

    return scenario


def generator(options: Options):
    def scenario(run: Run) -> None:
        network = run.fill(SPADEGenerator(options), special=TABLES)
        segmap = label_map(run, 2, 64, 64, not options.no_instance)
        dist = run.uniform("input.dist", (2, 2, 64, 64)) if options.add_dist else None
        y = network(segmap, input_dist=dist)
        run.output("output.train.y", y)
        run.gradients(run.cotangent_sum({"y": y}), {"": network})
        network.eval()
        with torch.no_grad():
            run.output("output.eval_after.y", network(segmap, input_dist=dist))

    return scenario


NAMES = "norm.class_specified_affine.weight|bias ([classes, channels]), .dist_conv_w.*, .dist_conv_b.*, .inst_conv.*, .param_free_norm.running_*"
NOTES = [
    "output.eval_after is in eval mode with the state that the train-mode pass left.",
    "input.edges and input.dist are brought down by nearest neighbour together with the labels.",
]
for name, base, edges, distance in (
    ("clade_layer_batch", "batch", False, False),
    ("clade_layer_syncbatch_dist", "syncbatch", False, True),
    ("clade_layer_instance_edges_dist", "instance", True, True),
):
    if given.only in name:
        options = {
            "config_text": f"spade{base}3x3",
            "norm_nc": 6,
            "label_nc": CLASSES,
            "no_instance": not edges,
            "add_dist": distance,
        }
        make(
            given.out,
            name,
            layer(base, edges, distance),
            f"One class-adaptive layer over {base} norm; edges {edges}, distances {distance}.",
            SOURCES,
            options,
            NOTES,
            NAMES,
        )

for name, edges, distance in (("clade_generator", False, False), ("clade_generator_edges_dist", True, True)):
    if given.only in name:
        options = Options(
            ngf=2,
            norm_G="spectralspadesyncbatch3x3",
            norm_mode="clade",
            label_nc=CLASSES,
            contain_dontcare_label=False,
            no_instance=not edges,
            add_dist=distance,
            semantic_nc=CLASSES + edges,
            use_vae=False,
            z_dim=256,
            num_upsampling_layers="normal",
            crop_size=64,
            aspect_ratio=1.0,
        )
        make(
            given.out,
            name,
            generator(options),
            f"SPADEGenerator with norm_mode clade; edges {edges}, distances {distance}.",
            SOURCES + ["CLADE: models/networks/generator.py", "CLADE: models/networks/architecture.py"],
            vars(options),
            NOTES,
            f"as SPADE's generator; in each block {NAMES}",
            limits=(16, 256),
        )
