"""Makes the node tests of the package onnx small data: test/oracle/onnx/nodes.br, for test/onnx/node-tests.test.ts.

    PYTHON=… npx tsx test/oracle/onnx.ts nodes

Reads from stdin the operators that are supported, {domain: [name, …]}; writes to stdout lines of JSON, one a test whose
operators are all among them: its name, its model, and its sets of inputs and outputs as the bytes of TensorProto in
base64. Tests whose data are larger than LIMIT are left out; stderr has their names.
"""

import base64
import json
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

LIMIT = 300_000


def text(value, info):
    """The bytes of a value as a TensorProto, in base64; None for what is no tensor."""
    if isinstance(value, onnx.TensorProto):
        tensor = value
    elif isinstance(value, (np.ndarray, np.generic)):
        tensor = numpy_helper.from_array(np.asarray(value))
    else:
        return None
    # float16, bfloat16, … as numpy has them may have lost their type.
    kind = info.type.tensor_type.elem_type
    if kind and tensor.data_type != kind:
        return None
    return base64.b64encode(tensor.SerializeToString()).decode()


def main():
    supported = {domain: set(names) for domain, names in json.load(sys.stdin).items()}
    large = []
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        graph = case.model.graph
        if not all(node.op_type in supported.get(node.domain, ()) for node in graph.node):
            continue
        sets = []
        for inputs, outputs in case.data_sets:
            ins = [text(value, info) for value, info in zip(inputs, graph.input)]
            outs = [text(value, info) for value, info in zip(outputs, graph.output)]
            sets.append({"inputs": ins, "outputs": outs})
        line = json.dumps(
            {
                "name": case.name,
                "rtol": case.rtol,
                "atol": case.atol,
                "model": base64.b64encode(case.model.SerializeToString()).decode(),
                "sets": sets,
            }
        )
        if len(line) > LIMIT:
            large.append(f"{case.name} ({len(line)})")
            continue
        print(line)
    print("left out, too large:", ", ".join(large) or "none", file=sys.stderr)


main()
