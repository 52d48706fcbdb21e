"""Loads the official repositories unmodified on a CPU; replaces their unneeded imports by stubs."""

import importlib.util
import pickle
import sys
import types
from argparse import Namespace
from pathlib import Path

import torch
from torch import nn

VGG19_WIDTHS = (
    64,
    64,
    "pool",
    128,
    128,
    "pool",
    256,
    256,
    256,
    256,
    "pool",
    512,
    512,
    512,
    512,
    "pool",
    512,
    512,
    512,
    512,
    "pool",
)


class Options(Namespace):
    """The options object of the official code."""


def vgg19_features(divisor: int) -> nn.Sequential:
    """The layers of torchvision's vgg19().features, every width divided."""
    layers, previous = [], 3
    for width in VGG19_WIDTHS:
        if width == "pool":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        else:
            layers += [nn.Conv2d(previous, width // divisor, 3, padding=1), nn.ReLU(inplace=True)]
            previous = width // divisor
    return nn.Sequential(*layers)


def stub(name: str, **members) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    return module


def prepare(repository: Path, vgg_divisor: int = 8, sync_batchnorm: Path | None = None) -> None:
    """Makes `import models...` find this repository, without a GPU, torchvision, or the synchronized batch norm submodule."""
    sys.path.insert(0, str(repository))
    torch.Tensor.cuda = lambda self, *_, **__: self
    nn.Module.cuda = lambda self, *_, **__: self
    torch.cuda.ByteTensor = torch.ByteTensor
    models = stub("torchvision.models", vgg19=lambda **_: Namespace(features=vgg19_features(vgg_divisor)))
    stub("torchvision", models=models)
    stub("dill", **vars(pickle))
    if sync_batchnorm:
        name = "models.networks.sync_batchnorm"
        spec = importlib.util.spec_from_file_location(
            name, sync_batchnorm / "__init__.py", submodule_search_locations=[str(sync_batchnorm)]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
