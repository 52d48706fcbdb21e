"""Computes parameters, inputs and cotangents of fixtures by formulas, exact in float32, so that they are not stored."""

import numpy as np


def hash_of(text: str) -> int:
    """FNV-1a, 32 bits, over the UTF-8 bytes."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def bits(text: str, count: int) -> np.ndarray:
    """24 random bits for every index: the finalizer of MurmurHash3 over hash + index * 0x9e3779b9."""
    with np.errstate(over="ignore"):
        x = np.uint32(hash_of(text)) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x >> np.uint32(8)


def uniform(text: str, shape, scale: float, offset: float = 0.0) -> np.ndarray:
    """offset + scale * t with t in [-1, 1): in double precision, rounded once to float32."""
    t = (bits(text, int(np.prod(shape))).astype(np.float64) - 2.0**23) / 2.0**23
    return (offset + scale * t).astype(np.float32).reshape(shape)


def signs(text: str, shape, scale: float) -> np.ndarray:
    """scale or -scale: scale where the 24 bits are at least 2^23."""
    return np.where(bits(text, int(np.prod(shape))) >= 2**23, scale, -scale).astype(np.float32).reshape(shape)


def identifiers(text: str, shape, count: int, cell: int) -> np.ndarray:
    """Integers in [0, count), constant over cells of cell x cell pixels; shape is [N, 1, H, W]."""
    pictures, _, height, width = shape
    rows, columns = -(-height // cell), -(-width // cell)
    drawn = (bits(text, pictures * rows * columns).astype(np.int64) * count) >> 24
    grid = drawn.reshape(pictures, 1, rows, columns)
    return grid.repeat(cell, 2).repeat(cell, 3)[:, :, :height, :width]
