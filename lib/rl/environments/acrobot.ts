import "../../ops/index.js";
import { stack } from "../../ops/stack.js";
import type { Generator } from "../../random/generator.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  type Advance,
  Simulation,
  type SimulationKind,
  type SimulationOptions,
  uniform,
} from "../simulation.js";
import { Box, Discrete } from "../space.js";
import type { TensorDynamics, TensorState } from "../tensor-environment.js";

/** Seconds a step. */
const TAU = 0.2;
const GRAVITY = 9.8;
// Both links are 1 m long and weigh 1 kg, with the centre of mass in the middle and a moment of inertia of 1 kg m².
const CENTRE = 0.5;
const INERTIA = 1;
const MAX_SPEED_1 = 4 * Math.PI;
const MAX_SPEED_2 = 9 * Math.PI;

const KIND: SimulationKind<number> = {
  name: "Acrobot",
  observationSpace: new Box(
    [-1, -1, -1, -1, -MAX_SPEED_1, -MAX_SPEED_2],
    [1, 1, 1, 1, MAX_SPEED_1, MAX_SPEED_2],
  ),
  actionSpace: new Discrete(3),
  maxEpisodeSteps: 500,
  stateSize: 4,
  start: { low: -0.1, high: 0.1 },
};

/** The angle in [−π, π]. */
function wrapped(angle: number): number {
  let turned = angle;
  while (turned > Math.PI) turned -= 2 * Math.PI;
  while (turned < -Math.PI) turned += 2 * Math.PI;
  return turned;
}

const clamp = (value: number, bound: number): number => Math.min(Math.max(value, -bound), bound);

/** Speeds and accelerations of both angles under a torque at the joint (Sutton and Barto, 2018, section 11.3). */
function motion(state: readonly number[], torque: number): number[] {
  const [theta1, theta2, omega1, omega2] = state as [number, number, number, number];
  const cos2 = Math.cos(theta2);
  const sin2 = Math.sin(theta2);
  const d1 = CENTRE ** 2 + (1 + CENTRE ** 2 + 2 * CENTRE * cos2) + 2 * INERTIA;
  const d2 = CENTRE ** 2 + CENTRE * cos2 + INERTIA;
  const phi2 = CENTRE * GRAVITY * Math.cos(theta1 + theta2 - Math.PI / 2);
  const phi1 =
    -CENTRE * omega2 ** 2 * sin2 -
    2 * CENTRE * omega2 * omega1 * sin2 +
    (CENTRE + 1) * GRAVITY * Math.cos(theta1 - Math.PI / 2) +
    phi2;
  const turn2 =
    (torque + (d2 / d1) * phi1 - CENTRE * omega1 ** 2 * sin2 - phi2) / (CENTRE ** 2 + INERTIA - d2 ** 2 / d1);
  return [omega1, omega2, -(d2 * turn2 + phi1) / d1, turn2];
}

/**
 * Two links like a gymnast on a bar, with a motor in the joint between them: the tip has to swing above the line one
 * link over the bar. Acrobot-v1 of Gymnasium, after Sutton (1996), by Runge and Kutta's fourth order. Actions: torque
 * −1 (0), 0 (1), 1 (2). State: θ₁, θ₂, θ̇₁, θ̇₂; observation: cos θ₁, sin θ₁, cos θ₂, sin θ₂, θ̇₁, θ̇₂. Each step costs
 * 1 but the last; an episode is cut off after 500 steps.
 * `reset` takes the options `low` and `high`: bounds of the first state's numbers, ±0.1.
 * @throws ArgumentError, OptionError
 * @example new Acrobot().reset().observation.length   // 6
 */
export class Acrobot extends Simulation<number> {
  constructor(options: SimulationOptions = {}) {
    super(KIND, options);
  }

  protected begin(generator: Generator, { low, high }: Readonly<Record<string, number>>): Float64Array {
    return uniform(generator, KIND.stateSize, low as number, high as number).map(Math.fround);
  }

  protected advance(state: Float64Array, action: number): Advance {
    const torque = action - 1;
    const from = Array.from(state);
    const moved = (by: readonly number[], step: number) =>
      motion(
        from.map((value, i) => value + step * (by[i] as number)),
        torque,
      );
    const k1 = motion(from, torque);
    const k2 = moved(k1, TAU / 2);
    const k3 = moved(k2, TAU / 2);
    const k4 = moved(k3, TAU);
    const next = from.map((value, i) => {
      const [a, b, c, d] = [k1[i], k2[i], k3[i], k4[i]] as [number, number, number, number];
      return value + (TAU / 6) * (a + 2 * b + 2 * c + d);
    }) as [number, number, number, number];
    state[0] = wrapped(next[0]);
    state[1] = wrapped(next[1]);
    state[2] = clamp(next[2], MAX_SPEED_1);
    state[3] = clamp(next[3], MAX_SPEED_2);
    const terminated = -Math.cos(state[0]) - Math.cos(state[1] + state[0]) > 1;
    return { reward: terminated ? 0 : -1, terminated };
  }

