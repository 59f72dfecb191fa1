import { cost, fromTypedArray, nn, optim, type Tensor } from "thalweg";
import { type DataFile, valuesOf } from "../data-file.js";

export interface Network {
  readonly model: nn.Module;
  readonly batch: number;
  /** All samples: x [P, in], y [P]. */
  readonly x: Tensor;
  readonly y: Tensor;
  /** Mini-batches, used in order: x [B, in], y [B]. */
  readonly xs: readonly Tensor[];
  readonly ys: readonly Tensor[];
}

/**
 * The network of a data file with its initial weights, and the data, both as float32 or as float64.
 * @param layerOf what stands for each Linear layer. Default: the layer.
 */
export function buildNetwork(
  file: DataFile,
  dtype: "float32" | "float64",
  layerOf: (linear: nn.Linear) => nn.Module = (linear) => linear,
): Network {
  const { sizes, batch, batches } = file.header;
  if (sizes === undefined || batch === undefined || batches === undefined) {
    throw new Error("the data file holds no network");
  }
  const tensor = (name: string, shape: readonly number[]) => {
    const values = valuesOf(file, name, Float32Array);
    return fromTypedArray(dtype === "float32" ? values : Float64Array.from(values), shape);
  };
  const layers: nn.Module[] = [];
  sizes.slice(1).forEach((out, i) => {
    const inputs = sizes[i] as number;
    const linear = new nn.Linear(inputs, out, { dtype });
    linear.loadStateDict({ weight: tensor(`w${i}`, [out, inputs]), bias: tensor(`b${i}`, [out]) });
    layers.push(layerOf(linear), new nn.ReLU());
  });
  layers.pop();
  const features = sizes[0] as number;
  const x = tensor("x", [batches * batch, features]);
  const y = fromTypedArray(valuesOf(file, "y", Int32Array));
  const each = <T>(cut: (i: number) => T) => Array.from({ length: batches }, (_, i) => cut(i));
  return {
    model: new nn.Sequential(...layers),
    batch,
    x,
    y,
    xs: each((i) =>
      fromTypedArray(x.data.subarray(i * batch * features, (i + 1) * batch * features), [batch, features]),
    ),
    ys: each((i) => fromTypedArray(y.data.subarray(i * batch, (i + 1) * batch), [batch])),
  };
}

/** One step of descent on the mini-batch x, y; returns the loss before the step. */
export type Step = (x: Tensor, y: Tensor) => Tensor;

export function eagerStep(model: nn.Module, optimizer: InstanceType<typeof optim.Optimizer>): Step {
  return (x, y) => {
    const loss = cost.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  };
}

export function buildOptimizer(file: DataFile, name: string, parameters: readonly Tensor[]) {
  const settings = file.header.optimizers?.[name];
  if (settings === undefined) throw new Error(`the data file has no optimizer ${name}`);
  return name === "adam" ? new optim.Adam(parameters, settings) : new optim.SGD(parameters, settings);
}
