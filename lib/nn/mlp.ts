import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkChoice, checkFlag, checkNumber, checkRequired } from "../options.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { BatchNorm1d } from "./batch-norm.js";
import { ModuleList } from "./containers.js";
import { Dropout } from "./dropout.js";
import { ELU } from "./elu.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { GELU } from "./gelu.js";
import { LayerNorm } from "./layer-norm.js";
import { LeakyReLU } from "./leaky-relu.js";
import { Linear } from "./linear.js";
import { Mish } from "./mish.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";
import { ReLU } from "./relu.js";
import { SELU } from "./selu.js";
import { Sequential } from "./sequential.js";
import { Sigmoid } from "./sigmoid.js";
import { SiLU } from "./silu.js";
import { Softplus } from "./softplus.js";
import { Tanh } from "./tanh.js";

const ACTIVATIONS = {
  elu: ELU,
  gelu: GELU,
  leakyRelu: LeakyReLU,
  mish: Mish,
  relu: ReLU,
  selu: SELU,
  sigmoid: Sigmoid,
  silu: SiLU,
  softplus: Softplus,
  tanh: Tanh,
} as const;

const NORMS = { batch: BatchNorm1d, layer: LayerNorm } as const;

/** The name of an activation, as that of the op. */
export type Activation = keyof typeof ACTIVATIONS;

export interface MlpOptions extends FloatOptions {
  /** Number of inputs. */
  readonly in: number;
  /** Widths of the hidden layers: a list, or a number for one layer. */
  readonly hidden: number | readonly number[];
  /** Number of outputs. */
  readonly out: number;
  /** σ. Default: "relu". */
  readonly activation?: Activation;
  /** What normalises the input of σ: BatchNorm1d, LayerNorm, or nothing. Default: "none". */
  readonly norm?: keyof typeof NORMS | "none";
  /** The probability with which an output of a hidden layer is set to 0 in training. Default: 0. */
  readonly dropout?: number;
  /** Whether each hidden layer that is as wide as its input adds its input to its output. Default: false. */
  readonly residual?: boolean;
}

/** What a network was made with, complete. */
export type MlpSettings = Required<Omit<MlpOptions, "dtype" | "hidden">> & {
  readonly hidden: readonly number[];
};

const OPTIONS = ["in", "hidden", "out", "activation", "norm", "dropout", "residual", "dtype"] as const;

/**
 * A network of hidden layers z_1, …, z_K and an affine map at the end:
 *
 *     z_0 = x
 *     f_k(z) = dropout(σ(norm(W_k·z + b_k)))
 *     z_k = f_k(z_{k−1}); with `residual`, where both are equally wide, z_{k−1} + f_k(z_{k−1})
 *     y = W·z_K + b
 *
 * Without normalisation and dropout it is scikit-learn's MLPClassifier; in the order of its parts it is
 * torchvision.ops.MLP.
 * Shapes: x [..., in] → y [..., out]; x [B, in] with `norm: "batch"`.
 * Init: as of `Linear`, U(−k, k) with k = 1/√(the layer's inputs), which is PyTorch's.
 * @throws ShapeError, DTypeError, OptionError; ArgumentError, also for `residual` where no hidden layer is as wide as
 *   its input.
 * @example
 * new nn.Mlp({ in: 784, hidden: [128, 64], out: 10 })
 * @example
 * new nn.Mlp({ in: 8, hidden: [64, 64, 64], out: 1, activation: "silu", norm: "layer", dropout: 0.1, residual: true })
 */
export class Mlp extends Module {
  readonly settings: MlpSettings;
  readonly layers: ModuleList<Sequential>;
  readonly head: Linear;

  constructor(options: MlpOptions) {
    super();
    checkRequired("Mlp", options, OPTIONS);
    const dtype = readFloat("Mlp", options);
    this.settings = readSettings(options);
    const { hidden, activation, norm, dropout } = this.settings;
    const widths = [options.in, ...hidden];
    this.layers = new ModuleList(
      hidden.map((width, k) => {
        const linear = new Linear(widths[k] as number, width, { dtype });
        const normalising = norm === "none" ? [] : [new NORMS[norm](width, { dtype })];
        const dropping = dropout === 0 ? [] : [new Dropout(dropout)];
        return new Sequential(linear, ...normalising, new ACTIVATIONS[activation](), ...dropping);
      }),
    );
    this.head = new Linear(widths.at(-1) as number, options.out, { dtype });
  }

  forward(x: Tensor): Tensor {
    const { in: size, hidden, residual } = this.settings;
    if (checkTensor("Mlp", "x", x).shape.at(-1) !== size) {
      throw new ShapeError(`Mlp: expected x [..., ${size}], got ${format(x.shape)}`);
    }
    let z = x;
    for (const [k, layer] of this.layers.modules.entries()) {
      const f = layer.forward(z);
      z = residual && hidden[k] === (hidden[k - 1] ?? size) ? add(z, f) : f;
    }
    return this.head.forward(z);
  }
}

function readSettings(options: MlpOptions): MlpSettings {
  const { hidden, activation = "relu", norm = "none", dropout = 0, residual = false } = options;
  const count = (name: string, value: unknown): number =>
    checkNumber("Mlp", name, value, { min: 1, integer: true });
  const widths: readonly unknown[] = Array.isArray(hidden) ? hidden : [hidden];
  const settings = {
    in: count("in", options.in),
    hidden: widths.map((width, k) => count(Array.isArray(hidden) ? `hidden[${k}]` : "hidden", width)),
    out: count("out", options.out),
    activation: checkChoice("Mlp", "activation", activation, Object.keys(ACTIVATIONS) as Activation[]),
    norm: checkChoice("Mlp", "norm", norm, [...(Object.keys(NORMS) as (keyof typeof NORMS)[]), "none"]),
    dropout: checkNumber("Mlp", "dropout", dropout, { min: 0, max: 1 }),
    residual: checkFlag("Mlp", "residual", residual),
  };
  const { in: size, hidden: checked } = settings;
  if (checked.length === 0) {
    throw new ArgumentError("Mlp: expected at least one hidden layer, got none; Linear is a network without");
  }
  if (settings.residual && !checked.some((width, k) => width === (checked[k - 1] ?? size))) {
    throw new ArgumentError(
      `Mlp: residual: expected a hidden layer that is as wide as its input, got in ${size} and hidden ${format(checked)}`,
    );
  }
  return settings;
}

registerModule("Mlp", Mlp, {
  options: ({ settings, head }) => ({ ...settings, dtype: head.weight.dtype }),

  torch: "references.Mlp",
  cases: () => [
    [{ in: 4, hidden: [5, 3], out: 2 }],
    [{ in: 4, hidden: 3, out: 1, activation: "tanh" }],
    {
      note: "normalised over the batch",
      arguments: [{ in: 4, hidden: [5, 3], out: 2, norm: "batch", activation: "gelu" }],
      calls: 2,
    },
    {
      note: "residual and normalised in each sample",
      arguments: [
        {
          in: 4,
          hidden: [4, 6, 6],
          out: 2,
          norm: "layer",
          activation: "silu",
          residual: true,
          dtype: "float64",
        },
      ],
      inputs: { x: [2, 3, 4] },
    },
    {
      note: "dropout in evaluation",
      arguments: [{ in: 4, hidden: [6], out: 2, dropout: 0.5, activation: "leakyRelu" }],
      training: false,
    },
  ],
});
