"""Makes the fixture of Inception v3: torchvision's network and its variant for the Fréchet distance (from CLADE's repository)."""

import importlib.util
import warnings

import torch

from fixture import Run, arguments, make

OPERATORS = (
    "nms",
    "qnms",
    "roi_align",
    "roi_pool",
    "ps_roi_align",
    "ps_roi_pool",
    "deform_conv2d",
    "_roi_align_backward",
    "_roi_pool_backward",
    "_ps_roi_align_backward",
    "_ps_roi_pool_backward",
    "_deform_conv2d_backward",
)
given = arguments("CLADE")
warnings.simplefilter("ignore")

# torchvision's binary operators may not fit this PyTorch. No network here uses them, but its import wants their names.
operators = torch.library.Library("torchvision", "FRAGMENT")
for operator in OPERATORS:
    try:
        operators.define(f"{operator}(Tensor x) -> Tensor")
    except RuntimeError:
        pass  # the real one is there

from torchvision import models  # noqa: E402

spec = importlib.util.spec_from_file_location("clade_inception", given.clade / "inception.py")
clade = importlib.util.module_from_spec(spec)
spec.loader.exec_module(clade)
# Its weights are filled in afterwards; the download is not wanted.
clade.load_state_dict_from_url = lambda *_, **__: {}
create = models.inception_v3
clade.models.inception_v3 = lambda num_classes=1000, **_: forgiving(
    create(weights=None, aux_logits=False, init_weights=False)
)


def forgiving(network: torch.nn.Module) -> torch.nn.Module:
    """Lets the variant be built without its weights file."""
    network.load_state_dict = lambda _: None
    return network


def scenario(run: Run) -> None:
    x = run.uniform("input.x", (1, 3, 128, 128)).requires_grad_()
    plain = run.fill(create(weights=None, aux_logits=False, init_weights=False), gain=1.15).eval()
    kept = {}
    for name in (
        "Conv2d_2b_3x3",
        "maxpool2",
        "Mixed_5b",
        "Mixed_5d",
        "Mixed_6a",
        "Mixed_6e",
        "Mixed_7a",
        "Mixed_7c",
    ):
        getattr(plain, name).register_forward_hook(lambda _, __, y, name=name: kept.setdefault(name, y))
    logits = plain(x)
    for name, y in kept.items():
        run.output(f"output.eval.{name}", y)
    run.output("output.eval.logits", logits, "N,features")
    run.gradients(run.cotangent_sum({"logits": logits}), {"input.x": x})
    variant = clade.fid_inception_v3()
    run.fill(variant, gain=1.15).eval()
    clade.fid_inception_v3 = lambda: variant
    blocks = clade.InceptionV3([0, 1, 2, 3], resize_input=False, normalize_input=False)
    with torch.no_grad():
        for block, y in enumerate(blocks(x.detach())):
            run.output(f"output.distance.block_{block}", y)
    clade.fid_inception_v3 = original


original = clade.fid_inception_v3
make(
    given.out,
    "inception_v3",
    scenario,
    "Inception v3 on 128x128 in eval mode, and the variant whose features the Fréchet inception distance uses.",
    ["torchvision: models/inception.py", "CLADE: inception.py (from pytorch-fid)"],
    {"input": [1, 3, 128, 128], "aux_logits": False, "batch_norm_epsilon": 1e-3},
    [
        "output.eval.* are torchvision's, in eval mode, from param.*; nothing is resized or rescaled.",
        "output.distance.block_<i>: the variant, same parameters: average pooling inside the blocks does not count its padding, and Mixed_7c takes max pooling there. Blocks: after the first max pooling, after the second, Mixed_6e, mean over all pixels of Mixed_7c.",
    ],
    "<layer>.conv.weight (no bias), <layer>.bn.*; Mixed_<i>.<branch>.conv|bn.*; fc.*",
    draws=3,
)
