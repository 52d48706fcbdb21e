"""Parses options, times calls, reads memory and prints the line of JSON, for both programs of the peer."""

import argparse
import os
import platform
import statistics
import time
from pathlib import Path

import torch


def size_of(text):
    columns, _, rows = text.partition("x")
    return int(columns), int(rows or columns)


def parser_of(description):
    """Makes the parser of the options that both programs have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--model", choices=["spade", "pix2pixhd", "unet"], default="spade")
    parser.add_argument("--size", type=size_of, default=(256, 256), help="N, or WIDTHxHEIGHT (default: 256)")
    parser.add_argument("--width", type=int, default=32, help="width of both networks (default: 32)")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--labels", type=Path, help="folder of label maps, or `noise`")
    parser.add_argument("--instances", type=Path, help="folder of instance maps, in the order of the label maps")
    parser.add_argument("--images", type=Path, help="folder of their photographs; noise without it")
    parser.add_argument("--classes", type=int, help="default: the highest id of all maps, and one")
    parser.add_argument("--void", type=int, help="the id of pixels without a class; they become the last class")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=threads)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="bfloat16: by autocast")
    parser.add_argument("--channels-last", action="store_true", help="keep tensors in channels-last layout")
    parser.add_argument("--compile", action="store_true", help="wrap networks in torch.compile")
    parser.add_argument("--lean", action="store_true", help="leave out the official code's work without effect")
    return parser


def prepare(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)


def layout_of(options):
    return torch.channels_last if options.channels_last else torch.contiguous_format


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


def parameters_of(**networks):
    return {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()}


def timed(options, prepare_step, step):
    """Times steps: `prepare_step(index)` makes what `step` takes, outside of the time. Gives times and memory."""
    times, busy, sizes = [], [], []
    for index in range(options.warmup + options.steps):
        given = prepare_step(index)
        if index == options.warmup:
            forget_peak()
        started, cpu = time.perf_counter(), time.process_time()
        step(*given)
        times.append((time.perf_counter() - started) * 1e3)
        busy.append((time.process_time() - cpu) * 1e3)
        sizes.append(resident("VmRSS"))
    kept = times[options.warmup :]
    return {
        "ms": round(statistics.median(kept), 1),
        "min_ms": round(min(kept), 1),
        "max_ms": round(max(kept), 1),
        "all_ms": [round(value, 1) for value in kept],
        "cpu_ms": round(statistics.median(busy[options.warmup :]), 1),
        "first_step_ms": round(times[0], 1),
        "peak_rss_mb": resident("VmHWM"),
        "rss_first_mb": sizes[options.warmup],
        "rss_last_mb": sizes[-1],
    }


def describe(options, batches):
    """Gives what the line of JSON says about the settings and the machine."""
    columns, rows = options.size
    return {
        "program": "torch",
        "engine": "torch",
        "mode": "compile" if options.compile else "eager",
        "channels_last": options.channels_last,
        "lean": options.lean,
        "precision": options.precision,
        "library": f"PyTorch {torch.__version__}",
        "threads": torch.get_num_threads(),
        "machine": processor(),
        "model": options.model,
        "size": f"{columns}x{rows}",
        "width": options.width,
        "batch": options.batch,
        "steps": options.steps,
        "warmup": options.warmup,
        "seed": options.seed,
        "classes": batches.classes,
        "label_channels": batches.channels,
        "label_maps": len(batches.maps),
    }