  protected override observe(state: Float64Array): Float32Array {
    const [theta1, theta2, omega1, omega2] = state as unknown as [number, number, number, number];
    return Float32Array.of(
      Math.cos(theta1),
      Math.sin(theta1),
      Math.cos(theta2),
      Math.sin(theta2),
      omega1,
      omega2,
    );
  }

  /** The links from the bar `o` in the middle, and the line to reach. */
  protected draw(state: Float64Array): string {
    const size = 13;
    const middle = (size - 1) / 2;
    const grid = Array.from({ length: size }, (_, row) =>
      new Array<string>(2 * size - 1).fill(row === middle / 2 ? "·" : " "),
    );
    const put = (x: number, y: number, mark: string): void => {
      const row = Math.round(middle - (y * middle) / 2);
      const column = Math.round(2 * middle + x * middle);
      (grid[row] as string[])[column] = mark;
    };
    const [theta1, theta2] = state as unknown as [number, number];
    const joint = [Math.sin(theta1), -Math.cos(theta1)] as const;
    const along = [Math.sin(theta1 + theta2), -Math.cos(theta1 + theta2)] as const;
    for (let i = 0; i <= 8; i++) {
      put((joint[0] * i) / 8, (joint[1] * i) / 8, "█");
      put(joint[0] + (along[0] * i) / 8, joint[1] + (along[1] * i) / 8, "▒");
    }
    put(0, 0, "o");
    return grid.map((line) => line.join("").trimEnd()).join("\n");
  }

  get dynamics(): TensorDynamics {
    return { ...DYNAMICS, maxEpisodeSteps: this.maxEpisodeSteps };
  }
}

/** As `motion`, in ops. */
function motionOfAll(state: TensorState, torque: Tensor): Tensor[] {
  const [theta1, theta2, omega1, omega2] = state as [Tensor, Tensor, Tensor, Tensor];
  const cos2 = theta2.cos();
  const sin2 = theta2.sin();
  const d1 = cos2.mul(2 * CENTRE).add(2 * CENTRE ** 2 + 1 + 2 * INERTIA);
  const d2 = cos2.mul(CENTRE).add(CENTRE ** 2 + INERTIA);
  const ratio = d2.div(d1);
  const phi2 = theta1
    .add(theta2)
    .sin()
    .mul(CENTRE * GRAVITY);
  const phi1 = phi2
    .add(theta1.sin().mul((CENTRE + 1) * GRAVITY))
    .sub(omega2.square().mul(sin2).mul(CENTRE))
    .sub(
      omega2
        .mul(omega1)
        .mul(sin2)
        .mul(2 * CENTRE),
    );
  const turn2 = torque
    .add(ratio.mul(phi1))
    .sub(omega1.square().mul(sin2).mul(CENTRE))
    .sub(phi2)
    .div(
      d2
        .mul(ratio)
        .neg()
        .add(CENTRE ** 2 + INERTIA),
    );
  return [omega1, omega2, d2.mul(turn2).add(phi1).div(d1).neg(), turn2];
}

const wrappedAll = (angle: Tensor): Tensor =>
  angle.sub(
    angle
      .add(Math.PI)
      .div(2 * Math.PI)
      .floor()
      .mul(2 * Math.PI),
  );

const DYNAMICS: TensorDynamics = {
  ...KIND,
  begin: (n, generator, dtype) =>
    Array.from({ length: KIND.stateSize }, () => generator.uniform([n], { low: -0.1, high: 0.1, dtype })),
  advance(state, action) {
    const torque = action
      .clamp({ min: 0, max: 2 })
      .to((state[0] as Tensor).dtype)
      .sub(1);
    const moved = (by: readonly Tensor[], step: number) =>
      motionOfAll(
        state.map((value, i) => value.add((by[i] as Tensor).mul(step))),
        torque,
      );
    const k1 = motionOfAll(state, torque);
    const k2 = moved(k1, TAU / 2);
    const k3 = moved(k2, TAU / 2);
    const k4 = moved(k3, TAU);
    const next = state.map((value, i) => {
      const [a, b, c, d] = [k1[i], k2[i], k3[i], k4[i]] as [Tensor, Tensor, Tensor, Tensor];
      return value.add(
        b
          .add(c)
          .mul(2)
          .add(a)
          .add(d)
          .mul(TAU / 6),
      );
    }) as [Tensor, Tensor, Tensor, Tensor];
    const theta1 = wrappedAll(next[0]);
    const theta2 = wrappedAll(next[1]);
    const omega1 = next[2].clamp({ min: -MAX_SPEED_1, max: MAX_SPEED_1 });
    const omega2 = next[3].clamp({ min: -MAX_SPEED_2, max: MAX_SPEED_2 });
    const terminated = theta1.cos().add(theta2.add(theta1).cos()).less(-1);
    return {
      state: [theta1, theta2, omega1, omega2],
      reward: terminated.to(theta1.dtype).sub(1),
      terminated,
    };
  },
  observe(state) {
    const [theta1, theta2, omega1, omega2] = state as [Tensor, Tensor, Tensor, Tensor];
    return stack([theta1.cos(), theta1.sin(), theta2.cos(), theta2.sin(), omega1, omega2], 1);
  },
};
