"""Makes the files of test/fixtures/weights with PyTorch: good ones with their values beside them, and malicious ones.

    python test/reference/make_pth.py

PyTorch 2.13 made those that are committed.
"""

import copyreg
import json
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

FOLDER = Path(__file__).parents[1] / "fixtures" / "weights"
expected = {}


def flatten(value, path=""):
    """Lists tensors by their paths, as the reader names them."""
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from flatten(inner, f"{path}.{index}" if path else str(index))


def numbers_of(tensor):
    """Gives float32 numbers as JSON has them; it has no infinity."""
    values = tensor.detach().to(torch.float32).flatten().tolist()
    return [value if abs(value) < float("inf") else str(value).replace("inf", "Infinity") for value in values]


def save(name, value, **options):
    torch.save(value, FOLDER / name, **options)
    expected[name] = {
        path: {"shape": list(tensor.shape), "values": numbers_of(tensor)}
        for path, tensor in flatten(value)
    }


def both(name, value):
    save(f"{name}.pth", value)
    save(f"{name}.legacy.pth", value, _use_new_zipfile_serialization=False)


def good():
    torch.manual_seed(1)
    network = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 2), norm=nn.BatchNorm2d(4), fc=nn.Linear(3, 2)))
    both("plain", network.state_dict())

    numbers = torch.tensor([0.0, -1.5, 3.25, 1e-7, 100.0, 1.0])
    formats = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8]
    values = {str(dtype).split(".")[1]: numbers.to(dtype) for dtype in formats}
    values["half_edges"] = torch.tensor([6e-8, 65504.0, float("inf"), -0.0, 2.0**-14], dtype=torch.float16)
    values["uint8"] = torch.tensor([0, 1, 255], dtype=torch.uint8)
    values["bool"] = torch.tensor([True, False])
    both("dtypes", values)

    whole = torch.arange(24.0)
    both(
        "views",
        {
            "whole": whole,
            "tail": whole[20:],
            "every_third": whole[1::3],
            "transposed": whole.reshape(2, 3, 4).permute(2, 0, 1),
            "column": whole.reshape(4, 6)[:, 2:4],
            "repeated": whole[3:5].reshape(2, 1).expand(2, 3),
            "scalar": whole[5],
            "empty": torch.zeros(0, 3),
        },
    )

    layer = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    both(
        "nested",
        {
            "state_dict": layer.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": 12,
            "best": 0.5,
            "name": "été",
            "steps": 2**40,
            "history": [torch.tensor([1.0]), (torch.tensor([2.0]), None, True)],
        },
    )
    both("parameters", {"weight": nn.Parameter(torch.tensor([[1.0, 2.0]])), "list": [nn.Parameter(torch.ones(2))]})
    save("protocol4.pth", network.state_dict(), pickle_protocol=4)
    save("uint16.pth", {"x": torch.tensor([1, 65535], dtype=torch.uint16), "y": torch.ones(1)})

    reparametrized = nn.ModuleDict(
        {
            "spectral": nn.utils.spectral_norm(nn.Conv2d(3, 2, (2, 3))),
            "spectral_up": nn.utils.spectral_norm(nn.ConvTranspose2d(3, 2, (2, 3))),
            "lengths": nn.utils.weight_norm(nn.Conv2d(3, 2, (2, 3))),
            "dense": nn.utils.spectral_norm(nn.Linear(3, 2)),
        }
    )
    both("hooks", reparametrized.state_dict())
    newer = nn.ModuleDict(
        {
            "spectral": nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 2, (2, 3))),
            "lengths": nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 2, (2, 3))),
        }
    )
    save("parametrizations.pth", newer.state_dict())


def repacked():
    """Archives that other programs packed anew: deflated, and with the bytes of a big-endian machine."""
    with zipfile.ZipFile(FOLDER / "plain.pth") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(FOLDER / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    expected["deflated.pth"] = expected["plain.pth"]
    with zipfile.ZipFile(FOLDER / "dtypes.pth") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    widths = [8, 2, 2, 8, 4, 2, 1, 2, 1, 1]
    with zipfile.ZipFile(FOLDER / "big_endian.pth", "w") as archive:
        for name, content in parts.items():
            if "/data/" in name:
                width = widths[int(name.rsplit("/", 1)[1])]
                content = b"".join(content[i : i + width][::-1] for i in range(0, len(content), width))
            archive.writestr(name, b"big" if name.endswith("byteorder") else content)
    expected["big_endian.pth"] = expected["dtypes.pth"]


class Command:
    """Runs a command where Python loads it."""

    def __reduce__(self):
        return os.system, ("echo harmed",)


class Stateful:
    """Would get a state by BUILD."""

    def __init__(self):
        self.value = 1


class Extended:
    def __reduce__(self):
        return "Extended_global"


Extended_global = Extended()


def archive_of(name, content):
    """Puts a pickle where torch.save puts its own."""
    with zipfile.ZipFile(FOLDER / name, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", "3\n")


def malicious():
    copyreg.add_extension("__main__", "Extended_global", 0x70)
    harm = b"cos\nsystem\n"
    pickles = {
        "global": pickle.dumps({"w": Command()}, protocol=2),
        "stack_global": pickle.dumps({"w": Command()}, protocol=4),
        "inst": b"\x80\x02(X\x04\x00\x00\x00echoios\nsystem\n.",
        "obj": b"\x80\x02(" + harm + b"X\x04\x00\x00\x00echoo.",
        "newobj": pickle.dumps(Stateful(), protocol=2),
        "build": b"\x80\x02}X\x01\x00\x00\x00aK\x01s]}b.",
        "extension": pickle.dumps(Extended_global, protocol=2),
        "builtins": b"\x80\x02cbuiltins\neval\nX\x03\x00\x00\x001+1\x85R.",
        "load_from_bytes": b"\x80\x02ctorch.storage\n_load_from_bytes\nX\x00\x00\x00\x00\x85R.",
        "getattr": b"\x80\x02c__builtin__\ngetattr\n.",
        "dotted": b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.",
        "call_storage": b"\x80\x02ctorch\nFloatStorage\nK\x04\x85R.",
        "buffer": b"\x80\x05\x97.",
        "module": b"\x80\x02(X\x06\x00\x00\x00moduleNX\x01\x00\x00\x00aX\x01\x00\x00\x00btQ.",
    }
    for name, content in pickles.items():
        archive_of(f"evil_{name}.pth", content)
    torch.save({"network": nn.Linear(1, 1)}, FOLDER / "evil_network.pth")
    (FOLDER / "evil_bare.pth").write_bytes(pickle.dumps(Command(), protocol=2))
    with zipfile.ZipFile(FOLDER / "evil_torchscript.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, protocol=2))
        archive.writestr("archive/code/__torch__.py", "")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    good()
    repacked()
    malicious()
    (FOLDER / "expected.json").write_text(json.dumps(expected, allow_nan=True) + "\n")
