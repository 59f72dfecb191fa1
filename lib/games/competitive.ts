import { oneFor } from "../autodiff/backward.js";
import { linearize } from "../autodiff/linearize.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { sqrt } from "../ops/sqrt.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { biasCorrection, movingAverageOfSquares } from "../optim/arithmetic.js";
import { checkFlag, checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Costs } from "./costs.js";
import type { Method } from "./method.js";
import type { Round, Values } from "./round.js";
import { conjugateGradients, type IterationLimits, type LinearMap, solveDense } from "./solve-linear.js";
import { flatten, unflatten } from "./vectors.js";

export interface CompetitiveOptions {
  /**
   * The most iterations of conjugate gradients in a step; a compiled step computes all of them. An iteration takes two
   * products with mixed second derivatives if the second player has no cost of its own, and four otherwise. Default: 10.
   */
  readonly iterations?: number;
  /** Conjugate gradients end at a residual of this part of the right side. Default: 1e-6. */
  readonly tolerance?: number;
  /** Use a step size for each parameter, as RMSprop does (ACGD). Default: false. */
  readonly adaptive?: boolean;
  /** β in [0, 1) of the averages of squared gradients, if adaptive. Default: 0.99. */
  readonly beta?: number;
  /** ε > 0, if adaptive. Default: 1e-5. */
  readonly eps?: number;
}

type Settings = Required<CompetitiveOptions>;

const SQUARE = "square";
const WHERE = "Game: competitive";

/**
 * Competitive gradient descent: the players step to the Nash equilibrium of the game in which each cost is expanded to
 * first order in its own player's step and to the mixed second order, with the squared steps as a penalty.
 *
 *     Δx = −η_x·(∂f/∂x + D_xy f·Δy)
 *     Δy = −η_y·(∂g/∂y + D_yx g·Δx)
 */
export const competitive: Method<Settings> = {
  options: ["iterations", "tolerance", "adaptive", "beta", "eps"],
  read: (where, { iterations, tolerance, adaptive, beta, eps }) => ({
    iterations: checkNumber(where, "iterations", iterations ?? 10, { min: 1, integer: true }),
    tolerance: checkNumber(where, "tolerance", tolerance ?? 1e-6, { min: 0 }),
    adaptive: checkFlag(where, "adaptive", adaptive ?? false),
    beta: checkNumber(where, "beta", beta ?? 0.99, { min: 0, below: 1 }),
    eps: checkNumber(where, "eps", eps ?? 1e-5, { above: 0 }),
  }),
  orders: ["simultaneous"],
  players: 2,
  optimizers: [],
  memory: ({ adaptive }) => (adaptive ? [SQUARE] : []),
  isPlain: ({ adaptive }) => !adaptive,
  step: (round, settings) => {
    const [x, y] = round.point as [Values, Values];
    const coupling = couplingOf(round.costs, x, y);
    const sizes = [coupling.gx, coupling.gy].map((gradient, i) => stepSizes(round, settings, i, gradient));
    const [dx, dy] = steps(coupling, sizes as [Tensor, Tensor], round.isDifferentiable ? null : settings);
    [dx, dy].forEach((moves, i) => {
      const from = round.point[i] as Values;
      const own = unflatten(moves, from);
      round.point[i] = round.put(
        i,
        from.map((w, k) => add(w, own[k] as Tensor)),
      );
    });
  },
};

/** The gradients of the two players, and products with the mixed second derivatives, all as vectors. */
interface Coupling {
  /** ∂f/∂x and ∂g/∂y. */
  readonly gx: Tensor;
  readonly gy: Tensor;
  /** D_xy f·v and its transpose. */
  readonly xy: LinearMap;
  readonly xyT: LinearMap;
  /** D_yx g·u and its transpose. */
  readonly yx: LinearMap;
  readonly yxT: LinearMap;
  /** Whether D_yx g = −(D_xy f)ᵀ. */
  readonly isZeroSum: boolean;
}

