import { noGrad } from "../context/grad-mode.js";
import { write } from "../eager/apply.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkDTypes } from "../ops/define.js";
import { detach } from "../ops/detach.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { reciprocal } from "../ops/reciprocal.js";
import { reshape } from "../ops/reshape.js";
import { rsqrt } from "../ops/rsqrt.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { ones, zeros } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Buffer } from "./buffer.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { type ModuleCase, registerModule } from "./registry.js";

export interface BatchNormOptions extends FloatOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
  /** How much a batch moves the running statistics; null: their plain average. Default: 0.1. */
  readonly momentum?: number | null;
  /** Whether there are a weight w and a bias b. Default: true. */
  readonly affine?: boolean;
  /** Whether there is a bias b beside the weight. Default: true. */
  readonly bias?: boolean;
  /** Whether evaluation mode uses running statistics, or else the batch's own. Default: true. */
  readonly trackRunningStats?: boolean;
}

/**
 * y = (x − mean)/√(variance + ε)·w + b for each feature over the batch (Ioffe and Szegedy, 2015;
 * torch.nn.BatchNorm1d). In training mode mean and variance are the batch's, and move the running ones:
 *
 *     running ← (1 − momentum)·running + momentum·(the batch's; the variance with correction 1)
 *
 * In evaluation mode they are the running ones.
 * Shapes: x [B, C] or [B, C, L] → y, the same; weight, bias, running mean and variance [C], at first 1, 0, 0, 1.
 * @throws ShapeError, DTypeError, OptionError; ArgumentError for a batch of one value a feature in training
 * @example new nn.BatchNorm1d(60).forward(rand([32, 60]))
 */
export class BatchNorm1d extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Buffer | null;
  readonly runningVar: Buffer | null;
  readonly numBatchesTracked: Buffer | null;

  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super();
    checkOptions("BatchNorm1d", options, ["eps", "momentum", "affine", "bias", "trackRunningStats", "dtype"]);
    this.numFeatures = checkNumber("BatchNorm1d", "numFeatures", numFeatures, { min: 1, integer: true });
    this.eps = checkNumber("BatchNorm1d", "eps", options.eps ?? 1e-5, { min: 0 });
    const { momentum = 0.1 } = options;
    this.momentum = momentum === null ? null : checkNumber("BatchNorm1d", "momentum", momentum);
    const affine = checkFlag("BatchNorm1d", "affine", options.affine ?? true);
    const bias = checkFlag("BatchNorm1d", "bias", options.bias ?? true);
    const tracks = checkFlag("BatchNorm1d", "trackRunningStats", options.trackRunningStats ?? true);
    const dtype = readFloat("BatchNorm1d", options);
    const shape = [numFeatures];
    this.weight = affine ? new Parameter(ones(shape, { dtype })) : null;
    this.bias = affine && bias ? new Parameter(zeros(shape, { dtype })) : null;
    this.runningMean = tracks ? new Buffer(zeros(shape, { dtype })) : null;
    this.runningVar = tracks ? new Buffer(ones(shape, { dtype })) : null;
    this.numBatchesTracked = tracks ? new Buffer(zeros([], { dtype: "int32" })) : null;
  }

  forward(x: Tensor): Tensor {
    checkTensor("BatchNorm1d", "x", x);
    if ((x.rank !== 2 && x.rank !== 3) || x.shape[1] !== this.numFeatures) {
      throw new ShapeError(
        `BatchNorm1d: expected x [B, ${this.numFeatures}] or [B, ${this.numFeatures}, L], got ${format(x.shape)}`,
      );
    }
    checkDTypes("BatchNorm1d", ["x"], [x], "float");
    const line = x.rank === 2 ? [this.numFeatures] : [this.numFeatures, 1];
    const isOwn = this.training || this.runningMean === null || this.runningVar === null;
    const [mu, variance] = isOwn
      ? ofBatch(this, x, line)
      : [reshape(this.runningMean as Tensor, line), reshape(this.runningVar as Tensor, line)];
    const y = mul(sub(x, mu), rsqrt(add(variance, this.eps)));
    const scaled = this.weight === null ? y : mul(y, reshape(this.weight, line));
    return this.bias === null ? scaled : add(scaled, reshape(this.bias, line));
  }
}

/** The batch's mean and variance, which in training mode move the running ones. */
function ofBatch(
  module: BatchNorm1d,
  x: Tensor,
  line: readonly number[],
): [batchMean: Tensor, batchVar: Tensor] {
  const count = x.size / module.numFeatures;
  if (module.training && count < 2) {
    throw new ArgumentError(`BatchNorm1d: ${TOO_FEW} in training, got x ${format(x.shape)}`);
  }
  const dim = x.rank === 2 ? [0] : [0, 2];
  const batchMean = reshape(mean(x, { dim }), line);
  const batchVar = reshape(mean(square(sub(x, batchMean)), { dim }), line);
  if (module.training)
    noGrad(() => track(module, detach(batchMean), mul(detach(batchVar), count / (count - 1))));
  return [batchMean, batchVar];
}

const TOO_FEW = "expected more than one value for each feature";

function track(module: BatchNorm1d, batchMean: Tensor, batchVar: Tensor): void {
  const { runningMean, runningVar, numBatchesTracked, momentum } = module;
  if (runningMean === null || runningVar === null || numBatchesTracked === null) return;
  write("BatchNorm1d", numBatchesTracked, add(numBatchesTracked, 1));
  const share = momentum ?? reciprocal(to(numBatchesTracked, batchMean.dtype));
  for (const [running, own] of [
    [runningMean, batchMean],
    [runningVar, batchVar],
  ] as const) {
    const moved = add(running, mul(sub(reshape(own, running.shape), running), share));
    write("BatchNorm1d", running, moved);
  }
}

type Case = ModuleCase<ConstructorParameters<typeof BatchNorm1d>>;

registerModule("BatchNorm1d", BatchNorm1d, {
  takes: ["numFeatures"],
  unnamed: true,
  options: ({ eps, momentum, weight, bias, runningMean }) => ({
    eps,
    momentum,
    affine: weight !== null,
    bias: bias !== null,
    trackRunningStats: runningMean !== null,
    dtype: (weight ?? runningMean)?.dtype,
  }),

  inputs: { x: [5, 3] },
  cases: ({ values }) => {
    const state = {
      running_mean: values([0.5, -1, 2]),
      running_var: values([1.5, 0.25, 3]),
      num_batches_tracked: values(4, "int32"),
    };
    const inBothModes = (own: Case): Case[] => [
      { ...own, note: `${own.note}, training` },
      { ...own, note: `${own.note}, evaluation`, training: false, state, calls: 1 },
    ];
    const variants: Readonly<Record<string, BatchNormOptions>> = {
      "the average of all batches": { momentum: null },
      "another momentum, no affine": { momentum: 0.5, affine: false },
      "no bias": { bias: false },
      "no running statistics": { trackRunningStats: false, eps: 0.1 },
    };
    return [
      ...inBothModes({ note: "2-D", arguments: [3], state, calls: 3 }),
      ...inBothModes({
        note: "3-D",
        arguments: [3, { dtype: "float64" }],
        inputs: { x: [2, 3, 4] },
        state,
        calls: 3,
      }),
      ...Object.entries(variants).flatMap(([note, options]) =>
        inBothModes({ note, arguments: [3, options], calls: 2 }),
      ),
    ];
  },
});
