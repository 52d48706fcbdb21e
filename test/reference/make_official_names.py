"""Lists the names and shapes of the official networks' weights, for the mappings (test/fixtures/weights/official_names.json).

    python test/reference/make_official_names.py --spade SPADE --oasis OASIS --pix2pixhd pix2pixHD

Each argument is a checkout of the official repository; OASIS has the synchronized batch norm that SPADE needs.
"""

import argparse
import importlib.util
import json
from pathlib import Path

from official import Options, prepare, vgg19_features

parser = argparse.ArgumentParser()
for repository in ("spade", "oasis", "pix2pixhd"):
    parser.add_argument(f"--{repository}", type=Path, required=True)
given = parser.parse_args()
prepare(given.spade, sync_batchnorm=given.oasis / "models" / "sync_batchnorm")

from models.networks.discriminator import MultiscaleDiscriminator  # noqa: E402
from models.networks.encoder import ConvEncoder  # noqa: E402
from models.networks.generator import Pix2PixHDGenerator, SPADEGenerator  # noqa: E402

BASE = dict(
    label_nc=4, contain_dontcare_label=False, no_instance=False, semantic_nc=5, output_nc=3, crop_size=64, aspect_ratio=1.0,
    ngf=2, norm_G="spectralspadesyncbatch3x3", num_upsampling_layers="normal", use_vae=False, z_dim=3, netD_subarch="n_layer",
    ndf=4, norm_D="spectralinstance", norm_E="spectralinstance", num_D=2, n_layers_D=3, no_ganFeat_loss=False,
    resnet_n_downsample=1, resnet_n_blocks=1, resnet_kernel_size=3, resnet_initial_kernel_size=7,
)  # fmt: skip


def spade(cls, **changes):
    return cls(Options(**{**BASE, **changes}))


def load_pix2pixhd():
    spec = importlib.util.spec_from_file_location("pix2pixhd", given.pix2pixhd / "models" / "networks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def networks():
    yield "SPADE generator", spade(SPADEGenerator)
    yield "SPADE generator, most, z", spade(SPADEGenerator, num_upsampling_layers="most", crop_size=128, use_vae=True)
    yield "SPADE encoder", spade(ConvEncoder, crop_size=256)
    yield "SPADE encoder, batch", spade(ConvEncoder, crop_size=256, norm_E="spectralbatch")
    for norm in ("instance", "batch", "none"):
        yield f"SPADE discriminator, {norm}", spade(MultiscaleDiscriminator, norm_D=f"spectral{norm}")
        yield f"SPADE concat baseline, {norm}", spade(Pix2PixHDGenerator, norm_G=f"spectral{norm}")
    hd = load_pix2pixhd()
    for norm in ("instance", "batch"):
        yield f"pix2pixHD global, {norm}", hd.define_G(5, 3, 2, "global", 2, 1, norm=norm)
        yield f"pix2pixHD local, {norm}", hd.define_G(5, 3, 2, "local", 1, 1, 2, 1, norm=norm)
        yield f"pix2pixHD encoder, {norm}", hd.define_G(3, 3, 2, "encoder", 2, norm=norm)
        yield f"pix2pixHD discriminator, {norm}", hd.define_D(8, 4, 2, norm, False, 2, True)
        yield f"pix2pixHD discriminator without features, {norm}", hd.define_D(8, 4, 2, norm, False, 2, False)
    yield "VGG-19", vgg19_features(16)


if __name__ == "__main__":
    listed = {
        name: {key: list(value.shape) for key, value in network.state_dict().items() if value.dtype.is_floating_point}
        for name, network in networks()
    }
    listed["VGG-19"] = {f"features.{name}": shape for name, shape in listed["VGG-19"].items()}
    path = Path(__file__).parents[1] / "fixtures" / "weights" / "official_names.json"
    path.write_text(json.dumps(listed, separators=(",", ":")) + "\n")
