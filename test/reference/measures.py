"""Makes test/fixtures/measures.json: values of metrics by NumPy, SciPy and scikit-image, for small made-up inputs.

pip install numpy scipy scikit-image
python measures.py [--out FILE]
"""

import argparse
import json
from pathlib import Path

import numpy
from scipy.linalg import sqrtm
from scipy.ndimage import distance_transform_edt, gaussian_filter, shift
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

generator = numpy.random.default_rng(6)


def features(count, size, shift=0.0):
    """Features as networks give them: not negative, correlated."""
    mixed = generator.normal(size=(count, size)) @ generator.normal(size=(size, size))
    return numpy.round(numpy.maximum(mixed + shift, 0), 3)


def frechet(a, b):
    """Heusel et al. 2017, equation 6, with a root of the product itself, as pytorch-fid and others compute it."""
    c1, c2 = numpy.cov(a, rowvar=False), numpy.cov(b, rowvar=False)
    difference = a.mean(axis=0) - b.mean(axis=0)
    root = sqrtm(c1 @ c2)
    return float(difference @ difference + numpy.trace(c1) + numpy.trace(c2) - 2 * numpy.trace(root).real)


def frechet_cases():
    for count, other, size in [(40, 30, 6), (7, 9, 16)]:
        a, b = features(count, size), features(other, size, shift=0.5)
        yield {"a": a.tolist(), "b": b.tolist(), "distance": frechet(a, b)}
    constant = features(20, 5)
    constant[:, 2] = 0
    b = features(25, 5)
    yield {"a": constant.tolist(), "b": b.tolist(), "distance": frechet(constant, b)}


def kernel(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


def discrepancy(x, y):
    m, n = len(x), len(y)
    within, other = kernel(x, x), kernel(y, y)
    return float(
        (within.sum() - numpy.trace(within)) / (m * (m - 1))
        + (other.sum() - numpy.trace(other)) / (n * (n - 1))
        - 2 * kernel(x, y).mean()
    )


def kernel_case():
    a, b = features(14, 6), features(11, 6, shift=0.3)
    subsets = []
    for _ in range(5):
        rows, others = generator.permutation(14)[:6], generator.permutation(11)[:6]
        subsets.append({"a": rows.tolist(), "b": others.tolist(), "value": discrepancy(a[rows], b[others])})
    values = [subset["value"] for subset in subsets]
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "all": discrepancy(a, b),
        "subsets": subsets,
        "mean": float(numpy.mean(values)),
        "deviation": float(numpy.std(values)),
    }


def picture_cases():
    for height, width, noise in [(24, 20, 30), (11, 13, 5), (16, 16, 120)]:
        y, x, c = numpy.meshgrid(range(height), range(width), range(3), indexing="ij")
        a = (7 * y + 13 * x + 29 * c + (y * x) % 31) % 256
        b = numpy.clip(a + generator.integers(-noise, noise + 1, size=a.shape), 0, 255)
        a, b = a.astype(numpy.uint8), b.astype(numpy.uint8)
        yield {
            "width": width,
            "height": height,
            "a": a.ravel().tolist(),
            "b": b.ravel().tolist(),
            "psnr": float(peak_signal_noise_ratio(a, b, data_range=255)),
            "ssim": float(
                structural_similarity(
                    a, b, gaussian_weights=True, use_sample_covariance=False, sigma=1.5, data_range=255, channel_axis=2
                )
            ),
        }


def segmentation_case(classes=5, void=4):
    truth = generator.integers(0, classes, size=200)
    truth[truth == 3] = 0  # class 3 is in no map
    found = numpy.where(generator.random(200) < 0.6, truth, generator.integers(0, 3, size=200))
    found[found == void] = 1
    counted = truth != void
    counts = numpy.bincount(classes * truth[counted] + found[counted], minlength=classes**2).reshape(classes, classes)
    right, in_maps, in_found = numpy.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    union = in_maps + in_found - right
    with numpy.errstate(invalid="ignore"):
        overlap, accuracy = right / union, right / in_maps
    return {
        "classes": classes,
        "void": void,
        "truth": truth.tolist(),
        "found": found.tolist(),
        "pixelAccuracy": float(right.sum() / counts.sum()),
        "classAccuracy": float(numpy.nanmean(accuracy)),
        "meanIoU": float(numpy.nanmean(overlap)),
        "perClass": [None if numpy.isnan(value) else float(value) for value in overlap],
    }


