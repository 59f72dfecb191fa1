import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { matmul } from "../ops/matmul.js";
import { maximum } from "../ops/maximum.js";
import { mean } from "../ops/mean.js";
import { minimum } from "../ops/minimum.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { pow } from "../ops/pow.js";
import { rsqrt } from "../ops/rsqrt.js";
import { sqrt } from "../ops/sqrt.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkFlag, checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { zeros } from "../tensor/create.js";
import { ROUNDING } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { counted } from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface AdafactorOptions extends OptimizerOptions {
  /** The largest relative learning rate ≥ 0. Default: 0.01. */
  readonly lr?: number;
  /** ≤ 0: the average of squares takes in t^beta2Decay of a new one. Default: −0.8. */
  readonly beta2Decay?: number;
  /** ε₁ of the squares, and ε₂, the least size of a weight. Default: that of the dtype, and 1e-3. */
  readonly eps?: readonly [number | null, number];
  /** d ≥ 1, the largest root mean square of an update. Default: 1. */
  readonly d?: number;
  /** λ ≥ 0: w ← w − η·λ·w. Default: 0. */
  readonly weightDecay?: number;
  /** Climb instead of descending. Default: false. */
  readonly maximize?: boolean;
}

type Settings = Required<Omit<AdafactorOptions, "lr">>;

/** Of a matrix the averages over rows and columns; of other tensors that of each element. */
interface State {
  readonly step: Tensor;
  readonly rowVar: Tensor | null;
  readonly colVar: Tensor | null;
  readonly variance: Tensor | null;
}

function read(options: AdafactorOptions): Settings {
  const [eps1, eps2] = options.eps ?? [null, 1e-3];
  return {
    beta2Decay: checkNumber("Adafactor", "beta2Decay", options.beta2Decay ?? -0.8, { max: 0 }),
    eps: [
      eps1 === null ? null : checkNumber("Adafactor", "eps[0]", eps1, { min: 0 }),
      checkNumber("Adafactor", "eps[1]", eps2, { min: 0 }),
    ],
    d: checkNumber("Adafactor", "d", options.d ?? 1, { min: 1 }),
    weightDecay: checkNumber("Adafactor", "weightDecay", options.weightDecay ?? 0, { min: 0 }),
    maximize: checkFlag("Adafactor", "maximize", options.maximize ?? false),
  };
}

const rms = (x: Tensor): Tensor => sqrt(mean(square(x)));

/**
 * Adafactor: Adam's second moment of a matrix from its rows and columns alone, and steps in proportion to the
 * weights (Shazeer and Stern, 2018; torch.optim.Adafactor):
 *
 *     r ← r + t^beta2Decay·(mean of g² over a row − r), c likewise over a column
 *     v = r·c/mean r, u = g/√v
 *     α = max(ε₂, rms w)·min(η, 1/√t)      t: the number of steps
 *     w ← w − η·λ·w − α·u/max(1, rms u/d)
 *
 * @example const opt = new optim.Adafactor(model.parameters());
 * @throws ArgumentError, OptionError, DTypeError
 */
export class Adafactor extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<AdafactorOptions>, options: AdafactorOptions = {}) {
    super("Adafactor", parameters, options, { lr: 0.01, read });
  }

  protected initialState(parameter: Tensor): State {
    const step = scalarState(0);
    const { shape, rank, dtype } = parameter;
    if (rank < 2) return { step, rowVar: null, colVar: null, variance: zerosLike(parameter) };
    const front = shape.slice(0, -2);
    const [rows, columns] = shape.slice(-2) as [number, number];
    const rowVar = zeros([...front, rows, 1], { dtype });
    return { step, rowVar, colVar: zeros([...front, 1, columns], { dtype }), variance: null };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, rowVar, colVar, variance }: State,
    { beta2Decay, eps, d, weightDecay, maximize }: Settings,
  ): void {
    const { dtype } = parameter;
    const of = (x: Tensor): Tensor => to(x, dtype);
    const t = counted(step);
    const eps1 = eps[0] ?? (dtype === "float64" ? ROUNDING.float64 : ROUNDING.float32);
    const share = of(pow(t, beta2Decay));
    const g = maximize ? neg(gradient) : gradient;
    const alpha = mul(maximum(rms(parameter), eps[1]), of(minimum(lr, div(1, sqrt(t)))));
    const start = weightDecay === 0 ? parameter : mul(parameter, of(sub(1, mul(lr, weightDecay))));
    const towards = (old: Tensor, value: Tensor): Tensor => add(old, mul(sub(value, old), share));
    const squares = square(g);
    const writes: [Tensor, Tensor][] = [];
    let estimate: Tensor;
    if (variance !== null) {
      estimate = towards(variance, squares);
      writes.push([variance, estimate]);
    } else {
      const rows = towards(rowVar as Tensor, mean(squares, { dim: -1, keepdim: true }));
      const columns = towards(colVar as Tensor, mean(squares, { dim: -2, keepdim: true }));
      writes.push([rowVar as Tensor, rows], [colVar as Tensor, columns]);
      const size = clamp(mean(rows, { dim: -2, keepdim: true }), { min: eps1 });
      estimate = div(matmul(rows, columns), size);
    }
    const u = mul(rsqrt(clamp(estimate, { min: eps1 * eps1 })), g);
    const held = maximum(div(rms(u), d), 1);
    const moved = sub(start, mul(u, div(alpha, held)));
    for (const [target, value] of writes) write("Adafactor", target, value);
    write("Adafactor", parameter, moved);
  }
}

registerOptimizer(Adafactor, {
  cases: () => [
    {},
    { lr: 0.1, beta2Decay: -0.5, eps: [1e-6, 0.01], d: 2, weightDecay: 0.1 },
    { lr: 0.1, maximize: true },
  ],
  resumed: { lr: 0.1, beta2Decay: -0.5, d: 2, weightDecay: 0.1 },
});
