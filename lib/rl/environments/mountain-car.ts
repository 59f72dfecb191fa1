import "../../ops/index.js";
import { logicalAnd } from "../../ops/logical-and.js";
import { stack } from "../../ops/stack.js";
import { where } from "../../ops/where.js";
import type { Generator } from "../../random/generator.js";
import { full, zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  type Advance,
  Simulation,
  type SimulationKind,
  type SimulationOptions,
  uniform,
} from "../simulation.js";
import { Box, Discrete } from "../space.js";
import { onlyColumn, type TensorDynamics, type TensorState } from "../tensor-environment.js";

const MIN_X = -1.2;
const MAX_X = 0.6;
const MAX_SPEED = 0.07;
const GRAVITY = 0.0025;
/** Of an action of MountainCar. */
const FORCE = 0.001;
/** Of an action of MountainCarContinuous. */
const POWER = 0.0015;
const GOAL = 0.5;
const CONTINUOUS_GOAL = 0.45;
const LOW = -0.6;
const HIGH = -0.4;

const COMMON = {
  observationSpace: new Box([MIN_X, -MAX_SPEED], [MAX_X, MAX_SPEED]),
  stateSize: 2,
  start: { low: LOW, high: HIGH },
};
const KIND: SimulationKind<number> = {
  ...COMMON,
  name: "MountainCar",
  actionSpace: new Discrete(3),
  maxEpisodeSteps: 200,
};
const CONTINUOUS: SimulationKind<ArrayLike<number>> = {
  ...COMMON,
  name: "MountainCarContinuous",
  actionSpace: new Box(-1, 1),
  maxEpisodeSteps: 999,
};

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Moves a car on which this force acts. */
function drive(state: Float64Array, force: number): void {
  const [x, v] = state as unknown as [number, number];
  const speed = clamp(v + force - GRAVITY * Math.cos(3 * x), -MAX_SPEED, MAX_SPEED);
  const next = clamp(x + speed, MIN_X, MAX_X);
  state[0] = next;
  state[1] = next === MIN_X && speed < 0 ? 0 : speed;
}

/** As `drive`, in ops. */
function driveAll([x, v]: TensorState, force: Tensor): [x: Tensor, v: Tensor] {
  const before = x as Tensor;
  const speed = (v as Tensor)
    .add(force)
    .sub(before.mul(3).cos().mul(GRAVITY))
    .clamp({ min: -MAX_SPEED, max: MAX_SPEED });
  const next = before.add(speed).clamp({ min: MIN_X, max: MAX_X });
  const isStopped = logicalAnd(next.lessEqual(MIN_X), speed.less(0));
  return [next, where(isStopped, 0, speed)];
}

/** The hill, and the car on it. */
function drawHill(x: number, goal: number): string {
  const width = 61;
  const height = 8;
  const grid = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  const column = (at: number): number => Math.round(((at - MIN_X) / (MAX_X - MIN_X)) * (width - 1));
  const row = (at: number): number => Math.round((1 - (Math.sin(3 * at) + 1) / 2) * (height - 2)) + 1;
  for (let i = 0; i < width; i++) {
    const at = MIN_X + (i / (width - 1)) * (MAX_X - MIN_X);
    (grid[row(at)] as string[])[i] = "·";
  }
  (grid[row(goal) - 1] as string[])[column(goal)] = "⚑";
  (grid[row(x) - 1] as string[])[column(x)] = "●";
  return grid.map((line) => line.join("").trimEnd()).join("\n");
}

abstract class Hill<Action> extends Simulation<Action> {
  protected begin(generator: Generator, { low, high }: Readonly<Record<string, number>>): Float64Array {
    return Float64Array.of(uniform(generator, 1, low as number, high as number)[0] as number, 0);
  }
}

const beginAll: TensorDynamics["begin"] = (n, generator, dtype) => [
  generator.uniform([n], { low: LOW, high: HIGH, dtype }),
  zeros([n], { dtype }),
];

/**
 * A car in a valley whose engine is too weak for the hill: it must swing up. MountainCar-v0 of Gymnasium, after Moore
 * (1990). Actions: to the left (0), none (1), to the right (2). State and observation: position, speed. Each step
 * costs 1; the episode ends at position 0.5, and is cut off after 200 steps.
 * `reset` takes the options `low` and `high`: bounds of the first position, −0.6 and −0.4.
 * @throws ArgumentError, OptionError
 * @example new MountainCar().reset({ seed: 1 }).observation.length   // 2
 */
