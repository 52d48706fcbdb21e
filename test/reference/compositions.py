"""Makes the fixtures of systems without official PyTorch code, from torch.nn alone."""

import torch
import torch.nn.functional as F
from torch import nn

from fixture import Run, arguments, make

given = arguments()


class UNet(nn.Module):
    """The U-Net of pix2pix (Isola et al. 2017), as the authors' later PyTorch code arranges it.

    `kept` says for levels on the way up which entries dropout of one half keeps.
    """

    def __init__(self, inputs: int, outputs: int, widths: list[int], kept: dict[int, torch.Tensor]):
        super().__init__()
        self.depth, self.kept = len(widths), kept
        for i, width in enumerate(widths):
            outer = widths[i - 1]
            self.add_module(f"down_{i}", nn.Conv2d(outer if i else inputs, width, 4, 2, 1, bias=False))
            if 0 < i < self.depth - 1:
                self.add_module(f"down_norm_{i}", nn.BatchNorm2d(width))
            joined = width * (1 if i == self.depth - 1 else 2)
            self.add_module(
                f"up_{i}", nn.ConvTranspose2d(joined, outer if i else outputs, 4, 2, 1, bias=i == 0)
            )
            if i:
                self.add_module(f"up_norm_{i}", nn.BatchNorm2d(outer))

    def level(self, x, i: int):
        y = getattr(self, f"down_{i}")(F.leaky_relu(x, 0.2) if i else x)
        if 0 < i < self.depth - 1:
            y = getattr(self, f"down_norm_{i}")(y)
        if i < self.depth - 1:
            y = torch.cat((y, self.level(y, i + 1)), 1)
        y = getattr(self, f"up_{i}")(F.relu(y))
        if i == 0:
            return torch.tanh(y)
        y = getattr(self, f"up_norm_{i}")(y)
        return y * self.kept[i] / 0.5 if i in self.kept else y

    def forward(self, x):
        return self.level(x, 0)


class CascadedRefinement(nn.Module):
    """Chen and Koltun 2017: each module sees the labels at its size and the features of the coarser one."""

    def __init__(self, labels: int, widths: list[int], start: tuple[int, int]):
        super().__init__()
        self.start, self.count = start, len(widths)
        for i, width in enumerate(widths):
            inputs = labels + (widths[i - 1] if i else 0)
            for j, seen in enumerate((inputs, width)):
                self.add_module(f"module_{i}_conv_{j}", nn.Conv2d(seen, width, 3, 1, 1, bias=False))
                self.add_module(f"module_{i}_norm_{j}", nn.GroupNorm(1, width))
        self.conv_img = nn.Conv2d(widths[-1], 3, 1)

    def forward(self, labels):
        y = None
        for i in range(self.count):
            size = tuple(s * 2**i for s in self.start)
            seen = F.adaptive_avg_pool2d(labels, size)
            if y is not None:
                seen = torch.cat((F.interpolate(y, size=size, mode="bilinear", align_corners=False), seen), 1)
            y = seen
            for j in range(2):
                y = getattr(self, f"module_{i}_conv_{j}")(y)
                y = F.leaky_relu(getattr(self, f"module_{i}_norm_{j}")(y), 0.2)
        return self.conv_img(y)


def network_fixture(run: Run, network: nn.Module, x: torch.Tensor, eval_too: bool) -> None:
    run.fill(network)
    y = network(x)
    run.output("output.train.y", y)
    run.gradients(run.cotangent_sum({"y": y}), {"input.x": x, "": network})
    run.buffers_after(network)
    if eval_too:
        network.eval()
        with torch.no_grad():
            run.output("output.eval_after.y", network(x))


def unet(run: Run) -> None:
    x = run.uniform("input.x", (2, 5, 64, 32)).requires_grad_()
    network_fixture(run, UNet(5, 3, [4, 8, 16, 16], {}), x, eval_too=True)


