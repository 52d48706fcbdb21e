"""Makes test/fixtures/edges.json: what PyTorch's functions and their gradients are at edges, one case or more for each op.

Run: python test/reference/edges.py

Edges are zeros of either sign, infinities, what is not a number, what is almost too large or too small for float32, ties and borders.
Each case names an op of docs/ops.md, its attributes and operands, the cotangents of its results, and what PyTorch makes of them in
float32. `precise` stands beside numbers of which float64 makes another kind: it neither overflows nor underflows where float32 does.
`about` tells cases of an op apart: "tiny" numbers are denormal, which engines may take for 0.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
HUGE, ONE = 3e38, 1.0
NUMBERS = [0.0, -0.0, ONE, -ONE, 0.5, -2.5, 20.0, -20.0, 90.0, -110.0, HUGE, -HUGE, INF, -INF, NAN]
TINY = [1e-40, -1e-40]
PAIRED = [0.0, -0.0, ONE, -ONE, HUGE, -HUGE, INF, -INF, NAN]

cases = []


def written(value: float) -> str:
    """A number as JavaScript reads it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e15:
        return "-0" if math.copysign(1, value) < 0 and value == 0 else str(int(value))
    return f"{value:.9g}"


def same(single: float, double: float) -> bool:
    if math.isnan(single) or math.isnan(double) or math.isinf(single) or math.isinf(double):
        return single == double or (math.isnan(single) and math.isnan(double))
    return abs(single - double) <= 1e-6 * abs(double) and math.copysign(1, single) == math.copysign(1, double)


def listed(tensor: torch.Tensor) -> list[float]:
    return [float(value) for value in tensor.detach().reshape(-1).tolist()]


def result(single, double):
    """Numbers of both precisions; None where PyTorch has none."""
    if single is None:
        return None
    narrow, wide = listed(single), listed(double)
    text = {"shape": list(single.shape), "data": " ".join(map(written, narrow))}
    if not all(map(same, narrow, wide)):
        text["precise"] = " ".join(map(written, wide))
    return text


def run(function, operands, cotangents, wanted, dtype):
    tensors = []
    for index, (kind, shape, data) in enumerate(operands):
        to = {"f32": dtype, "i32": torch.int64, "bool": torch.bool}[kind]
        # Numbers that float32 has, in either precision.
        values = torch.tensor(data, dtype=torch.float32) if kind == "f32" else torch.tensor(data)
        tensors.append(values.to(to).reshape(shape).requires_grad_(index in wanted))
    results = function(*tensors)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    dys = [torch.tensor(dy, dtype=torch.float32).to(dtype).reshape(y.shape) for dy, y in zip(cotangents, results)]
    gradients = [None] * len(tensors)
    if wanted and cotangents:
        found = torch.autograd.grad(results, [tensors[i] for i in wanted], dys, allow_unused=True)
        for i, gradient in zip(wanted, found):
            gradients[i] = gradient
    return results, gradients, dys


def case(op, function, operands, attrs=None, dys=(), wanted=None, of=None, about="edges"):
    """Adds a case; operands are (dtype, shape, numbers). Gradients are asked for of all floats where there are cotangents."""
    operands = [(kind, shape, list(data)) for kind, shape, data in operands]
    if wanted is None:
        wanted = [i for i, (kind, _, _) in enumerate(operands) if kind == "f32"] if dys else []
    single = run(function, operands, dys, wanted, torch.float32)
    double = run(function, operands, dys, wanted, torch.float64)
    cases.append(
        {
            "op": op,
            "about": about,
            "attrs": attrs or {},
            "pytorch": of,
            "operands": [
                {"dtype": kind, "shape": shape, "data": " ".join(map(written, map(float, data)))}
                for kind, shape, data in operands
            ],
            "cotangents": [" ".join(map(written, listed(dy))) for dy in single[2]],
            "results": [result(a, b) for a, b in zip(single[0], double[0])],
            "gradients": [result(a, b) for a, b in zip(single[1], double[1])],
        }
    )


def vector(data):
    return ("f32", [len(data)], data)


# Each number of PAIRED with each.
PAIRS = [vector(column) for column in zip(*[(a, b) for a in PAIRED for b in PAIRED])]


def unary(op, function, of, attrs=None):
    dys = [2.0, 0.0, INF]
    for about, numbers in (("edges", NUMBERS), ("tiny", TINY)):
        xs = [x for x in numbers for _ in dys]
        case(op, function, [vector(xs)], attrs, [[dy for _ in numbers for dy in dys]], of=of, about=about)


def binary(op, function, of, differentiable=True):
    case(op, function, PAIRS, dys=[[2.0] * len(PAIRS[0][2])] if differentiable else (), of=of)


