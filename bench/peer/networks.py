"""Builds the peer's networks: SPADE's, pix2pixHD's and the U-Net, as in their authors' code."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import spectral_norm

HIDDEN = 128  # width inside a SPADE layer
NOISE = 256  # length of the vector that a SPADE generator may start from


def doubled(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


class Spade(nn.Module):
    """Normalizes by batch statistics, then scales and shifts each pixel by what the label map says there."""

    def __init__(self, channels, labels):
        super().__init__()
        self.param_free_norm = nn.BatchNorm2d(channels, affine=False)
        self.mlp_shared = nn.Sequential(nn.Conv2d(labels, HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(HIDDEN, channels, 3, padding=1)

    def forward(self, x, seg):
        style = self.mlp_shared(F.interpolate(seg, size=x.shape[2:], mode="nearest"))
        return self.param_free_norm(x) * (1 + self.mlp_gamma(style)) + self.mlp_beta(style)


class SpadeBlock(nn.Module):
    def __init__(self, before, after, labels):
        super().__init__()
        middle = min(before, after)
        self.norm_0 = Spade(before, labels)
        self.conv_0 = spectral_norm(nn.Conv2d(before, middle, 3, padding=1))
        self.norm_1 = Spade(middle, labels)
        self.conv_1 = spectral_norm(nn.Conv2d(middle, after, 3, padding=1))
        self.learned = before != after
        if self.learned:
            self.norm_s = Spade(before, labels)
            self.conv_s = spectral_norm(nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x, seg):
        shortcut = self.conv_s(self.norm_s(x, seg)) if self.learned else x
        inner = self.conv_0(F.leaky_relu(self.norm_0(x, seg), 0.2))
        return shortcut + self.conv_1(F.leaky_relu(self.norm_1(inner, seg), 0.2))


class SpadeGenerator(nn.Module):
    """Starts from the label map or, `from_noise`, from a vector z."""

    def __init__(self, labels, width, size, from_noise=False):
        super().__init__()
        columns, rows = size
        self.first = (round(rows / 32), columns // 32)
        self.from_noise = from_noise
        if from_noise:
            self.fc = nn.Linear(NOISE, 16 * width * self.first[0] * self.first[1])
        else:
            self.fc = nn.Conv2d(labels, 16 * width, 3, padding=1)
        self.head_0 = SpadeBlock(16 * width, 16 * width, labels)
        self.G_middle_0 = SpadeBlock(16 * width, 16 * width, labels)
        self.G_middle_1 = SpadeBlock(16 * width, 16 * width, labels)
        self.up_0 = SpadeBlock(16 * width, 8 * width, labels)
        self.up_1 = SpadeBlock(8 * width, 4 * width, labels)
        self.up_2 = SpadeBlock(4 * width, 2 * width, labels)
        self.up_3 = SpadeBlock(2 * width, width, labels)
        self.conv_img = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, seg, z=None):
        if self.from_noise:
            x = self.fc(z).view(len(z), -1, *self.first)
        else:
            x = self.fc(F.interpolate(seg, size=self.first, mode="nearest"))
        x = self.head_0(x, seg)
        x = self.G_middle_1(self.G_middle_0(doubled(x), seg), seg)
        for block in (self.up_0, self.up_1, self.up_2, self.up_3):
            x = block(doubled(x), seg)
        return torch.tanh(self.conv_img(F.leaky_relu(x, 0.2)))


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        layers = []
        for _ in range(2):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return x + self.layers(x)


def global_generator(labels, width, reductions=4, blocks=9):
    """Makes pix2pixHD's global generator."""
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(labels, width, 7), nn.InstanceNorm2d(width), nn.ReLU()]
    for i in range(reductions):
        before = width * 2**i
        layers += [nn.Conv2d(before, 2 * before, 3, 2, 1), nn.InstanceNorm2d(2 * before), nn.ReLU()]
    layers += [ResidualBlock(width * 2**reductions) for _ in range(blocks)]
    for i in range(reductions, 0, -1):
        after = width * 2 ** (i - 1)
        layers += [nn.ConvTranspose2d(2 * after, after, 3, 2, 1, 1), nn.InstanceNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


class UNet(nn.Module):
    """The U-Net of pix2pix, without its dropout."""

    def __init__(self, labels, width, size):
        super().__init__()
        # As many halvings as the size allows, at most eight.
        reductions = min(8, *((side & -side).bit_length() - 1 for side in size))
        widths = [width * 2 ** min(i, 3) for i in range(reductions)]
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 4, 2, 1, bias=False) for before, after in zip([labels, *widths], widths)
        )
        self.down_norm = nn.ModuleList(nn.BatchNorm2d(channels) for channels in widths[1:-1])
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(widths[i] * (1 if i == reductions - 1 else 2), widths[i - 1], 4, 2, 1, bias=False)
            for i in range(reductions - 1, 0, -1)
        )
        self.up_norm = nn.ModuleList(nn.BatchNorm2d(channels) for channels in widths[-2::-1])
        self.up_0 = nn.ConvTranspose2d(2 * width, 3, 4, 2, 1)

    def forward(self, x):
        skips = [self.down[0](x)]
        for conv, norm in zip(self.down[1:], [*self.down_norm, nn.Identity()]):
            skips.append(norm(conv(F.leaky_relu(skips[-1], 0.2))))
        x = skips.pop()
        for conv, norm in zip(self.up, self.up_norm):
            x = torch.cat([skips.pop(), norm(conv(F.relu(x)))], 1)
        return torch.tanh(self.up_0(F.relu(x)))


class PatchDiscriminator(nn.Module):
    """SPADE's, or with `plain` pix2pixHD's: biases everywhere and no spectral norm."""

    def __init__(self, channels, width, layers, plain):
        super().__init__()
        weight = (lambda conv: conv) if plain else spectral_norm
        self.model0 = nn.Sequential(nn.Conv2d(channels, width, 4, 2, 2), nn.LeakyReLU(0.2))
        for n in range(1, layers):
            before, after = min(width * 2 ** (n - 1), 512), min(width * 2**n, 512)
            conv = weight(nn.Conv2d(before, after, 4, 1 if n == layers - 1 else 2, 2, bias=plain))
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
    def __init__(self, channels, width, scales=2, layers=4, plain=False):
        super().__init__()
        for scale in range(scales):
            setattr(self, f"discriminator_{scale}", PatchDiscriminator(channels, width, layers, plain))

    def forward(self, x):
        outputs = []
        for discriminator in self.children():
            outputs.append(discriminator(x))
            x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        return outputs


def initialize_like_spade(module):
    """Draws SPADE's initial values: xavier normal with gain 0.02, biases 0."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_normal_(getattr(module, "weight_orig", module.weight), gain=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def initialize_like_pix2pix(module):
    """Draws the initial values of pix2pix and pix2pixHD: normal with deviation 0.02; biases 0."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(getattr(module, "weight_orig", module.weight), std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def make_generator(model, labels, width, size, from_noise=False):
    """Makes the generator of a model for maps with as many channels as `labels` says."""
    if model == "spade":
        return SpadeGenerator(labels, width, size, from_noise).apply(initialize_like_spade)
    network = global_generator(labels, width) if model == "pix2pixhd" else UNet(labels, width, size)
    return network.apply(initialize_like_pix2pix)


def make_discriminator(model, labels, width):
    """Makes the discriminator of a model."""
    if model == "pix2pixhd":
        return MultiscaleDiscriminator(labels + 3, width, plain=True).apply(initialize_like_pix2pix)
    scales = 2 if model == "spade" else 1
    return MultiscaleDiscriminator(labels + 3, width, scales).apply(initialize_like_spade)
