"""Answers for the peer: the same SPADE training step in PyTorch, timed on the same label maps.

One step is what the official trainer does on one batch: a step of the generator (hinge and ten times feature matching),
then a step of the discriminator on a picture made anew. `--check` compares three steps with the official code's numbers.
"""

import argparse
import json
import os
import platform
import statistics
import struct
import sys
import time
from pathlib import Path

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from PIL import Image
    from torch import nn
    from torch.nn.utils import spectral_norm
except ImportError as missing:
    sys.exit(f"error: {missing}\nhint: install torch, numpy and pillow into this Python, as bench/README.md shows")

HIDDEN = 128  # width inside a SPADE layer
FEATURE_WEIGHT = 10.0
RATES = {"G": 1e-4, "D": 4e-4}  # two time scales
BETAS = (0.0, 0.9)


class Failure(Exception):
    """Carries a mistake of the user as a finished message."""


class Spade(nn.Module):
    """Normalizes by batch statistics, then scales and shifts each pixel by what the label map says there."""

    def __init__(self, channels, classes):
        super().__init__()
        self.param_free_norm = nn.BatchNorm2d(channels, affine=False)
        self.mlp_shared = nn.Sequential(nn.Conv2d(classes, HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(HIDDEN, channels, 3, padding=1)

    def forward(self, x, seg):
        style = self.mlp_shared(F.interpolate(seg, size=x.shape[2:], mode="nearest"))
        return self.param_free_norm(x) * (1 + self.mlp_gamma(style)) + self.mlp_beta(style)


class SpadeBlock(nn.Module):
    def __init__(self, before, after, classes):
        super().__init__()
        middle = min(before, after)
        self.norm_0 = Spade(before, classes)
        self.conv_0 = spectral_norm(nn.Conv2d(before, middle, 3, padding=1))
        self.norm_1 = Spade(middle, classes)
        self.conv_1 = spectral_norm(nn.Conv2d(middle, after, 3, padding=1))
        self.learned = before != after
        if self.learned:
            self.norm_s = Spade(before, classes)
            self.conv_s = spectral_norm(nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x, seg):
        shortcut = self.conv_s(self.norm_s(x, seg)) if self.learned else x
        inner = self.conv_0(F.leaky_relu(self.norm_0(x, seg), 0.2))
        return shortcut + self.conv_1(F.leaky_relu(self.norm_1(inner, seg), 0.2))


class Generator(nn.Module):
    def __init__(self, classes, width, height_out, width_out):
        super().__init__()
        self.first = (round(height_out / 32), width_out // 32)
        self.fc = nn.Conv2d(classes, 16 * width, 3, padding=1)
        self.head_0 = SpadeBlock(16 * width, 16 * width, classes)
        self.G_middle_0 = SpadeBlock(16 * width, 16 * width, classes)
        self.G_middle_1 = SpadeBlock(16 * width, 16 * width, classes)
        self.up_0 = SpadeBlock(16 * width, 8 * width, classes)
        self.up_1 = SpadeBlock(8 * width, 4 * width, classes)
        self.up_2 = SpadeBlock(4 * width, 2 * width, classes)
        self.up_3 = SpadeBlock(2 * width, width, classes)
        self.conv_img = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, seg):
        def doubled(x):
            return F.interpolate(x, scale_factor=2, mode="nearest")

        x = self.head_0(self.fc(F.interpolate(seg, size=self.first, mode="nearest")), seg)
        x = self.G_middle_1(self.G_middle_0(doubled(x), seg), seg)
        for block in (self.up_0, self.up_1, self.up_2, self.up_3):
            x = block(doubled(x), seg)
        return torch.tanh(self.conv_img(F.leaky_relu(x, 0.2)))


class PatchDiscriminator(nn.Module):
    def __init__(self, channels, width, layers):
        super().__init__()
        self.model0 = nn.Sequential(nn.Conv2d(channels, width, 4, 2, 2), nn.LeakyReLU(0.2))
        for n in range(1, layers):
            before, after = min(width * 2 ** (n - 1), 512), min(width * 2**n, 512)
            conv = spectral_norm(nn.Conv2d(before, after, 4, 1 if n == layers - 1 else 2, 2, bias=False))
            normed = nn.Sequential(conv, nn.InstanceNorm2d(after))
            setattr(self, f"model{n}", nn.Sequential(normed, nn.LeakyReLU(0.2)))
        setattr(self, f"model{layers}", nn.Sequential(nn.Conv2d(min(width * 2 ** (layers - 1), 512), 1, 4, 1, 2)))

    def forward(self, x):
        outputs = []
        for stage in self.children():
            x = stage(x)
            outputs.append(x)
        return outputs


class MultiscaleDiscriminator(nn.Module):
    def __init__(self, channels, width, scales=2, layers=4):
        super().__init__()
        for scale in range(scales):
            setattr(self, f"discriminator_{scale}", PatchDiscriminator(channels, width, layers))

    def forward(self, x):
        outputs = []
        for discriminator in self.children():
            outputs.append(discriminator(x))
            x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        return outputs


def initialize(module):
    """Draws the official initial values: xavier normal with gain 0.02, biases 0."""
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_normal_(getattr(module, "weight_orig", module.weight), gain=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Trainer:
    """Holds both networks and their optimizers. `lean` leaves out the work of the official trainer that has no effect:
    gradients for D's parameters in G's step, and for the picture in D's."""

    def __init__(self, channels, width, discriminator_width, size, lean=False):
        columns, rows = size
        self.lean = lean
        self.G = Generator(channels, width, rows, columns)
        self.D = MultiscaleDiscriminator(channels + 3, discriminator_width)
        for network in (self.G, self.D):
            network.apply(initialize)
            network.train()
        self.run_G, self.run_D = self.G, self.D
        self.adam_G = torch.optim.Adam(self.G.parameters(), lr=RATES["G"], betas=BETAS)
        self.adam_D = torch.optim.Adam(self.D.parameters(), lr=RATES["D"], betas=BETAS)

    def judge(self, seg, fake, real):
        """Shows D the fake and the real pictures as one batch; gives its outputs for each."""
        pairs = torch.cat([torch.cat([seg, fake], 1), torch.cat([seg, real], 1)], 0)
        count = len(seg)
        outputs = self.run_D(pairs)
        return [[y[:count] for y in scale] for scale in outputs], [[y[count:] for y in scale] for scale in outputs]

    def generator_step(self, seg, real):
        self.adam_G.zero_grad()
        if self.lean:
            self.D.requires_grad_(False)
        on_fake, on_real = self.judge(seg, self.run_G(seg), real)
        scales = len(on_fake)
        gan = sum(-scale[-1].mean() for scale in on_fake) / scales
        features = sum(
            F.l1_loss(fake, real_one.detach()) * FEATURE_WEIGHT / scales
            for fake_scale, real_scale in zip(on_fake, on_real)
            for fake, real_one in zip(fake_scale[:-1], real_scale[:-1])
        )
        (gan + features).backward()
        if self.lean:
            self.D.requires_grad_(True)
        self.adam_G.step()
        return {"GAN": gan, "GAN_Feat": features, "G_total": gan + features}

    def discriminator_step(self, seg, real):
        self.adam_D.zero_grad()
        with torch.no_grad():
            fake = self.run_G(seg)
        if not self.lean:
            fake.requires_grad_()
        on_fake, on_real = self.judge(seg, fake, real)
        loss_fake = sum(F.relu(1 + scale[-1]).mean() for scale in on_fake) / len(on_fake)
        loss_real = sum(F.relu(1 - scale[-1]).mean() for scale in on_real) / len(on_real)
        (loss_fake + loss_real).backward()
        self.adam_D.step()
        return {"D_Fake": loss_fake, "D_real": loss_real, "D_total": loss_fake + loss_real}

    def step(self, seg, real):
        losses = {**self.generator_step(seg, real), **self.discriminator_step(seg, real)}
        return {name: loss.item() for name, loss in losses.items()}


def read_labels(folder, size, wanted):
    """Reads the label maps of a folder by name: the first `wanted` of them at `size`, and how many ids all of them use."""
    columns, rows = size
    if not folder.is_dir():
        raise Failure(f"the folder of the label maps does not exist: '{folder}'")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".png" and not file.name.startswith("."))
    if not files:
        raise Failure(f"the folder of the label maps holds no PNG: '{folder}'")
    maps, highest = [], 0
    for file in files:
        ids = np.array(Image.open(file))
        if ids.ndim != 2:
            raise Failure(f"'{file}' holds colors where one id a pixel is expected")
        highest = max(highest, int(ids.max()))
        if len(maps) < wanted:
            # Output pixel i takes source pixel floor(i * in / out).
            from_rows = np.arange(rows) * ids.shape[0] // rows
            from_columns = np.arange(columns) * ids.shape[1] // columns
            maps.append(ids[from_rows][:, from_columns].astype(np.uint8 if highest < 256 else np.int32))
    return maps, highest + 1


def read_photograph(folder, stem, size):
    """Reads the photograph of a label map as [3,H,W] in [-1,1]."""
    found = [folder / (stem + ending) for ending in (".jpg", ".jpeg", ".png", ".webp")]
    file = next((file for file in found if file.exists()), None)
    if file is None:
        raise Failure(f"no photograph for the label map '{stem}' in '{folder}'")
    picture = np.asarray(Image.open(file).convert("RGB").resize(size, Image.Resampling.LANCZOS), dtype=np.float32)
    return torch.from_numpy(picture / 127.5 - 1).permute(2, 0, 1)


class Batches:
    """Gives label ids [B,H,W] and photographs [B,3,H,W] of a step; maps come in order of their names, round and round."""

    def __init__(self, options):
        wanted = (options.warmup + options.steps) * options.batch
        self.maps, self.classes = read_labels(options.labels, options.size, wanted)
        self.classes = options.classes or self.classes
        if any(int(ids.max()) >= self.classes for ids in self.maps):
            raise Failure(f"a label map holds an id above {self.classes - 1}, and --classes is {self.classes}")
        columns, rows = options.size
        self.batch, self.size, self.images = options.batch, options.size, options.images
        self.noise = torch.rand(options.batch, 3, rows, columns) * 2 - 1
        self.stems = sorted(file.stem for file in options.labels.glob("*.png")) if options.images else []

    def of_step(self, step):
        indices = [(step * self.batch + i) % len(self.maps) for i in range(self.batch)]
        ids = torch.from_numpy(np.stack([self.maps[i] for i in indices]).astype(np.int64))
        if self.images is None:
            return ids, self.noise
        return ids, torch.stack([read_photograph(self.images, self.stems[i], self.size) for i in indices])


def resident(field):
    """Reads VmRSS or VmHWM of this process in MB; None where the system has no such file."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
    except OSError:
        pass
    return None


def forget_peak():
    """Lets the peak of the resident size start anew, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def measure(options):
    torch.manual_seed(options.seed)
    batches = Batches(options)
    started = time.perf_counter()
    trainer = Trainer(batches.classes, options.width, options.width, options.size, options.lean)
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    trainer.G.to(memory_format=layout)
    trainer.D.to(memory_format=layout)
    if options.compile:
        trainer.run_G, trainer.run_D = torch.compile(trainer.G), torch.compile(trainer.D)
    build_ms = (time.perf_counter() - started) * 1e3

    times, busy, sizes, losses = [], [], [], {}
    for step in range(options.warmup + options.steps):
        ids, real = batches.of_step(step)
        if step == options.warmup:
            forget_peak()
        started, cpu = time.perf_counter(), time.process_time()
        seg = F.one_hot(ids, batches.classes).permute(0, 3, 1, 2).float().contiguous(memory_format=layout)
        losses = trainer.step(seg, real.contiguous(memory_format=layout))
        times.append((time.perf_counter() - started) * 1e3)
        busy.append((time.process_time() - cpu) * 1e3)
        sizes.append(resident("VmRSS"))
    timed = times[options.warmup :]
    columns, rows = options.size
    return {
        "program": "torch",
        "ms": round(statistics.median(timed), 1),
        "min_ms": round(min(timed), 1),
        "max_ms": round(max(timed), 1),
        "all_ms": [round(value, 1) for value in timed],
        "cpu_ms": round(statistics.median(busy[options.warmup :]), 1),
        "first_step_ms": round(times[0], 1),
        "compile_ms": {"build": round(build_ms, 1)},
        "peak_rss_mb": resident("VmHWM"),
        "rss_first_mb": sizes[options.warmup],
        "rss_last_mb": sizes[-1],
        "engine": "torch",
        "mode": "compile" if options.compile else "eager",
        "channels_last": options.channels_last,
        "lean": options.lean,
        "library": f"PyTorch {torch.__version__}",
        "threads": torch.get_num_threads(),
        "machine": processor(),
        "size": f"{columns}x{rows}",
        "width": options.width,
        "batch": options.batch,
        "steps": options.steps,
        "warmup": options.warmup,
        "seed": options.seed,
        "classes": batches.classes,
        "label_maps": len(batches.maps),
        "parameters": {name: sum(p.numel() for p in net.parameters()) for name, net in (("G", trainer.G), ("D", trainer.D))},
        "losses": losses,
    }


def read_safetensors(file):
    """Reads the float32 tensors of a safetensors file: the length of a JSON header, the header, the bytes."""
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    tensors = {}
    for name, entry in json.loads(content[8 : 8 + length]).items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        values = np.frombuffer(content[8 + length + start : 8 + length + end], dtype="<f4").copy()
        tensors[name] = torch.from_numpy(values).reshape(entry["shape"])
    return tensors


def check(folder):
    """Runs three steps from the official initial state and compares losses, picture and parameters with those stored."""
    try:
        tensors = read_safetensors(folder / "fixture.safetensors")
        facts = json.loads((folder / "fixture.json").read_text())
    except OSError as error:
        raise Failure(f"the fixture cannot be read: {error}") from error
    seg, real = tensors["input.semantics"], tensors["input.image"]
    made = facts["options"]
    trainer = Trainer(seg.shape[1], made["ngf"], made["ndf"], (seg.shape[3], seg.shape[2]))
    networks = {"netG": trainer.G, "netD": trainer.D}
    for prefix, network in networks.items():
        start = f"param.{prefix}."
        state = {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}
        missing, surplus = network.load_state_dict(state, strict=False)
        missing = [name for name in missing if not name.endswith("num_batches_tracked")]
        if missing or surplus:
            raise Failure(f"the fixture's {prefix} differs from ours: missing {missing}, surplus {surplus}")
    noise = set(facts["parameters_with_zero_gradient_in_exact_arithmetic"])
    worst_losses, quantiles, good = [], {}, True
    for iteration, (expected, tolerance) in enumerate(zip(facts["losses"], facts["loss_atol"]), start=1):
        found = trainer.step(seg, real)
        worst_losses.append(round(max(abs(found[name] - expected[name]) / tolerance[name] for name in expected), 3))
        good &= worst_losses[-1] <= 1
        mark = {1: 1e-6, 3: 5e-5}.get(iteration)
        if mark is None:
            continue
        distances = []
        for prefix, network in networks.items():
            for name, parameter in network.named_parameters():
                stored = tensors[f"param_after_{iteration}.{prefix}.{name}"]
                if f"{prefix}.{name}" not in noise:
                    distances.append((parameter.detach() - stored).abs().flatten())
        quantiles[f"after_{iteration}"] = float(torch.cat(distances).quantile(0.99))
        good &= quantiles[f"after_{iteration}"] <= mark
    return {
        "fixture": facts["name"],
        "agrees": bool(good),
        "worst_loss_in_tolerances": worst_losses,
        "parameters_99_percent_within": quantiles,
    }


def size_of(text):
    columns, _, rows = text.partition("x")
    return int(columns), int(rows or columns)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=size_of, default=(256, 256), help="N, or WIDTHxHEIGHT (default: 256)")
    parser.add_argument("--width", type=int, default=32, help="width of both networks (default: 32)")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--labels", type=Path, help="folder of label maps")
    parser.add_argument("--images", type=Path, help="folder of their photographs; noise without it")
    parser.add_argument("--classes", type=int, help="default: the highest id of all maps, and one")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--channels-last", action="store_true", help="keep tensors in channels-last layout")
    parser.add_argument("--compile", action="store_true", help="wrap both networks in torch.compile")
    parser.add_argument("--lean", action="store_true", help="leave out the official trainer's work without effect")
    parser.add_argument("--check", type=Path, metavar="FIXTURE", help="compare with a fixture folder, measure nothing")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.check is None and options.labels is None:
        parser.error("--labels is needed: a folder of label maps")
    result = check(options.check) if options.check else measure(options)
    print(json.dumps(result))
    return 0 if result.get("agrees", True) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"error: {failure}")