def counting(*shape, special=None):
    """Small numbers that differ, with special ones at some places."""
    count = math.prod(shape)
    data = [((7 * i) % 11 - 5) / 2 for i in range(count)]
    for place, value in (special or {}).items():
        data[place] = value
    return ("f32", list(shape), data)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def oihw(filter):
    return filter.permute(3, 2, 0, 1)


# Functions of one number.
for name in ("neg", "exp", "log", "sqrt", "rsqrt", "square", "abs", "sign", "tanh", "sigmoid", "erf"):
    unary(name, getattr(torch, name), f"torch.{name}")
unary("leaky_relu", F.relu, "F.relu", {"slope": 0})
unary("leaky_relu", lambda x: F.leaky_relu(x, 0.25), "F.leaky_relu", {"slope": 0.25})
unary("cast", lambda x: x.to(x.dtype), "Tensor.to", {"to": "f32"})
case("stop_gradient", lambda x: x.detach(), [vector(NUMBERS)], of="Tensor.detach")

# Functions of two.
for name in ("add", "sub", "mul", "div", "maximum", "minimum"):
    binary(name, getattr(torch, name), f"torch.{name}")
binary("greater_equal", torch.ge, "torch.ge", differentiable=False)
binary("less_equal", torch.le, "torch.le", differentiable=False)


def cotangent(forward, x, dy):
    """The gradient of a function of x, which can be differentiated again."""
    free = x if x.requires_grad else x.clone().requires_grad_()
    return torch.autograd.grad(forward(free), free, dy, create_graph=True)[0]


for slope, forward in ((0, F.relu), (0.25, lambda x: F.leaky_relu(x, 0.25))):
    case(
        "leaky_relu_grad",
        lambda dy, x, forward=forward: cotangent(forward, x, dy),
        PAIRS,
        {"slope": slope},
        [[2.0] * len(PAIRS[0][2])],
        wanted=[0],
        of="the gradient of F.relu" if slope == 0 else "the gradient of F.leaky_relu",
    )