def layer(pixels, channels):
    return numpy.round(numpy.maximum(generator.normal(size=(pixels, channels)), 0), 3)


def unit(values):
    return values / (numpy.sqrt((values**2).sum(axis=1, keepdims=True)) + 1e-10)


def feature_case():
    """Zhang et al. 2018, equation 1, as lpips computes it: with linear layers, and without."""
    layers = [(layer(12, 4), layer(12, 4)), (layer(6, 8), layer(6, 8))]
    layers[0][0][3] = 0  # nothing found at a pixel
    weights = [numpy.round(generator.random(a.shape[1]), 3) for a, _ in layers]
    squares = [(unit(a) - unit(b)) ** 2 for a, b in layers]
    return {
        "layers": [{"a": a.tolist(), "b": b.tolist()} for a, b in layers],
        "weights": [w.tolist() for w in weights],
        "weighted": float(sum((square @ w).mean() for square, w in zip(squares, weights))),
        "plain": float(sum(square.sum(axis=1).mean() for square in squares)),
    }


def edges(ids, counted):
    """Pixels beside one of another class, where both are counted."""
    found = numpy.zeros(ids.shape, bool)
    for axis in (0, 1):
        n = ids.shape[axis]
        first, second = numpy.arange(n - 1), numpy.arange(1, n)
        differs = ids.take(first, axis) != ids.take(second, axis)
        differs &= counted.take(first, axis) & counted.take(second, axis)
        for part in (first, second):
            where = (part, slice(None)) if axis == 0 else (slice(None), part)
            found[where] |= differs
    return found


def boundary_f1(truth, found, void):
    """Csurka et al. 2013: by distance transforms of the boundary of each class."""
    counted = truth != void
    near = 0.0075 * numpy.hypot(*truth.shape)
    at_truth, at_found = edges(truth, counted), edges(found, counted)
    scores = []
    for label in range(void):
        a, b = at_truth & (truth == label), at_found & (found == label)
        if not a.any() and not b.any():
            continue
        if not a.any() or not b.any():
            scores.append(0.0)
            continue
        precision = (distance_transform_edt(~a)[b] < near).mean()
        recall = (distance_transform_edt(~b)[a] < near).mean()
        scores.append(0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall))
    return float(numpy.mean(scores))


def boundary_case(size, moved, void=4):
    own = numpy.random.default_rng(size[0])
    fields = [gaussian_filter(own.normal(size=size), 5) for _ in range(void)]
    truth = numpy.argmax(fields, axis=0)
    found = numpy.argmax([shift(field, moved, mode="nearest") for field in fields], axis=0)
    # A class that is found beside its place, void found, and a hole without a truth.
    found[2:8, 3:9] = 3
    found[20:23, 20:30] = void
    truth[10:16, 12:20] = void
    height, width = size
    return {
        "width": width,
        "height": height,
        "void": void,
        # A digit for each pixel.
        "truth": "".join(map(str, truth.ravel())),
        "found": "".join(map(str, found.ravel())),
        "score": boundary_f1(truth, found, void),
    }


parser = argparse.ArgumentParser()
parser.add_argument("--out", default=Path(__file__).parent.parent / "fixtures" / "measures.json")
out = parser.parse_args().out
fixture = {
    "frechet": list(frechet_cases()),
    "kernel": kernel_case(),
    "pictures": list(picture_cases()),
    "segmentation": segmentation_case(),
    "features": feature_case(),
    "boundaries": [boundary_case((40, 48), (0, 0)), boundary_case((24, 140), (1, 0)), boundary_case((40, 265), (1.6, 1.3))],
}
Path(out).write_text(json.dumps(fixture) + "\n")
