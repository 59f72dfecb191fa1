// Operators of ai.onnx.ml that stand around a dense network which scikit-learn has trained.
import * as ops from "../../ops/index.js";
import { tensor } from "../../tensor/create.js";
import type { FloatDType } from "../../tensor/dtype.js";
import { isFloat } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Attributes } from "../attributes.js";
import { at, ofOne, ofTwo, whole } from "./inputs.js";
import { ML, type Operator, operator } from "./registry.js";

const classical = (name: string, description: Operator): void => operator(name, description, ML);

/** Floats of the graph, which these operators compute with whatever they are given. */
const asFloat = (x: Tensor, dtype: FloatDType): Tensor => (isFloat(x.dtype) ? x : ops.to(x, dtype));

/** A row of numbers beside x. */
const row = (values: readonly number[], x: Tensor, shape: readonly number[] = [values.length]): Tensor =>
  tensor(Float64Array.from(values), { shape, dtype: x.dtype });

classical("ArrayFeatureExtractor", {
  since: 1,
  inputs: 2,
  make: () =>
    ofTwo((x, indices) => {
      const rows = x.rank === 1 ? ops.reshape(x, [1, x.size]) : x;
      return ops.indexSelect(rows, rows.rank - 1, ops.reshape(indices, [-1]));
    }),
});

// (x − offset)·scale
classical("Scaler", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const offset = attributes.floats("offset") ?? [0];
    const scale = attributes.floats("scale") ?? [1];
    return ofOne((x, run) => {
      const y = asFloat(x, run.of("float32") as FloatDType);
      return ops.mul(ops.sub(y, row(offset, y)), row(scale, y));
    });
  },
});

classical("Binarizer", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const threshold = attributes.float("threshold", 0);
    return ofOne((x) => ops.to(ops.greater(x, threshold), x.dtype));
  },
});

const NORMS: Readonly<Record<"MAX" | "L1" | "L2", (x: Tensor) => Tensor>> = {
  MAX: (x) => ops.amax(x, { dim: -1, keepdim: true }),
  L1: (x) => ops.sum(ops.abs(x), { dim: -1, keepdim: true }),
  L2: (x) => ops.norm(x, { dim: -1, keepdim: true }),
};

classical("Normalizer", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const norm = NORMS[attributes.choice("norm", "MAX", ["MAX", "L1", "L2"])];
    return ofOne((x, run) => {
      const y = asFloat(x, run.of("float32") as FloatDType);
      const by = norm(y);
      return ops.div(y, ops.where(ops.equal(by, 0), 1, by));
    });
  },
});

/** x·Wᵀ + b with W [rows, F] from one list. */
function scores(
  x: Tensor,
  coefficients: readonly number[],
  intercepts: readonly number[],
  rows: number,
): Tensor {
  const weight = row(coefficients, x, [rows, coefficients.length / rows]);
  const product = ops.matmul(x, weight, { transposeB: true });
  return intercepts.length === 0 ? product : ops.add(product, row(intercepts, x));
}

/** What a linear model does with its scores. */
function readTransform(attributes: Attributes): (x: Tensor) => Tensor {
  const name = attributes.choice("post_transform", "NONE", ["NONE", "SOFTMAX", "LOGISTIC"]);
  if (name === "NONE") return (x) => x;
  return name === "SOFTMAX" ? (x) => ops.softmax(x, { dim: -1 }) : (x) => ops.sigmoid(x);
}

function readLinear(attributes: Attributes): { coefficients: number[]; intercepts: number[] } {
  return {
    coefficients: attributes.required("coefficients", attributes.floats("coefficients")),
    intercepts: attributes.floats("intercepts") ?? [],
  };
}

classical("LinearRegressor", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const { coefficients, intercepts } = readLinear(attributes);
    const targets = attributes.int("targets", 1);
    const transform = readTransform(attributes);
    return ofOne((x, run) => {
      const y = asFloat(x, run.of("float32") as FloatDType);
      return transform(scores(y, coefficients, intercepts, targets));
    });
  },
});

classical("LinearClassifier", {
  since: 1,
  inputs: 1,
  outputs: [1, 2],
  make: ({ attributes, outputs }) => {
    const { coefficients, intercepts } = readLinear(attributes);
    const labels = attributes.required("classlabels_ints", attributes.ints("classlabels_ints"));
    const transform = readTransform(attributes);
    attributes.ignore("multi_class", "classlabels_strings");
    if (intercepts.length !== labels.length)
      attributes.refuse("classlabels_ints", labels, "expected a number and an intercept for each class");
    return (inputs, run) => {
      const x = asFloat(at(inputs, 0), run.of("float32") as FloatDType);
      const z = scores(x, coefficients, intercepts, labels.length);
      const label = ops.indexSelect(whole(labels), 0, ops.argmax(z, { dim: 1 }));
      return outputs.length > 1 ? [label, transform(z)] : label;
    };
  },
});

// A list of maps from class to probability: the probabilities themselves, in the order of the classes.
classical("ZipMap", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    attributes.ignore("classlabels_int64s", "classlabels_strings");
    return ofOne((x) => x);
  },
});