chosen = [(c, a, b) for c in (0, 1) for a in (ONE, INF, NAN) for b in (-ONE, -INF, NAN)]
case(
    "select",
    torch.where,
    [
        ("bool", [len(chosen)], [c for c, _, _ in chosen]),
        vector([a for _, a, _ in chosen]),
        vector([b for _, _, b in chosen]),
    ],
    dys=[[2.0, INF, NAN] * (len(chosen) // 3)],
    of="torch.where",
)

# What moves numbers hands them on as they are.
odd = [0.0, -0.0, INF, -INF, NAN, HUGE, ONE, -ONE, 2.5, -7.0, 3.0, 4.0]
other = odd[5:] + odd[:5]
case("reshape", lambda x: x.reshape(3, 4), [("f32", [2, 6], odd)], {"shape": [3, 4]}, [other], of="Tensor.reshape")
case(
    "transpose",
    lambda x: x.permute(1, 0),
    [("f32", [2, 6], odd)],
    {"permutation": [1, 0]},
    [other],
    of="Tensor.permute",
)
case(
    "broadcast_to",
    lambda x: x.expand(2, 6),
    [("f32", [6], odd[:6])],
    {"shape": [2, 6]},
    [other],
    of="Tensor.expand",
)
case(
    "pad",
    lambda x: F.pad(x, (1, 1), value=0.0),
    [("f32", [2, 4], odd[:8])],
    {"amounts": [0, 0, 1, 1], "value": 0},
    [other],
    of="F.pad",
)
case(
    "slice",
    lambda x: x[1:, 2:5],
    [("f32", [2, 6], odd)],
    {"begin": [1, 2], "size": [1, 3]},
    [[NAN, INF, 2.0]],
    of="indexing",
)
case(
    "concat",
    lambda *parts: torch.cat(parts, 1),
    [("f32", [2, 2], odd[:4]), ("f32", [2, 4], odd[4:])],
    {"axis": 1},
    [other],
    of="torch.cat",
)
case(
    "split",
    lambda x: torch.split(x, [2, 4], 1),
    [("f32", [2, 6], odd)],
    {"axis": 1, "sizes": [2, 4]},
    [other[:4], other[4:]],
    of="torch.split",
)
indices = [0, 2, 2, 3, 1, 0]
case(
    "take",
    lambda x: x.index_select(1, torch.tensor(indices)),
    [("f32", [2, 5], odd[:10])],
    {"axis": 1, "indices": indices},
    [other],
    of="torch.index_select",
)
case(
    "take_grad",
    lambda dy: torch.zeros(2, 5, dtype=dy.dtype).index_add(1, torch.tensor(indices), dy),
    [("f32", [2, 6], odd)],
    {"axis": 1, "indices": indices, "size": 5},
    [other[:10]],
    of="torch.index_add",
)
case(
    "one_hot",
    lambda ids: F.one_hot(ids, 4).to(torch.float32),
    [("i32", [2, 2], [0, 3, 1, 1])],
    {"depth": 4},
    of="F.one_hot",
)

# Reductions.
rows = [1.0, INF, 2.0, INF, -INF, 1.0, NAN, 1.0, -INF, 2.0, 2.0, 2.0, -0.0, -0.0, -0.0, 1.0, 5.0, 5.0]
for op, function, of in (("sum", torch.sum, "torch.sum"), ("max", torch.amax, "torch.amax")):
    case(
        op,
        lambda x, function=function: function(x, dim=1),
        [("f32", [6, 3], rows)],
        {"axes": [1], "keep": False},
        [[3.0, 1.0, 2.0, 3.0, 6.0, INF]],
        of=of,
    )
case(
    "max",
    lambda x: torch.amax(x, dim=(0, 2), keepdim=True),
    [("f32", [2, 3, 2], [1, 2, 2, 2, NAN, -INF, 2, 0, 1, 2, INF, -INF])],
    {"axes": [0, 2], "keep": True},
    [[3.0, 6.0, 2.0]],
    of="torch.amax",
)

# Products: what is not finite meets zeros.
case(
    "matmul",
    torch.matmul,
    [("f32", [3, 3], [INF, 0, 1, NAN, 1, 0, 1, 2, 0]), ("f32", [3, 2], [1, 0, 0, 1, -INF, 1])],
    {"transpose_a": False, "transpose_b": False},
    [[1.0, 0, INF, 1, 0, 2]],
    of="torch.matmul",
)
image = counting(1, 5, 5, 2, special={0: NAN, 49: INF})
kernel = counting(3, 3, 2, 2)
thin = counting(3, 3, 2, 1)
# Inside, where no window meets the zeros of the padding: whether these are multiplied is each library's own matter.
dy = counting(1, 5, 5, 2, special={24: NAN, 27: -INF})
plain = {"stride": 1, "padding": "same"}


def convolve(x, filter):
    return nhwc(F.conv2d(nchw(x), oihw(filter), padding=1))


def convolve_depthwise(x, filter):
    return nhwc(F.conv2d(nchw(x), filter.permute(2, 3, 0, 1), padding=1, groups=2))


for name, forward, filter, of in (
    ("conv2d", convolve, kernel, "F.conv2d"),
    ("depthwise_conv2d", convolve_depthwise, thin, "F.conv2d of groups"),
):
    case(name, forward, [image, filter], plain, [dy[2]], of=of)
    case(
        f"{name}_input_grad",
        lambda dy, filter, forward=forward: cotangent(
            lambda x: forward(x, filter), torch.zeros(1, 5, 5, 2, dtype=dy.dtype), dy
        ),
        [dy, filter],
        {**plain, "shape": [1, 5, 5, 2]},
        of=f"the gradient of {of}",
    )
    case(
        f"{name}_filter_grad",
        lambda x, dy, forward=forward, filter=filter: cotangent(
            lambda filter: forward(x, filter), torch.zeros(filter[1], dtype=dy.dtype), dy
        ),
        [image, dy],
        {**plain, "shape": filter[1]},
        of=f"the gradient of {of}",
    )

# Pooling and resolution.
window = {"size": 2, "stride": 2}
finite = ("f32", [1, 4, 6, 1], [1, 1, 2, 0, 0, -0.0, 1, 1, 2, 2, -0.0, 0, 5, 1, 1, HUGE, -1, -2.5, 2, 3, HUGE, 1, -7, -1])
infinite = ("f32", [1, 4, 6, 1], [1, INF, 2, 0, INF, -INF, 1, 1, -INF, 2, INF, 3, -INF, 1, 1, HUGE, -1, -2, 2, -INF, INF, 1, -7, INF])
broken = ("f32", [1, 4, 6, 1], [1, NAN, 2, 0, -INF, -INF, 1, 1, NAN, 2, -INF, -INF, NAN, 1, 1, 5, INF, 0, 2, 3, NAN, NAN, NAN, 2])
kinds = (("ties", finite), ("infinities", infinite), ("no numbers", broken))
pooled = [2.0, 3.0, INF, 7.0, NAN, 13.0]
spread = [float(i + 1) for i in range(22)] + [INF, NAN]


def max_pool(x):
    return nhwc(F.max_pool2d(nchw(x), 2, 2))


def avg_pool(x):
    return nhwc(F.avg_pool2d(nchw(x), 2, 2))


for about, picture in kinds:
    case("avg_pool2d", avg_pool, [picture], window, [pooled], of="F.avg_pool2d", about=about)
case(
    "avg_pool2d_grad",
    lambda dy: cotangent(avg_pool, torch.zeros(1, 4, 6, 1, dtype=dy.dtype), dy),
    [("f32", [1, 2, 3, 1], pooled)],
    {**window, "shape": [1, 4, 6, 1]},
    [spread],
    of="the gradient of F.avg_pool2d",
)
case(
    "upsample_nearest",
    lambda x: nhwc(F.interpolate(nchw(x), scale_factor=2, mode="nearest")),
    [("f32", [1, 2, 3, 1], [NAN, INF, -INF, -0.0, 1.0, HUGE])],
    {"factor": 2},
    [spread],
    of="F.interpolate",
)


def pick(x, t):
    """The entries of t at the places that max pooling takes of x."""
    _, places = F.max_pool2d(nchw(x), 2, 2, return_indices=True)
    return nhwc(nchw(t).reshape(1, 1, -1).gather(2, places.reshape(1, 1, -1)).reshape(places.shape))


for about, picture in kinds:
    case("max_pool2d", max_pool, [picture], window, [pooled], of="F.max_pool2d", about=about)
    case(
        "max_pool2d_grad",
        lambda x, dy: cotangent(max_pool, x, dy),
        [picture, ("f32", [1, 2, 3, 1], pooled)],
        window,
        [spread],
        wanted=[1],
        of="the gradient of F.max_pool2d",
        about=about,
    )
    case(
        "max_pool2d_pick",
        pick,
        [picture, ("f32", [1, 4, 6, 1], spread)],
        window,
        [pooled],
        wanted=[1],
        of="Tensor.gather",
        about=about,
    )
amounts = (2, 1, 1, 2)
around = {"amounts": [0, 0, 1, 2, 2, 1, 0, 0]}


def reflect(x):
    return nhwc(F.pad(nchw(x), amounts, mode="reflect"))


small = ("f32", [1, 3, 4, 1], odd)
large = counting(1, 6, 7, 1, special={0: NAN, 20: INF, 41: -INF})
case("reflect_pad", reflect, [small], around, [large[2]], of="F.pad")
case(
    "reflect_pad_grad",
    lambda dy: cotangent(reflect, torch.zeros(1, 3, 4, 1, dtype=dy.dtype), dy),
    [large],
    around,
    [odd],
    of="the gradient of F.pad",
)


# What PyTorch has in parts only.
def segment_mean(x, ids):
    """Means by index_add, of a batch of one picture."""
    flat, (_, segments) = x.reshape(-1, x.shape[-1]), torch.unique(ids.reshape(-1), return_inverse=True)
    sums = torch.zeros(int(segments.max()) + 1, flat.shape[1], dtype=x.dtype).index_add(0, segments, flat)
    counts = torch.bincount(segments).to(x.dtype)
    return (sums / counts[:, None])[segments].reshape(x.shape)


case(
    "segment_mean",
    segment_mean,
    [("f32", [1, 3, 4, 1], [1, 2, NAN, 4, INF, 6, INF, 8, -INF, 1, INF, HUGE]), ("i32", [1, 3, 4], [0, 0, 1, 1, 2, 2, 3, 3, 3, 9, 2, 9])],
    dys=[other],
    wanted=[0],
    of="torch.index_add",
)


def adam(weight, m, v, gradient, rate, epsilon, kept=None):
    """One update of torch.optim.Adam or AdamW, which corrects its moments itself: at step t, with rate and epsilon as they were given."""
    t, beta1, beta2 = 3, 0.75, 0.5
    correction = math.sqrt(1 - beta2**t)
    parameter = torch.nn.Parameter(weight.detach().clone())
    parameter.grad = gradient.detach().clone()
    lr = float(rate) * (1 - beta1**t) / correction
    settings = {"lr": lr, "betas": (beta1, beta2), "eps": float(epsilon) / correction}
    optimizer = (
        torch.optim.Adam([parameter], **settings)
        if kept is None
        else torch.optim.AdamW([parameter], weight_decay=(1 - float(kept)) / lr, **settings)
    )
    optimizer.state[parameter] = {
        "step": torch.tensor(float(t - 1)),
        "exp_avg": m.detach().clone(),
        "exp_avg_sq": v.detach().clone(),
    }
    optimizer.step()
    state = optimizer.state[parameter]
    return parameter.detach(), state["exp_avg"], state["exp_avg_sq"]


steps = [0.0, -0.0, ONE, -ONE, 1e20, 1e-30, INF, NAN]
update = [
    vector([ONE] * len(steps)),
    vector([0.0] * len(steps)),
    vector([0.0] * len(steps)),
    vector(steps),
    ("f32", [], [0.01]),
    ("f32", [], [1e-8]),
]
decays = {"beta1": 0.75, "beta2": 0.5}
case("adam", adam, update, decays, of="torch.optim.Adam")
case("adamw", adam, [*update, ("f32", [], [0.75])], decays, of="torch.optim.AdamW")

place = Path(__file__).parent.parent / "fixtures" / "edges.json"
lines = ",\n".join(json.dumps(each) for each in cases)
place.write_text(f'{{"pytorch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n')