export class MountainCar extends Hill<number> {
  constructor(options: SimulationOptions = {}) {
    super(KIND, options);
  }

  protected advance(state: Float64Array, action: number): Advance {
    drive(state, (action - 1) * FORCE);
    return { reward: -1, terminated: (state[0] as number) >= GOAL && (state[1] as number) >= 0 };
  }

  protected draw(state: Float64Array): string {
    return drawHill(state[0] as number, GOAL);
  }

  get dynamics(): TensorDynamics {
    return { ...DYNAMICS, maxEpisodeSteps: this.maxEpisodeSteps };
  }
}

/**
 * The mountain car with a force in [−1, 1]: MountainCarContinuous-v0 of Gymnasium. A step costs 0.1 · force²; position
 * 0.45 is worth 100 and ends the episode, which is cut off after 999 steps. All is computed in float32, as Gymnasium
 * does for actions in float32.
 * `reset` takes the options `low` and `high`: bounds of the first position, −0.6 and −0.4.
 * @throws ArgumentError, OptionError
 * @example new MountainCarContinuous().actionSpace.toString()   // Box(-1, 1, [1])
 */
export class MountainCarContinuous extends Hill<ArrayLike<number>> {
  constructor(options: SimulationOptions = {}) {
    super(CONTINUOUS, options);
  }

  protected override begin(generator: Generator, options: Readonly<Record<string, number>>): Float64Array {
    return super.begin(generator, options).map(Math.fround);
  }

  protected advance(state: Float64Array, action: ArrayLike<number>): Advance {
    const [x, v] = state as unknown as [number, number];
    const given = action[0] as number;
    const force = Math.fround(Math.fround(clamp(given, -1, 1)) * Math.fround(POWER));
    const slope = Math.fround(GRAVITY * Math.cos(Math.fround(3 * x)));
    const [maxSpeed, minX, maxX] = [MAX_SPEED, MIN_X, MAX_X].map(Math.fround) as [number, number, number];
    const speed = clamp(Math.fround(v + Math.fround(force - slope)), -maxSpeed, maxSpeed);
    const next = clamp(Math.fround(x + speed), minX, maxX);
    state[0] = next;
    state[1] = next === minX && speed < 0 ? 0 : speed;
    const terminated = next >= Math.fround(CONTINUOUS_GOAL) && (state[1] as number) >= 0;
    return { reward: (terminated ? 100 : 0) - 0.1 * given ** 2, terminated };
  }

  protected draw(state: Float64Array): string {
    return drawHill(state[0] as number, CONTINUOUS_GOAL);
  }

  get dynamics(): TensorDynamics {
    return { ...CONTINUOUS_DYNAMICS, maxEpisodeSteps: this.maxEpisodeSteps };
  }
}

const DYNAMICS: TensorDynamics = {
  ...KIND,
  begin: beginAll,
  advance(state, action) {
    const dtype = (state[0] as Tensor).dtype;
    const force = action.clamp({ min: 0, max: 2 }).to(dtype).sub(1).mul(FORCE);
    const [x, v] = driveAll(state, force);
    return {
      state: [x, v],
      reward: full(x.shape, -1, { dtype }),
      terminated: logicalAnd(x.greaterEqual(GOAL), v.greaterEqual(0)),
    };
  },
  observe: (state) => stack(state, 1),
};

const CONTINUOUS_DYNAMICS: TensorDynamics = {
  ...CONTINUOUS,
  begin: beginAll,
  advance(state, action) {
    const { dtype } = state[0] as Tensor;
    const force = onlyColumn(action);
    const [x, v] = driveAll(state, force.clamp({ min: -1, max: 1 }).mul(POWER));
    const terminated = logicalAnd(x.greaterEqual(CONTINUOUS_GOAL), v.greaterEqual(0));
    return {
      state: [x, v],
      reward: terminated.to(dtype).mul(100).sub(force.square().mul(0.1)),
      terminated,
    };
  },
  observe: (state) => stack(state, 1),
};