def unet_dropout(run: Run) -> None:
    x = run.uniform("input.x", (2, 5, 128, 128)).requires_grad_()
    widths = [4, 4, 8, 8, 8, 8, 8]
    kept = {}
    for i in (4, 5):
        size = 128 // 2**i
        noise = run.uniform(f"input.noise_{i}", (2, widths[i - 1], size, size))
        kept[i] = (noise >= 0).to(run.dtype)
    network_fixture(run, UNet(5, 3, widths, kept), x, eval_too=True)


def cascaded_refinement(run: Run) -> None:
    x = run.uniform("input.x", (2, 5, 32, 64)).requires_grad_()
    network_fixture(run, CascadedRefinement(5, [8, 8, 6, 4], (4, 8)), x, eval_too=False)


class ConditionalBatchNorm(nn.Module):
    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.style = nn.Linear(classes, 2 * channels)

    def forward(self, x, style):
        gamma, beta = self.style(style)[:, :, None, None].chunk(2, 1)
        return self.norm(x) * (1 + gamma) + beta


def conditional_batch_norm(run: Run) -> None:
    network = run.fill(ConditionalBatchNorm(6, 4))
    x = run.uniform("input.x", (3, 6, 8, 8), 2.0, 0.5).requires_grad_()
    style = run.uniform("input.style", (3, 4), 0.5, 0.5, layout="N,features").requires_grad_()
    y = network(x, style)
    run.output("output.train.y", y)
    run.gradients(run.cotangent_sum({"y": y}), {"input.x": x, "input.style": style, "": network})
    run.buffers_after(network)
    network.eval()
    with torch.no_grad():
        run.output("output.eval_after.y", network(x, style))


def standardized_convolution(run: Run) -> None:
    network = run.fill(nn.Conv2d(4, 6, 3, padding=1))
    x = run.uniform("input.x", (2, 4, 8, 8)).requires_grad_()
    centered = network.weight - network.weight.mean((1, 2, 3), keepdim=True)
    weights = {
        # Qiao et al. 2019, equations 4 and 5: variance over the fan-in, epsilon under the root.
        "paper": centered / (centered.square().mean((1, 2, 3), keepdim=True) + 1e-5).sqrt(),
        # The authors' PyTorch code: the unbiased standard deviation, epsilon beside it.
        "code": centered / (centered.flatten(1).std(1).view(-1, 1, 1, 1) + 1e-5),
    }
    for name, weight in weights.items():
        y = F.conv2d(x, weight, network.bias, padding=1)
        run.output(f"output.{name}.y", y)
        run.gradients(
            (y * run.uniform("cotangent.y", tuple(y.shape))).sum(),
            {"input.x": x, "": network},
            f"grad.{name}.",
            keep=True,
        )


def group_convolution(run: Run) -> None:
    network = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.GroupNorm(3, 6), nn.LeakyReLU(0.2))
    x = run.uniform("input.x", (2, 4, 16, 16)).requires_grad_()
    network_fixture(run, network, x, eval_too=False)


class Critic(nn.Module):
    """A discriminator with everything that second derivatives must pass through: stride, pooling, instance norm, leaky ReLU."""

    def __init__(self):
        super().__init__()
        self.conv_0 = nn.Conv2d(3, 6, 4, stride=2, padding=2)
        self.conv_1 = nn.Conv2d(6, 8, 3, padding=1)
        self.conv_2 = nn.Conv2d(8, 1, 4, padding=2)

    def forward(self, x):
        x = F.leaky_relu(self.conv_0(x), 0.2)
        x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        x = F.leaky_relu(F.instance_norm(self.conv_1(x)), 0.2)
        return self.conv_2(x)


def squared_lengths(critic: Critic, x: torch.Tensor) -> torch.Tensor:
    """Squared length of the gradient of each picture's sum of predictions by that picture."""
    return torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0].square().sum((1, 2, 3))


