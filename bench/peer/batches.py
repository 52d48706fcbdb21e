"""Provides the batches of the peer's steps: label maps in order of their names, or noise; photographs or noise."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

NOISE = "noise"  # stands for label maps of noise where a folder is expected


class Failure(Exception):
    """Carries a mistake of the user as a finished message."""


def list_maps(folder, what):
    """Lists the PNG files of a folder in order of their names."""
    if not folder.is_dir():
        raise Failure(f"the folder of the {what} does not exist: '{folder}'")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".png" and not file.name.startswith("."))
    if not files:
        raise Failure(f"the folder of the {what} holds no PNG: '{folder}'")
    return files


def read_map(file):
    ids = np.array(Image.open(file))
    if ids.ndim != 2:
        raise Failure(f"'{file}' holds colors where one id a pixel is expected")
    return ids


def scaled(ids, size):
    """Scales a map by nearest neighbor: output pixel i takes source pixel floor(i * in / out)."""
    columns, rows = size
    from_rows = np.arange(rows) * ids.shape[0] // rows
    from_columns = np.arange(columns) * ids.shape[1] // columns
    return ids[from_rows][:, from_columns]


def edges_of(instances):
    """Marks the pixels whose instance differs from that of a neighbor."""
    edges = np.zeros(instances.shape, dtype=np.float32)
    across, down = instances[:, 1:] != instances[:, :-1], instances[1:] != instances[:-1]
    edges[:, 1:][across] = 1
    edges[:, :-1][across] = 1
    edges[1:][down] = 1
    edges[:-1][down] = 1
    return edges


def read_photograph(folder, stem, size):
    """Reads the photograph of a label map as [3,H,W] in [-1,1]."""
    found = [folder / (stem + ending) for ending in (".jpg", ".jpeg", ".png", ".webp")]
    file = next((file for file in found if file.exists()), None)
    if file is None:
        raise Failure(f"no photograph for the label map '{stem}' in '{folder}'")
    picture = np.asarray(Image.open(file).convert("RGB").resize(size, Image.Resampling.LANCZOS), dtype=np.float32)
    return torch.from_numpy(picture / 127.5 - 1).permute(2, 0, 1)


class Batches:
    """Holds label maps and gives those of a step, round and round."""

    def __init__(self, options):
        self.batch, self.size, self.images = options.batch, options.size, options.images
        wanted = (options.warmup + options.steps) * options.batch
        columns, rows = options.size
        self.edges, self.stems = None, []
        if str(options.labels) == NOISE:
            if options.classes is None or options.instances or options.images:
                raise Failure(f"--labels {NOISE} needs --classes, and goes without --instances and --images")
            self.classes = options.classes
            random = np.random.default_rng(options.seed)
            self.maps = [random.integers(self.classes, size=(rows, columns)) for _ in range(wanted)]
        else:
            self.read(options, wanted)
        self.channels = self.classes + (self.edges is not None)
        self.noise = torch.rand(options.batch, 3, rows, columns) * 2 - 1

    def read(self, options, wanted):
        """Reads the maps that the steps take; without --classes, all maps count for the number of classes."""
        files = list_maps(options.labels, "label maps")
        self.maps, highest = [], -1
        for index, file in enumerate(files):
            if index >= wanted and options.classes is not None:
                break
            ids = read_map(file).astype(np.int64)
            if options.void is not None:
                ids[ids == options.void] = -1
            highest = max(highest, int(ids.max()))
            if index < wanted:
                self.maps.append(scaled(ids, options.size))
        # The class of void pixels comes after the others.
        self.classes = options.classes or highest + 1 + (options.void is not None)
        for ids in self.maps:
            if int(ids.max()) >= self.classes:
                raise Failure(f"a label map holds an id above {self.classes - 1}, and --classes is {self.classes}")
            ids[ids < 0] = self.classes - 1
        self.stems = [file.stem for file in files]
        if options.instances:
            partners = list_maps(options.instances, "instance maps")
            if len(partners) != len(files):
                raise Failure(
                    f"there are {len(files)} label maps and {len(partners)} instance maps, which belong together by order"
                )
            self.edges = [edges_of(scaled(read_map(file), options.size)) for file in partners[: len(self.maps)]]

    def of_step(self, step):
        """Gives what a step takes: class ids [B,H,W], edges [B,1,H,W] or None, and photographs [B,3,H,W]."""
        indices = [(step * self.batch + i) % len(self.maps) for i in range(self.batch)]
        ids = torch.from_numpy(np.stack([self.maps[i] for i in indices]))
        edges = None if self.edges is None else torch.from_numpy(np.stack([self.edges[i] for i in indices])[:, None])
        if self.images is None:
            return ids, edges, self.noise
        return ids, edges, torch.stack([read_photograph(self.images, self.stems[i], self.size) for i in indices])

    def semantics(self, ids, edges):
        """Makes label maps of ids and edges, [B,channels,H,W]."""
        seg = F.one_hot(ids, self.classes).permute(0, 3, 1, 2).float()
        return seg if edges is None else torch.cat([seg, edges], 1)
