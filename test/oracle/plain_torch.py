"""PyTorch, made to give the same numbers on every CPU: plain loops, one thread, float64. Import it before torch."""

import os
import sys

os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["MKL_CBWR"] = "COMPATIBLE"
sys.dont_write_bytecode = True

import torch

VERSION = "2.13.0"

if torch.__version__.split("+")[0] != VERSION:
    sys.exit(f"expected torch {VERSION}, found {torch.__version__}")
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