def gradient_penalties(run: Run) -> None:
    critic = run.fill(Critic())
    real, fake = run.uniform("input.real_image", (3, 3, 16, 16)), run.uniform(
        "input.fake_image", (3, 3, 16, 16)
    )
    alpha = run.uniform("input.alpha", (3, 1, 1, 1), 0.5, 0.5)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_()
    lengths = squared_lengths(critic, between).sqrt()
    run.output("output.penalty.lengths", lengths)
    run.output("output.penalty.loss", (lengths - 1).square().mean())
    run.gradients((lengths - 1).square().mean(), {"": critic, "between": between}, "grad.penalty.", keep=True)
    real.requires_grad_()
    squares = squared_lengths(critic, real)
    run.output("output.r1.squared_lengths", squares)
    run.output("output.r1.loss", squares.mean() / 2)
    run.gradients(squares.mean() / 2, {"": critic, "input.real_image": real}, "grad.r1.")


def cross_entropy(run: Run) -> None:
    logits = run.uniform("input.logits", (2, 5, 8, 8), 3.0).requires_grad_()
    label = run.identifiers("input.label", (2, 1, 8, 8), 5, cell=2)
    weight = run.uniform("input.class_weight", (5,), 0.8, 1.0)
    void = 3
    losses = {
        "weighted_mean": F.cross_entropy(logits, label[:, 0], weight, ignore_index=void),
        "sum": F.cross_entropy(logits, label[:, 0], weight, ignore_index=void, reduction="sum"),
        "plain": F.cross_entropy(logits, label[:, 0]),
    }
    losses["mean_over_all_pixels"] = losses["sum"] / label.numel()
    for name, loss in losses.items():
        run.output(f"output.{name}", loss)
        run.gradients(loss, {"input.logits": logits}, f"grad.{name}.", keep=True)


def synchronized_batch_norm(run: Run) -> None:
    # The last channel varies so little that max(variance, epsilon) and variance + epsilon differ.
    strong, weak = run.uniform("input.strong", (4, 3, 6, 6), 2.0, 0.3), run.uniform(
        "input.weak", (4, 1, 6, 6), 2e-3
    )
    x = run.joined("input.x", torch.cat((strong, weak), 1), {"of": "input.strong"}, {"of": "input.weak"})
    x.requires_grad_()
    towers = x.chunk(2)
    count = x.numel() / x.shape[1]
    mean = sum(tower.sum((0, 2, 3)) for tower in towers) / count
    variance = sum((tower - mean.view(1, -1, 1, 1)).square().sum((0, 2, 3)) for tower in towers) / count
    factors = {"one_device": (variance + 1e-5).rsqrt(), "several_devices": variance.clamp(min=1e-5).rsqrt()}
    for name, factor in factors.items():
        y = torch.cat([(tower - mean.view(1, -1, 1, 1)) * factor.view(1, -1, 1, 1) for tower in towers])
        run.output(f"output.{name}.y", y)
        run.gradients(
            (y * run.uniform("cotangent.y", tuple(y.shape))).sum(), {"input.x": x}, f"grad.{name}.", keep=True
        )
    run.output("output.running_mean", 0.1 * mean)
    run.output("output.running_var", 0.9 + 0.1 * variance * count / (count - 1))
    whole = F.batch_norm(x, None, None, training=True)
    torch.testing.assert_close(
        whole, (x - mean.view(1, -1, 1, 1)) * factors["one_device"].view(1, -1, 1, 1), rtol=1e-3, atol=1e-4
    )


