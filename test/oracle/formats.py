# Writes formats.json: files of NumPy and safetensors, as base64, with what is in them.
#
#     python test/oracle/formats.py          # needs numpy, torch and safetensors
import base64
import io
import json
import pathlib

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

DTYPES = {
    "bool": [0, 1, 1, 0, 1, 0],
    "uint8": [0, 1, 127, 128, 254, 255],
    "int8": [-128, -1, 0, 1, 126, 127],
    "uint16": [0, 1, 255, 256, 32768, 65535],
    "int16": [-32768, -256, -1, 0, 255, 32767],
    "uint32": [0, 1, 65535, 65536, 2**31 - 1, 7],
    "int32": [-(2**31), -1, 0, 1, 65536, 2**31 - 1],
    "uint64": [0, 1, 2**31 - 1, 2, 3, 65536],
    "int64": [-(2**31), -1, 0, 1, 65536, 2**31 - 1],
    "float16": [-0.0, 2.0**-24, 1 / 3, 65504, float("-inf"), float("nan")],
    "float32": [-0.0, 2.0**-149, 1 / 3, 3e38, float("-inf"), float("nan")],
    "float64": [-0.0, 5e-324, 1 / 3, 1e308, float("-inf"), float("nan")],
}


def text(value):
    """A number as JSON can hold it; -0, NaN and infinities as text."""
    value = value.item()
    if isinstance(value, float) and (value != value or abs(value) == float("inf") or str(value) == "-0.0"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0"}[str(value)]
    return value


def about(array):
    array = array.detach() if isinstance(array, torch.Tensor) else np.asarray(array)
    return {
        "dtype": str(array.dtype).replace("torch.", ""),
        "shape": list(array.shape),
        "values": [text(value) for value in array.reshape(-1)],
    }


def encoded(content):
    return base64.b64encode(content).decode()


def npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def npz(save, arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


arrays = {dtype: np.array(values, dtype).reshape(2, 3) for dtype, values in DTYPES.items()}
grid = np.arange(2 * 3 * 4).reshape(2, 3, 4)
npys = {
    **{f"{dtype} in order": (array, None) for dtype, array in arrays.items()},
    **{f"{dtype} in Fortran's order": (np.asfortranarray(array), None) for dtype, array in arrays.items()},
    **{
        f"{dtype} big-endian": (array.astype(array.dtype.newbyteorder(">")), None)
        for dtype, array in arrays.items()
        if array.itemsize > 1
    },
    **{f"{dtype} of three axes in Fortran's order": (np.asfortranarray(grid.astype(dtype)), None) for dtype in ["uint8", "int16", "float32", "int64"]},
    "big-endian in Fortran's order": (np.asfortranarray(grid.astype(">f8")), None),
    "version 1.0": (arrays["float32"], (1, 0)),
    "version 2.0": (arrays["float32"], (2, 0)),
    "version 3.0": (arrays["float32"], (3, 0)),
    "a scalar": (np.array(3.5), None),
    "an empty array": (np.zeros((2, 0, 3), "float32"), None),
    "one axis": (np.arange(5, dtype="int32"), None),
}
refused = {
    "structured": np.zeros(2, [("a", "f4"), ("b", "i4")]),
    "structured with a nested type": np.zeros(2, [("a", [("b", "f4", (2, 2))]), (("title", "c"), "U3")]),
    "objects": np.array([None, {}], object),
    "texts of bytes": np.array([b"ab"]),
    "texts": np.array(["ab"]),
    "dates": np.array(["2020-01-01"], "datetime64[D]"),
    "durations": np.array([1], "timedelta64[s]"),
    "complex numbers": np.array([1j]),
    "raw bytes": np.zeros(2, "V2"),
    "floats of another width": np.zeros(2, np.longdouble),
}
torches = {
    **{dtype: torch.tensor(array) for dtype, array in arrays.items()},
    "bfloat16": torch.tensor([-0.0, 2.0**-133, 1 / 3, 3e38, float("-inf"), float("nan")], dtype=torch.bfloat16),
    "a scalar": torch.tensor(3.5),
    "an empty tensor": torch.zeros(2, 0),
    "Gewicht ü 重み \"quoted\"\n": torch.ones(1),
}
metadata = {"format": "pt", "ü": "✓ \"quoted\"\n"}

answer = {
    "npy": [
        {"name": name, "file": encoded(npy(array, version)), "array": about(array.astype(array.dtype.newbyteorder("=")))}
        for name, (array, version) in npys.items()
    ],
    "refused": [{"name": name, "file": encoded(npy(array))} for name, array in refused.items()],
    "npz": [
        {"name": name, "file": encoded(npz(save, arrays)), "arrays": {key: about(array) for key, array in arrays.items()}}
        for name, save in [("numpy.savez", np.savez), ("numpy.savez_compressed", np.savez_compressed)]
    ],
    "safetensors": [
        {
            "name": "safetensors.torch.save",
            "file": encoded(safetensors.torch.save(torches, metadata)),
            "metadata": metadata,
            "arrays": {key: about(array) for key, array in torches.items()},
        },
        {
            "name": "safetensors.numpy.save",
            "file": encoded(safetensors.numpy.save(arrays)),
            "metadata": {},
            "arrays": {key: about(array) for key, array in arrays.items()},
        },
    ],
}
path = pathlib.Path(__file__).with_name("formats.json")
path.write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
