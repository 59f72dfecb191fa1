import { nn, zeros } from "../../lib/index.js";
import { exportOnnx, importOnnxSync } from "../../lib/onnx/index.js";
import { readsMutatedFiles } from "../formats/hostile.js";
import { bytesOf, packed } from "./packed.js";

const named = new Map(
  packed<{ readonly name: string; readonly model: string }>("torch").map(({ name, model }) => [name, model]),
);
const ofTorch = [
  "MLP, TorchScript",
  "words, dynamo",
  "untrained batch norm, TorchScript",
  "recurrent, dynamo",
];

readsMutatedFiles({
  name: "ONNX",
  marks: ["MatMul", "Gemm", "weight", "axis", "shape", "x0"],
  files: {
    ...Object.fromEntries(ofTorch.map((name) => [name, bytesOf(named.get(name) as string)])),
    ours: exportOnnx(new nn.Sequential(new nn.Linear(3, 2), new nn.Softmax()), zeros([1, 3])),
  },
  // With a run for small inputs: most of what a graph says is used there.
  read: (bytes) => {
    const model = importOnnxSync(bytes);
    const sizes = model.inputs.map(({ shape }) =>
      (shape ?? []).map((size) => (typeof size === "number" ? size : 2)),
    );
    if (sizes.some((shape) => shape.reduce((a, b) => a * b, 1) > 1000)) return;
    model.run(model.inputs.map(({ dtype }, i) => zeros(sizes[i] ?? [], { dtype })));
  },
});