def operators(run: Run) -> None:
    """Single operators that differ between frameworks, with their gradients."""
    x = run.uniform("input.x", (2, 4, 9, 7)).requires_grad_()
    kernel = run.uniform("param.kernel", (6, 4, 3, 3)).requires_grad_()
    transposed = run.uniform("param.transposed", (4, 3, 3, 3), layout="IOHW").requires_grad_()
    depthwise = run.uniform("param.depthwise", (4, 1, 3, 3)).requires_grad_()
    run.made["param.kernel"]["layout"] = run.made["param.depthwise"]["layout"] = "OIHW"
    results = {
        "reflect_pad_3": (F.pad(x, (3, 3, 3, 3), mode="reflect"), {}),
        "max_pool_3_2": (F.max_pool2d(x, 3, 2), {}),
        "max_pool_3_2_ceil": (F.max_pool2d(x, 3, 2, ceil_mode=True), {}),
        "max_pool_3_2_pad_1": (F.max_pool2d(x, 3, 2, padding=1), {}),
        "avg_pool_3_2_pad_1": (F.avg_pool2d(x, 3, 2, padding=1, count_include_pad=False), {}),
        "avg_pool_3_2_pad_1_counted": (F.avg_pool2d(x, 3, 2, padding=1), {}),
        "nearest_5x10": (F.interpolate(x, size=(5, 10)), {}),
        "bilinear_13x10": (F.interpolate(x, size=(13, 10), mode="bilinear", align_corners=False), {}),
        "bilinear_4x5": (F.interpolate(x, size=(4, 5), mode="bilinear", align_corners=False), {}),
        "local_response_norm": (F.local_response_norm(x, 3, alpha=0.5, beta=0.75, k=1.0), {}),
        "conv_stride_2_pad_1": (F.conv2d(x, kernel, stride=2, padding=1), {"kernel": kernel}),
        "conv_dilation_2": (F.conv2d(x, kernel, dilation=2), {"kernel": kernel}),
        "conv_transposed": (
            F.conv_transpose2d(x, transposed, stride=2, padding=1, output_padding=1),
            {"transposed": transposed},
        ),
        "conv_depthwise": (F.conv2d(x, depthwise, stride=2, padding=1, groups=4), {"depthwise": depthwise}),
        "log_softmax": (F.log_softmax(x, 1), {}),
    }
    for name, (y, weights) in results.items():
        run.output(f"output.{name}", y)
        loss = (y * run.uniform(f"cotangent.{name}", tuple(y.shape))).sum()
        run.gradients(loss, {"input.x": x}, f"grad.{name}.", keep=True)
        for key, weight in weights.items():
            gradient = torch.autograd.grad(loss, weight, retain_graph=True)[0]
            run.gradient(f"grad.{name}.{key}", gradient, run.made[f"param.{key}"]["layout"])


