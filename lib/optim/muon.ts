import { write } from "../eager/apply.js";
import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { matmul } from "../ops/matmul.js";
import { mul } from "../ops/mul.js";
import { norm } from "../ops/norm.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { transpose } from "../ops/transpose.js";
import { checkChoice, checkFlag, checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { movingAverage } from "./arithmetic.js";
import type { ParameterList } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface MuonOptions extends OptimizerOptions {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** λ ≥ 0: w ← w − η·λ·w. Default: 0.1. */
  readonly weightDecay?: number;
  /** μ in [0, 1). Default: 0.95. */
  readonly momentum?: number;
  /** Nesterov's momentum. Default: true. */
  readonly nesterov?: boolean;
  /** How often the iteration of Newton and Schulz is done. Default: 5. */
  readonly nsSteps?: number;
  /** The least norm that is divided by. Default: 1e-7. */
  readonly eps?: number;
  /** η·√max(1, rows/columns), or η·0.2·√max(rows, columns). Default: original. */
  readonly adjustLrFn?: "original" | "match_rms_adamw";
}

type Settings = Required<Omit<MuonOptions, "lr">>;

interface State {
  readonly momentumBuffer: Tensor;
}

// The polynomial a·x + b·x³ + c·x⁵, which brings singular values near 1.
const [A, B, C] = [3.4445, -4.775, 2.0315] as const;

const read = (options: MuonOptions): Settings => ({
  weightDecay: checkNumber("Muon", "weightDecay", options.weightDecay ?? 0.1, { min: 0 }),
  momentum: checkNumber("Muon", "momentum", options.momentum ?? 0.95, { min: 0, below: 1 }),
  nesterov: checkFlag("Muon", "nesterov", options.nesterov ?? true),
  nsSteps: checkNumber("Muon", "nsSteps", options.nsSteps ?? 5, { min: 0, below: 100, integer: true }),
  eps: checkNumber("Muon", "eps", options.eps ?? 1e-7, { min: 0 }),
  adjustLrFn: checkChoice("Muon", "adjustLrFn", options.adjustLrFn ?? "original", [
    "original",
    "match_rms_adamw",
  ]),
});

/**
 * Momentum whose matrix is made nearly orthogonal, for the weights of hidden layers (Jordan et al., 2024;
 * torch.optim.Muon, which does the iteration in bfloat16; here it is done in the weights' own precision):
 *
 *     m ← μ·m + (1 − μ)·g
 *     u = μ·m + (1 − μ)·g with Nesterov, else m
 *     u ← u/‖u‖, and `nsSteps` times u ← 3.4445·u − 4.775·u·uᵀ·u + 2.0315·u·uᵀ·u·uᵀ·u
 *     w ← w − η·λ·w − η·√max(1, rows/columns)·u
 *
 * @example
 * const matrices = model.parameters().filter((w) => w.rank === 2);
 * const opt = new optim.Muon(matrices, { lr: 0.02 });
 * @throws ShapeError for a parameter that is no matrix; ArgumentError, OptionError, DTypeError
 */
export class Muon extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<MuonOptions>, options: MuonOptions = {}) {
    super("Muon", parameters, options, { lr: 0.001, read, fixed: { ns_coefficients: [A, B, C] } });
    for (const { rank, shape } of this.parameters) {
      if (rank !== 2)
        throw new ShapeError(`Muon: expected parameters that are matrices, got ${format(shape)}`);
    }
  }

  protected initialState(parameter: Tensor): State {
    return { momentumBuffer: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { momentumBuffer }: State,
    { weightDecay, nesterov, nsSteps, eps, adjustLrFn }: Settings,
    momentum: number | Tensor,
  ): void {
    const of = (x: Tensor): Tensor => to(x, parameter.dtype);
    const [rows, columns] = parameter.shape as [number, number];
    const m = movingAverage(momentumBuffer, gradient, momentum);
    const u = orthogonalized(nesterov ? movingAverage(m, gradient, momentum) : m, nsSteps, eps);
    const scale =
      adjustLrFn === "original"
        ? Math.sqrt(Math.max(1, rows / columns))
        : 0.2 * Math.sqrt(Math.max(rows, columns));
    const start = mul(parameter, of(sub(1, mul(lr, weightDecay))));
    const moved = sub(start, mul(u, of(mul(lr, scale))));
    write("Muon", momentumBuffer, m);
    write("Muon", parameter, moved);
  }
}

/** A matrix with the same singular vectors and singular values near 1. */
function orthogonalized(matrix: Tensor, steps: number, eps: number): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  // The smaller of the two products of it with its transpose.
  const isTall = rows > columns;
  let u = isTall ? transpose(matrix, 0, 1) : matrix;
  u = div(u, clamp(norm(u), { min: eps }));
  for (let i = 0; i < steps; i++) {
    const gram = matmul(u, u, { transposeB: true });
    const change = add(mul(gram, B), mul(matmul(gram, gram), C));
    u = add(mul(u, A), matmul(change, u));
  }
  return isTall ? transpose(u, 0, 1) : u;
}

registerOptimizer(Muon, {
  cases: () => [
    { lr: 0.02 },
    { lr: 0.05, momentum: 0.8, nesterov: false, nsSteps: 3, weightDecay: 0.5, eps: 0.001 },
    { lr: 0.05, adjustLrFn: "match_rms_adamw", weightDecay: 0 },
  ],
  resumed: { lr: 0.02, nsSteps: 3 },
  cycled: {},
  asks: { matrices: true },
});
