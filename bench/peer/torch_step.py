"""Times the same training step in PyTorch, on the same label maps.

One step is what the official trainer does on one batch. For SPADE: a step of the generator (hinge and ten times feature
matching), then a step of the discriminator on a picture made anew. `--check` compares three steps of SPADE with the
official code's numbers.
"""

import json
import struct
import sys
import time
from pathlib import Path

try:
    import numpy as np
    import torch

    from batches import Batches, Failure
    from measuring import describe, layout_of, parameters_of, parser_of, prepare, timed
    from training import make_trainer
except ImportError as missing:
    sys.exit(f"error: {missing}\nhint: install torch, numpy and pillow into this Python, as bench/README.md shows")


def measure(options):
    batches = Batches(options)
    started = time.perf_counter()
    widths = (options.width, options.width)
    half = options.precision == "bfloat16"
    trainer = make_trainer(options.model, batches.channels, widths, options.size, options.lean, half)
    layout = layout_of(options)
    trainer.G.to(memory_format=layout)
    trainer.D.to(memory_format=layout)
    if options.compile:
        trainer.run_G, trainer.run_D = torch.compile(trainer.G), torch.compile(trainer.D)
    build_ms = (time.perf_counter() - started) * 1e3
    losses = {}

    def step(ids, edges, real):
        nonlocal losses
        seg = batches.semantics(ids, edges).contiguous(memory_format=layout)
        losses = trainer.step(seg, real.contiguous(memory_format=layout))

    times = timed(options, batches.of_step, step)
    return {
        **describe(options, batches),
        **times,
        "compile_ms": {"build": round(build_ms, 1)},
        "parameters": parameters_of(G=trainer.G, D=trainer.D),
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
    trainer = make_trainer("spade", seg.shape[1], (made["ngf"], made["ndf"]), (seg.shape[3], seg.shape[2]))
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


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--check", type=Path, metavar="FIXTURE", help="compare with a fixture folder, measure nothing")
    options = parser.parse_args()
    if options.check is None and options.labels is None:
        parser.error("--labels is needed: a folder of label maps")
    prepare(options)
    result = check(options.check) if options.check else measure(options)
    print(json.dumps(result))
    return 0 if result.get("agrees", True) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"error: {failure}")
