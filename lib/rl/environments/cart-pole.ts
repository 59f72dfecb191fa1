import "../../ops/index.js";
import { logicalOr } from "../../ops/logical-or.js";
import { stack } from "../../ops/stack.js";
import type { Generator } from "../../random/generator.js";
import { ones } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  type Advance,
  Simulation,
  type SimulationKind,
  type SimulationOptions,
  uniform,
} from "../simulation.js";
import { Box, Discrete } from "../space.js";
import type { TensorDynamics } from "../tensor-environment.js";

const GRAVITY = 9.8;
const MASS_POLE = 0.1;
const MASS = MASS_POLE + 1;
/** Half the pole's length. */
const LENGTH = 0.5;
const MASS_LENGTH = MASS_POLE * LENGTH;
const FORCE = 10;
/** Seconds a step. */
const TAU = 0.02;
const MAX_ANGLE = (12 * 2 * Math.PI) / 360;
const MAX_X = 2.4;

const KIND: SimulationKind<number> = {
  name: "CartPole",
  observationSpace: new Box(
    [-2 * MAX_X, Number.NEGATIVE_INFINITY, -2 * MAX_ANGLE, Number.NEGATIVE_INFINITY],
    [2 * MAX_X, Number.POSITIVE_INFINITY, 2 * MAX_ANGLE, Number.POSITIVE_INFINITY],
  ),
  actionSpace: new Discrete(2),
  maxEpisodeSteps: 500,
  stateSize: 4,
  start: { low: -0.05, high: 0.05 },
};

/**
 * A pole on a cart that is pushed to the left (0) or to the right (1): CartPole-v1 of Gymnasium, after Barto, Sutton
 * and Anderson (1983). State and observation: x [m], ẋ, θ [rad], θ̇. Each step is worth 1; the episode ends where
 * |x| > 2.4 or |θ| > 12°, and is cut off after 500 steps.
 * `reset` takes the options `low` and `high`: bounds of the first state's numbers, ±0.05.
 * @throws ArgumentError, OptionError
 * @example
 * const environment = new CartPole();
 * const { observation } = environment.reset({ seed: 1 });
 * const { reward } = environment.step(1);
 * reward   // 1
 */
export class CartPole extends Simulation<number> {
  constructor(options: SimulationOptions = {}) {
    super(KIND, options);
  }

  protected begin(generator: Generator, { low, high }: Readonly<Record<string, number>>): Float64Array {
    return uniform(generator, KIND.stateSize, low as number, high as number);
  }

  protected advance(state: Float64Array, action: number): Advance {
    const [x, v, theta, omega] = state as unknown as [number, number, number, number];
    const force = action === 1 ? FORCE : -FORCE;
    const cos = Math.cos(theta);
    const sin = Math.sin(theta);
    const push = (force + MASS_LENGTH * (omega * omega) * sin) / MASS;
    const turn = (GRAVITY * sin - cos * push) / (LENGTH * (4 / 3 - (MASS_POLE * (cos * cos)) / MASS));
    const pull = push - (MASS_LENGTH * turn * cos) / MASS;
    state[0] = x + TAU * v;
    state[1] = v + TAU * pull;
    state[2] = theta + TAU * omega;
    state[3] = omega + TAU * turn;
    const terminated = Math.abs(state[0]) > MAX_X || Math.abs(state[2]) > MAX_ANGLE;
    return { reward: 1, terminated };
  }

  /** A side view; the pole leans as it does. */
  protected draw(state: Float64Array): string {
    const width = 49;
    const height = 6;
    const at = (x: number): number => Math.round(((x + MAX_X) / (2 * MAX_X)) * (width - 1));
    const grid = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
    const [x, , theta] = state as unknown as [number, number, number];
    const put = (row: number, column: number, mark: string): void => {
      if (column >= 0 && column < width && row >= 0) (grid[row] as string[])[column] = mark;
    };
    for (let i = 0; i < height - 1; i++) {
      // A character is about twice as high as wide.
      put(height - 2 - i, at(x) + Math.round(2 * i * Math.tan(theta)), "|");
    }
    for (const offset of [-2, -1, 0, 1, 2]) put(height - 1, at(x) + offset, "█");
    return [...grid.map((row) => row.join("").trimEnd()), "─".repeat(width)].join("\n");
  }

  get dynamics(): TensorDynamics {
    return { ...DYNAMICS, maxEpisodeSteps: this.maxEpisodeSteps };
  }
}

const DYNAMICS: TensorDynamics = {
  ...KIND,
  begin: (n, generator, dtype) =>
    Array.from({ length: KIND.stateSize }, () => generator.uniform([n], { low: -0.05, high: 0.05, dtype })),
  advance(state, action) {
    const [x, v, theta, omega] = state as [Tensor, Tensor, Tensor, Tensor];
    const force = action
      .clamp({ min: 0, max: 1 })
      .to(x.dtype)
      .mul(2 * FORCE)
      .sub(FORCE);
    const cos = theta.cos();
    const sin = theta.sin();
    const push = omega.square().mul(sin).mul(MASS_LENGTH).add(force).div(MASS);
    const turn = sin
      .mul(GRAVITY)
      .sub(cos.mul(push))
      .div(
        cos
          .square()
          .mul(-MASS_POLE / MASS)
          .add(4 / 3)
          .mul(LENGTH),
      );
    const pull = push.sub(turn.mul(cos).mul(MASS_LENGTH / MASS));
    const next = [
      x.add(v.mul(TAU)),
      v.add(pull.mul(TAU)),
      theta.add(omega.mul(TAU)),
      omega.add(turn.mul(TAU)),
    ];
    const [nextX, , nextTheta] = next as [Tensor, Tensor, Tensor];
    return {
      state: next,
      reward: ones(x.shape, { dtype: x.dtype }),
      terminated: logicalOr(nextX.abs().greater(MAX_X), nextTheta.abs().greater(MAX_ANGLE)),
    };
  },
  observe: (state) => stack(state, 1),
};
