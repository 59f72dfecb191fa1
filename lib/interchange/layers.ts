// How Keras and Flax hold the weights of the layers that are here too, and which defaults of theirs differ.
import { ArgumentError } from "../errors.js";
import { BatchNorm1d } from "../nn/batch-norm.js";
import { Embedding } from "../nn/embedding.js";
import { GroupNorm } from "../nn/group-norm.js";
import { GRUCell } from "../nn/gru-cell.js";
import { LayerNorm } from "../nn/layer-norm.js";
import { Linear } from "../nn/linear.js";
import type { AnyModule } from "../nn/module.js";
import { PReLU } from "../nn/prelu.js";
import { RMSNorm } from "../nn/rms-norm.js";
import { concat } from "../ops/concat.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { transpose } from "../ops/transpose.js";
import { zeros } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

export type Library = "keras" | "flax";

type Arrays = Readonly<Record<string, Tensor>>;

/** The arrays of a layer of theirs, in their order. */
export interface Held {
  readonly shapes: Readonly<Record<string, Shape>>;
  /** What they are in our module's state dict. */
  readonly state: (arrays: Arrays) => Arrays;
}

/** A layer that is in all three. */
interface Layer {
  /** Our class. */
  readonly kind: string;
  /** The class of theirs. */
  readonly names: Readonly<Record<Library, string>>;
  /** Options whose defaults may differ, in our terms: a momentum of theirs is 1 − ours. */
  readonly defaults: Readonly<Partial<Record<Library, Readonly<Record<string, number>>>>>;
  /** null for a module of another class. */
  readonly held: (module: AnyModule, library: Library) => Held | null;
}

type Field = readonly [theirs: string, ours: string, tensor: Tensor | null];

/** Arrays that are held as here, by our names; those that the module does not have are left out. */
function asHere(fields: readonly Field[]): Held {
  const there = fields.flatMap(([theirs, ours, tensor]) =>
    tensor === null ? [] : [{ theirs, ours, shape: tensor.shape }],
  );
  return {
    shapes: Object.fromEntries(there.map(({ theirs, shape }) => [theirs, shape])),
    state: (arrays) => Object.fromEntries(there.map(({ theirs, ours }) => [ours, arrays[theirs] as Tensor])),
  };
}

interface Scaled {
  readonly weight: Tensor | null;
  readonly bias?: Tensor | null;
}

const scaleAndShift = ({ weight, bias = null }: Scaled, library: Library): Field[] => [
  [library === "keras" ? "gamma" : "scale", "weight", weight],
  [library === "keras" ? "beta" : "bias", "bias", bias],
];

const turned = (array: Tensor): Tensor => transpose(array, 0, 1);
const rows = (array: Tensor, from: number, to: number): Tensor => slice(array, 0, { start: from, end: to });

/** Keras holds the gates z, r, n side by side; here they are r, z, n, one above the other. */
function kerasGates({ inputSize, hiddenSize: H, bias_ih }: GRUCell): Held {
  const sorted = (array: Tensor): Tensor =>
    concat([rows(array, H, 2 * H), rows(array, 0, H), rows(array, 2 * H, 3 * H)]);
  const biases = (array: Tensor): Arrays => ({
    bias_ih: sorted(reshape(rows(array, 0, 1), [3 * H])),
    bias_hh: sorted(reshape(rows(array, 1, 2), [3 * H])),
  });
  const bias = bias_ih === null ? {} : { bias: [2, 3 * H] };
  return {
    shapes: { kernel: [inputSize, 3 * H], recurrent_kernel: [H, 3 * H], ...bias },
    state: ({ kernel, recurrent_kernel, bias: both }) => ({
      weight_ih: sorted(turned(kernel as Tensor)),
      weight_hh: sorted(turned(recurrent_kernel as Tensor)),
      ...(both === undefined ? {} : biases(both)),
    }),
  };
}

/** Flax holds each gate in a layer of its own; those of h have a bias only where it is not the sum of two. */
function flaxGates({ inputSize, hiddenSize: H, bias_ih }: GRUCell): Held {
  if (bias_ih === null)
    throw new ArgumentError("fromFlax: the GRUCell of Flax has biases, the one here none");
  const shapes: Record<string, Shape> = {};
  for (const gate of ["ir", "iz", "in"]) {
    shapes[`${gate}/kernel`] = [inputSize, H];
    shapes[`${gate}/bias`] = [H];
  }
  for (const gate of ["hr", "hz", "hn"]) shapes[`${gate}/kernel`] = [H, H];
  shapes["hn/bias"] = [H];
  return {
    shapes,
    state: (arrays) => {
      const at = (name: string): Tensor => arrays[name] as Tensor;
      const none = zeros([H], { dtype: at("hn/bias").dtype });
      return {
        weight_ih: concat(["ir", "iz", "in"].map((gate) => turned(at(`${gate}/kernel`)))),
        weight_hh: concat(["hr", "hz", "hn"].map((gate) => turned(at(`${gate}/kernel`)))),
        bias_ih: concat(["ir", "iz", "in"].map((gate) => at(`${gate}/bias`))),
        bias_hh: concat([none, none, at("hn/bias")]),
      };
    },
  };
}

