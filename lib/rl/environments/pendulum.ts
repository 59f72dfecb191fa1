import "../../ops/index.js";
import { stack } from "../../ops/stack.js";
import type { Generator } from "../../random/generator.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  type Advance,
  Simulation,
  type SimulationKind,
  type SimulationOptions,
  uniform,
} from "../simulation.js";
import { Box } from "../space.js";
import { onlyColumn, type TensorDynamics } from "../tensor-environment.js";

const MAX_SPEED = 8;
const MAX_TORQUE = 2;
/** Seconds a step. */
const TAU = 0.05;
const GRAVITY = 10;
const MASS = 1;
const LENGTH = 1;

const KIND: SimulationKind<ArrayLike<number>> = {
  name: "Pendulum",
  observationSpace: new Box([-1, -1, -MAX_SPEED], [1, 1, MAX_SPEED]),
  actionSpace: new Box(-MAX_TORQUE, MAX_TORQUE),
  maxEpisodeSteps: 200,
  stateSize: 2,
  start: { xInit: Math.PI, yInit: 1 },
};

/** The angle in [−π, π). */
const normalized = (angle: number): number => {
  const turned = (angle + Math.PI) % (2 * Math.PI);
  return (turned < 0 ? turned + 2 * Math.PI : turned) - Math.PI;
};

/**
 * A pendulum to swing up and to hold upright, by a torque in [−2, 2] that is too weak to lift it: Pendulum-v1 of
 * Gymnasium. State: θ, θ̇; observation: cos θ, sin θ, θ̇. A step costs θ² + 0.1 · θ̇² + 0.001 · torque². No end; an
 * episode is cut off after 200 steps.
 * `reset` takes the options `xInit` and `yInit`: the first θ and θ̇ lie in ±π and ±1.
 * @throws ArgumentError, OptionError
 * @example
 * const environment = new Pendulum();
 * environment.state = [0, 0];
 * environment.step([0]).terminated   // false
 */
export class Pendulum extends Simulation<ArrayLike<number>> {
  constructor(options: SimulationOptions = {}) {
    super(KIND, options);
  }

  protected begin(generator: Generator, { xInit, yInit }: Readonly<Record<string, number>>): Float64Array {
    const [x, y] = uniform(generator, 2, -1, 1) as unknown as [number, number];
    return Float64Array.of(x * (xInit as number), y * (yInit as number));
  }

  protected advance(state: Float64Array, action: ArrayLike<number>): Advance {
    const [theta, omega] = state as unknown as [number, number];
    const torque = Math.min(Math.max(action[0] as number, -MAX_TORQUE), MAX_TORQUE);
    const cost = normalized(theta) ** 2 + 0.1 * omega ** 2 + 0.001 * torque ** 2;
    const turn = ((3 * GRAVITY) / (2 * LENGTH)) * Math.sin(theta) + (3 / (MASS * LENGTH ** 2)) * torque;
    const speed = Math.min(Math.max(omega + turn * TAU, -MAX_SPEED), MAX_SPEED);
    state[0] = theta + speed * TAU;
    state[1] = speed;
    return { reward: -cost, terminated: false };
  }

  protected override observe(state: Float64Array): Float32Array {
    const [theta, omega] = state as unknown as [number, number];
    return Float32Array.of(Math.cos(theta), Math.sin(theta), omega);
  }

  protected draw(state: Float64Array): string {
    const size = 9;
    const middle = (size - 1) / 2;
    const grid = Array.from({ length: size }, () => new Array<string>(2 * size - 1).fill(" "));
    const theta = state[0] as number;
    for (let i = 0; i <= 16; i++) {
      const length = (i / 16) * middle;
      const row = Math.round(middle - length * Math.cos(theta));
      // θ grows against the clock; a character is about twice as high as wide.
      const column = Math.round(2 * (middle - length * Math.sin(theta)));
      (grid[row] as string[])[column] = "█";
    }
    (grid[middle] as string[])[2 * middle] = "o";
    return grid.map((line) => line.join("").trimEnd()).join("\n");
  }

  get dynamics(): TensorDynamics {
    return { ...DYNAMICS, maxEpisodeSteps: this.maxEpisodeSteps };
  }
}

const DYNAMICS: TensorDynamics = {
  ...KIND,
  begin: (n, generator, dtype) => [
    generator.uniform([n], { low: -Math.PI, high: Math.PI, dtype }),
    generator.uniform([n], { low: -1, high: 1, dtype }),
  ],
  advance(state, action) {
    const [theta, omega] = state as [Tensor, Tensor];
    const torque = onlyColumn(action).clamp({ min: -MAX_TORQUE, max: MAX_TORQUE });
    const turns = theta
      .add(Math.PI)
      .div(2 * Math.PI)
      .floor();
    const angle = theta.sub(turns.mul(2 * Math.PI));
    const cost = angle.square().add(omega.square().mul(0.1)).add(torque.square().mul(0.001));
    const turn = theta
      .sin()
      .mul((3 * GRAVITY) / (2 * LENGTH))
      .add(torque.mul(3 / (MASS * LENGTH ** 2)));
    const speed = omega.add(turn.mul(TAU)).clamp({ min: -MAX_SPEED, max: MAX_SPEED });
    return {
      state: [theta.add(speed.mul(TAU)), speed],
      reward: cost.neg(),
      terminated: zeros(theta.shape, { dtype: "bool" }),
    };
  },
  observe([theta, omega]) {
    return stack([(theta as Tensor).cos(), (theta as Tensor).sin(), omega as Tensor], 1);
  },
};