CASES = {
    "unet": (
        unet,
        "U-Net generator of pix2pix on 64x32, four levels.",
        {"input_nc": 5, "output_nc": 3, "widths": [4, 8, 16, 16], "norm": "batch"},
        [
            "Level i: leaky ReLU 0.2 (not at level 0), conv 4x4 stride 2 pad 1 without bias, batch norm (not at the first and last level), cat(this, inner levels' result), ReLU, transposed conv 4x4 stride 2 pad 1, batch norm; level 0 ends with bias and tanh instead.",
            "Compared by reading with pytorch-CycleGAN-and-pix2pix models/networks.py, UnetSkipConnectionBlock; its names: level 0 is model.model.0 (down) and .3 (up), the next is model.model.1.model.1 (down), .2 (norm), .5 (up), .6 (norm), and so on inwards.",
        ],
        "down_<i>.weight, down_norm_<i>.*, up_<i>.weight, up_norm_<i>.*, up_0.bias; level 0 is the outermost",
    ),
    "unet_dropout": (
        unet_dropout,
        "U-Net generator of pix2pix on 128x128, seven levels, with dropout of one half at levels 4 and 5.",
        {"input_nc": 5, "output_nc": 3, "widths": [4, 4, 8, 8, 8, 8, 8], "norm": "batch", "dropout": 0.5},
        [
            "As fixture unet; the result of the batch norm on the way up is multiplied by 2 where input.noise_<level> is at least 0, and by 0 elsewhere, in both modes.",
            "Levels of dropout are those of UnetGenerator with use_dropout: all from the fifth inwards but the innermost.",
        ],
        "down_<i>.weight, down_norm_<i>.*, up_<i>.weight, up_norm_<i>.*, up_0.bias; level 0 is the outermost",
    ),
    "cascaded_refinement": (
        cascaded_refinement,
        "Cascaded refinement network on 32x64, four modules from 4x8 on.",
        {"labels": 5, "widths": [8, 8, 6, 4], "start": [4, 8], "norm": "layer, affine per channel, eps 1e-5"},
        [
            "Labels by area averaging, features bilinear with half-pixel centres, joined features first; each convolution without bias, then layer norm over channels, rows and columns, leaky ReLU 0.2; at the end a 1x1 convolution, nothing after it."
        ],
        "module_<i>_conv_<j>.weight, module_<i>_norm_<j>.weight|bias, conv_img.*",
    ),
    "conditional_batch_norm": (
        conditional_batch_norm,
        "Batch norm whose scale (1 + gamma) and shift come from a class vector by one linear layer.",
        {"channels": 6, "classes": 4},
        ["gamma is the first half of style's outputs, beta the second."],
        "norm.running_*, style.weight|bias",
    ),
    "weight_standardized_convolution": (
        standardized_convolution,
        "Convolution with a standardized kernel.",
        {"epsilon": 1e-5},
        [
            "paper: biased variance, epsilon under the root; code (the authors' repository): unbiased standard deviation + epsilon."
        ],
        "weight, bias",
    ),
    "group_norm_convolution": (
        group_convolution,
        "Convolution stride 2, group norm (3 groups of 6 channels, affine), leaky ReLU 0.2.",
        {"groups": 3},
        [],
        "0.* convolution, 1.* norm",
    ),
    "gradient_penalties": (
        gradient_penalties,
        "WGAN-GP and R1 penalties on a small critic: second-order gradients.",
        {"input": [3, 3, 16, 16]},
        [
            "between = alpha * real + (1 - alpha) * fake. penalty.loss = mean((|d sum D(between) / d between| - 1)^2), r1.loss = mean(|d sum D(real) / d real|^2) / 2; factors such as 10 are left out.",
            "Critic: conv_0 4x4 stride 2 pad 2, leaky ReLU 0.2, average pooling 3x3 stride 2 pad 1 (padding not counted), conv_1 3x3 pad 1, instance norm, leaky ReLU 0.2, conv_2 4x4 pad 2.",
        ],
        "conv_<i>.weight|bias",
    ),
    "weighted_cross_entropy": (
        cross_entropy,
        "Cross entropy of logits by class weights, void class 3.",
        {"classes": 5, "void": 3},
        [
            "weighted_mean divides by the sum of the weights of counted pixels, mean_over_all_pixels by the number of all pixels; plain has neither weights nor void."
        ],
        "",
    ),
    "synchronized_batch_norm": (
        synchronized_batch_norm,
        "Statistics summed over two towers of two pictures each.",
        {"towers": 2, "epsilon": 1e-5},
        [
            "one_device: sqrt(variance + epsilon), equal to batch norm over the whole batch; several_devices: sqrt(max(variance, epsilon)), as sync_batchnorm does on several GPUs."
        ],
        "running_mean starts at 0, running_var at 1",
    ),
    "operators": (
        operators,
        "Single operators that frameworks disagree on: values and gradients.",
        {"input": [4, 9, 7]},
        [
            "The names say kernel size and stride (max_pool_3_2: 3x3, stride 2, no padding). local_response_norm: size 3, alpha 0.5, beta 0.75, k 1."
        ],
        "kernel, transposed, depthwise",
    ),
}

for name, (scenario, what, options, notes, names) in CASES.items():
    if given.only in name:
        make(given.out, name, scenario, what, ["own composition of torch.nn"], options, notes, names)
