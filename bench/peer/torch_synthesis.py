"""Times a generator's forward pass in PyTorch's eval mode, on the same label maps."""

import json
import sys
import time

try:
    import torch
    from torch.nn.utils import remove_spectral_norm

    from batches import Batches, Failure
    from measuring import describe, layout_of, parameters_of, parser_of, prepare, timed
    from networks import NOISE, make_generator
except ImportError as missing:
    sys.exit(f"error: {missing}\nhint: install torch, numpy and pillow into this Python, as bench/README.md shows")


def fold_spectral_norms(network):
    """Divides weights by their spectral norms once, where the official code does it in every pass."""
    for module in network.modules():
        if hasattr(module, "weight_orig"):
            remove_spectral_norm(module)


def measure(options):
    batches = Batches(options)
    started = time.perf_counter()
    from_noise = options.model == "spade"
    layout = layout_of(options)
    generator = make_generator(options.model, batches.channels, options.width, options.size, from_noise)
    generator.eval().to(memory_format=layout)
    parameters = parameters_of(G=generator)
    if options.lean:
        fold_spectral_norms(generator)
    run = torch.compile(generator) if options.compile else generator
    build_ms = (time.perf_counter() - started) * 1e3
    half = options.precision == "bfloat16"

    def given(index):
        ids, edges, _ = batches.of_step(index)
        return ids, edges, [torch.randn(options.batch, NOISE)] if from_noise else []

    def paint(ids, edges, noise):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            run(batches.semantics(ids, edges).contiguous(memory_format=layout), *noise)

    return {
        **describe(options, batches),
        **timed(options, given, paint),
        "compile_ms": {"build": round(build_ms, 1)},
        "parameters": parameters,
    }


def main():
    parser = parser_of(__doc__)
    options = parser.parse_args()
    if options.labels is None:
        parser.error("--labels is needed: a folder of label maps")
    prepare(options)
    print(json.dumps(measure(options)))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"error: {failure}")
