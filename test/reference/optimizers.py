"""Makes test/fixtures/optimizers/optimizers.json: what PyTorch's optimizers do to a small fixed problem, in float64.

Run: python test/reference/optimizers.py

Two networks are trained on one loss, mean((tanh(x A + b) * c - 1)^2) with x a batch of single pixels: N holds A and b and
has the optimizer of the case, M holds c and is moved by plain SGD.
"""

import copy
import json
import os

import torch

STEPS = 6
BATCH = 8
AVERAGE = 0.75
M_RATE = 0.1

# The optimizers of N, in the words of a spec.
CASES = {
    "sgd": {"kind": "sgd", "rate": 0.2, "momentum": 0},
    "sgd with momentum": {"kind": "sgd", "rate": 0.1, "momentum": 0.9},
    "sgd with momentum, clipped": {"kind": "sgd", "rate": 0.1, "momentum": 0.9, "clip_norm": 0.2},
    "rmsprop": {"kind": "rmsprop", "rate": 0.01, "decay": 0.9, "epsilon": 1e-8},
    "rmsprop, clipped, warmed up": {"kind": "rmsprop", "rate": 0.02, "decay": 0.99, "epsilon": 1e-5, "clip_norm": 0.2, "warmup": 4},
    "adam": {"kind": "adam", "rate": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8},
    "adam, clipped, warmed up": {"kind": "adam", "rate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-3, "clip_norm": 0.1, "warmup": 3},
    "adamw": {"kind": "adamw", "rate": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8, "weight_decay": 2},
    "adamw, clipped, warmed up": {"kind": "adamw", "rate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-3, "weight_decay": 0.5, "clip_norm": 0.1, "warmup": 3},
}


def optimizer_of(settings, parameters):
    rate = settings["rate"]
    if settings["kind"] == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=settings["momentum"])
    if settings["kind"] == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, alpha=settings["decay"], eps=settings["epsilon"])
    betas = (settings["beta1"], settings["beta2"])
    if settings["kind"] == "adamw":
        return torch.optim.AdamW(
            parameters, lr=rate, betas=betas, eps=settings["epsilon"], weight_decay=settings["weight_decay"]
        )
    return torch.optim.Adam(parameters, lr=rate, betas=betas, eps=settings["epsilon"])


def train(settings, start, pictures):
    n = torch.nn.ParameterDict({name: torch.nn.Parameter(start[name].clone()) for name in ("matrix", "shift")})
    scale = torch.nn.Parameter(start["scale"].clone())
    own = optimizer_of(settings, n.parameters())
    other = torch.optim.SGD([scale], lr=M_RATE)
    warm = torch.optim.lr_scheduler.LambdaLR(own, lambda step: min(1, (step + 1) / settings.get("warmup", 1)))
    average = torch.optim.swa_utils.AveragedModel(
        copy.deepcopy(n), multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
    )
    # The first update of an AveragedModel copies: here the average starts as the initial weights.
    average.update_parameters(n)
    states = []
    for x in pictures:
        own.zero_grad()
        other.zero_grad()
        loss = ((torch.tanh(x @ n["matrix"] + n["shift"]) * scale - 1) ** 2).mean()
        loss.backward()
        if "clip_norm" in settings:
            torch.nn.utils.clip_grad_norm_(n.parameters(), settings["clip_norm"])
        own.step()
        other.step()
        warm.step()
        average.update_parameters(n)
        states.append(
            {
                "loss": loss.item(),
                "N.matrix": n["matrix"],
                "N.shift": n["shift"],
                "M.scale": scale,
                "N.matrix/average": average.module["matrix"],
                "N.shift/average": average.module["shift"],
            }
        )
        states[-1] = {name: flat(value) for name, value in states[-1].items()}
    return states


def flat(value):
    numbers = value.detach().flatten().tolist() if torch.is_tensor(value) else [value]
    return [round(number, 9) for number in numbers]


def main():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(4)
    start = {"matrix": torch.randn(3, 2), "shift": torch.randn(2), "scale": torch.randn(2)}
    pictures = torch.rand(STEPS, BATCH, 3) * 2 - 1
    # What is written is what is computed with, to the digit.
    start = {name: torch.tensor(flat(value)).reshape(value.shape) for name, value in start.items()}
    pictures = torch.tensor(flat(pictures)).reshape(pictures.shape)
    table = {
        "made_with": f"torch {torch.__version__.split('+')[0]}",
        "batch": BATCH,
        "average": AVERAGE,
        "rate_of_m": M_RATE,
        "start": {"N.matrix": flat(start["matrix"]), "N.shift": flat(start["shift"]), "M.scale": flat(start["scale"])},
        "pictures": [flat(x) for x in pictures],
        "cases": [
            {"name": name, "optimizer": settings, "states": train(settings, start, pictures)}
            for name, settings in CASES.items()
        ],
    }
    path = os.path.join(os.path.dirname(__file__), "..", "fixtures", "optimizers", "optimizers.json")
    with open(path, "w") as file:
        json.dump(table, file)
        file.write("\n")


main()