/** A row of the table. */
function layer<M extends AnyModule>(
  kind: new (...args: never[]) => M,
  names: Layer["names"],
  held: (module: M, library: Library) => Held,
  defaults: Layer["defaults"] = {},
): Layer {
  return {
    kind: kind.name,
    names,
    defaults,
    held: (module, library) => (module instanceof kind ? held(module, library) : null),
  };
}

/** The layers that are in Keras or Flax too. */
export const LAYERS: readonly Layer[] = [
  layer(Linear, { keras: "Dense", flax: "Dense" }, ({ weight, bias }) => ({
    shapes: {
      kernel: [weight.shape[1] as number, weight.shape[0] as number],
      ...(bias === null ? {} : { bias: bias.shape }),
    },
    state: ({ kernel, bias: own }) => ({
      weight: turned(kernel as Tensor),
      ...(own === undefined ? {} : { bias: own }),
    }),
  })),
  layer(
    BatchNorm1d,
    { keras: "BatchNormalization", flax: "BatchNorm" },
    (module, library) =>
      asHere([
        ...scaleAndShift(module, library),
        [library === "keras" ? "moving_mean" : "mean", "running_mean", module.runningMean],
        [library === "keras" ? "moving_variance" : "var", "running_var", module.runningVar],
      ]),
    { keras: { eps: 1e-3, momentum: 0.01 }, flax: { eps: 1e-5, momentum: 0.01 } },
  ),
  layer(
    LayerNorm,
    { keras: "LayerNormalization", flax: "LayerNorm" },
    (m, to) => asHere(scaleAndShift(m, to)),
    {
      keras: { eps: 1e-3 },
      flax: { eps: 1e-6 },
    },
  ),
  layer(
    GroupNorm,
    { keras: "GroupNormalization", flax: "GroupNorm" },
    (m, to) => asHere(scaleAndShift(m, to)),
    {
      keras: { eps: 1e-3 },
      flax: { eps: 1e-6 },
    },
  ),
  layer(
    RMSNorm,
    { keras: "RMSNormalization", flax: "RMSNorm" },
    ({ weight }) => asHere([["scale", "weight", weight]]),
    {
      keras: { eps: 1e-6 },
      flax: { eps: 1e-6 },
    },
  ),
  layer(Embedding, { keras: "Embedding", flax: "Embed" }, ({ weight }, library) =>
    asHere([[library === "keras" ? "embeddings" : "embedding", "weight", weight]]),
  ),
  layer(PReLU, { keras: "PReLU", flax: "PReLU" }, ({ weight }, library) => ({
    shapes: library === "keras" ? { alpha: weight.shape } : { negative_slope: [] },
    state: ({ alpha, negative_slope: slope }) => ({ weight: alpha ?? reshape(slope as Tensor, [1]) }),
  })),
  layer(GRUCell, { keras: "GRUCell", flax: "GRUCell" }, (module, library) =>
    library === "keras" ? kerasGates(module) : flaxGates(module),
  ),
];

/** An option of a module that is not the other library's default. The weights do not say what it was there. */
export interface LayerDifference {
  /** The module's name in the model, such as `"m0.norm"`. */
  readonly module: string;
  /** The other library's class. */
  readonly layer: string;
  readonly option: string;
  /** Its value here. */
  readonly here: unknown;
  /** The other library's default, in our terms: a momentum of theirs is 1 − ours. */
  readonly there: number;
}

/** Which options of a module are not the other library's defaults. */
export function differencesOf(name: string, module: AnyModule, library: Library): LayerDifference[] {
  const row = LAYERS.find((one) => one.held(module, library) !== null);
  return Object.entries(row?.defaults[library] ?? {}).flatMap(([option, there]) => {
    const here: unknown = Reflect.get(module, option);
    return here === there
      ? []
      : [{ module: name, layer: (row as Layer).names[library], option, here, there }];
  });
}