function couplingOf(costs: Costs, x: Values, y: Values): Coupling {
  const flat = (tensors: readonly Tensor[]): Tensor => flatten(WHERE, tensors);
  if (costs.isZeroSum) {
    // One evaluation for all, so that random numbers in the cost are the same for both players.
    const at = linearize(
      WHERE,
      (...own: Tensor[]) => {
        let value: Tensor | undefined;
        const gradient = costs.gradientOf(
          0,
          (others) => {
            value = costs.of(0, [others, own]);
            return value;
          },
          x,
        );
        return [...gradient, value as Tensor];
      },
      y,
    );
    const none = x.map(() => null);
    const one = oneFor(WHERE, at.result.leaves.at(-1) as Tensor);
    const xy: LinearMap = (v) => flat(at.pushForward(unflatten(v, y)).slice(0, -1));
    const xyT: LinearMap = (u) => flat(at.pullBack([...unflatten(u, x), null]));
    const gx = flat(at.result.leaves.slice(0, -1));
    const gy = neg(flat(at.pullBack([...none, one])));
    return { gx, gy, xy, xyT, yx: (u) => neg(xyT(u)), yxT: (v) => neg(xy(v)), isZeroSum: true };
  }
  const ofX = linearize(WHERE, (...own: Tensor[]) => costs.gradient(0, [x, own]), y);
  const ofY = linearize(WHERE, (...own: Tensor[]) => costs.gradient(1, [own, y]), x);
  return {
    gx: flat(ofX.result.leaves),
    gy: flat(ofY.result.leaves),
    xy: (v) => flat(ofX.pushForward(unflatten(v, y))),
    xyT: (u) => flat(ofX.pullBack(unflatten(u, x))),
    yx: (u) => flat(ofY.pushForward(unflatten(u, x))),
    yxT: (v) => flat(ofY.pullBack(unflatten(v, y))),
    isZeroSum: false,
  };
}

/** η of each parameter of player i as a vector; with `adaptive` η·√(1 − βᵗ)/(√v + ε), v ← β·v + (1 − β)·g². */
function stepSizes(round: Round, { adaptive, beta, eps }: Settings, i: number, gradient: Tensor): Tensor {
  const own = round.point[i] as Values;
  const rates = round.rates(i);
  const sizes = flatten(
    WHERE,
    own.map(({ shape }, k) => expand(rates[k] as Tensor, shape)),
  );
  if (!adaptive) return sizes;
  const square = movingAverageOfSquares(flatten(WHERE, round.recall(i, SQUARE)), gradient, beta);
  round.keep(i, SQUARE, unflatten(square, own));
  const correction = to(sqrt(biasCorrection(beta, add(round.steps, 1))), square.dtype);
  return div(mul(sizes, correction), add(sqrt(square), eps));
}

/**
 * Δx and Δy. With S = √η_x the system for Δx = S·u is (1 − S·D_xy f·η_y·D_yx g·S)·u = −S·(∂f/∂x − D_xy f·η_y·∂g/∂y).
 * It is symmetric and positive definite for a zero-sum game. For others the normal equations are.
 * @param limits of the conjugate gradients; null for a factorisation.
 */
function steps(
  { gx, gy, xy, xyT, yx, yxT, isZeroSum }: Coupling,
  [ax, ay]: readonly [Tensor, Tensor],
  limits: IterationLimits | null,
): [dx: Tensor, dy: Tensor] {
  const root = sqrt(ax);
  const M: LinearMap = (u) => sub(u, mul(root, xy(mul(ay, yx(mul(root, u))))));
  const MT: LinearMap = (u) => sub(u, mul(root, yxT(mul(ay, xyT(mul(root, u))))));
  const b = mul(root, sub(xy(mul(ay, gy)), gx));
  let u: Tensor;
  if (limits === null) u = solveDense(M, b);
  else if (isZeroSum) u = conjugateGradients(M, b, limits);
  else u = conjugateGradients((v) => MT(M(v)), MT(b), limits);
  const dx = mul(root, u);
  return [dx, neg(mul(ay, add(gy, yx(dx))))];
}
