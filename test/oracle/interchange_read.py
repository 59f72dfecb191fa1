"""Prints what torch.load(weights_only=True) finds in a file: python test/oracle/interchange_read.py run.pt"""

import json
import sys

import torch


def shown(value):
    if isinstance(value, torch.Tensor):
        kind = "Parameter" if isinstance(value, torch.nn.Parameter) else "Tensor"
        return [kind, str(value.dtype), list(value.shape), value.requires_grad, value.flatten().tolist()]
    if isinstance(value, dict):
        return {str(type(value).__name__): [[shown(key), shown(inner)] for key, inner in value.items()]}
    if isinstance(value, (list, tuple, set)):
        return {type(value).__name__: [shown(inner) for inner in value]}
    if isinstance(value, bytes):
        return {"bytes": list(value)}
    return {type(value).__name__: str(value)}


found = torch.load(sys.argv[1], weights_only=True)
mapped = torch.load(sys.argv[1], weights_only=True, mmap=True)
assert shown(found) == shown(mapped)
shares = found["tied"][0].data_ptr() == found["tied"][1].data_ptr()
print(json.dumps({"value": shown(found), "shares": shares}))
