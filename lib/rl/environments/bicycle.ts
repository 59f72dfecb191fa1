import "../../ops/index.js";
import { slice } from "../../ops/slice.js";
import { stack } from "../../ops/stack.js";
import { where } from "../../ops/where.js";
import type { Generator } from "../../random/generator.js";
import { ones, zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  type Advance,
  Simulation,
  type SimulationKind,
  type SimulationOptions,
  uniform,
} from "../simulation.js";
import { Box } from "../space.js";
import type { TensorDynamics } from "../tensor-environment.js";

// The numbers of Randløv and Alstrøm (1998), table 1; lengths in metres, masses in kilograms.
/** From the front wheel's contact with the ground to the centre of mass, along the bicycle. */
const C = 0.66;
/** From the bicycle's centre of mass up to the rider's. */
const D_CM = 0.3;
/** Height of the centre of mass. */
const H = 0.94;
/** Between the contacts of the wheels. */
const L = 1.11;
const MASS_BICYCLE = 15;
const MASS_TYRE = 1.7;
const MASS_RIDER = 60;
/** Radius of a tyre. */
const R = 0.34;
const GRAVITY = 9.82;
/** Speed: 10 km/h in m/s. */
const V = 10 / 3.6;
/** Turns of a tyre, rad/s. */
const SPIN = V / R;
/** Seconds a step. */
const TAU = 0.01;
const MASS = MASS_BICYCLE + MASS_RIDER;
const INERTIA_BICYCLE = (13 / 3) * MASS_BICYCLE * H ** 2 + MASS_RIDER * (H + D_CM) ** 2;
const INERTIA_TYRE = MASS_TYRE * R ** 2;
const INERTIA_TYRE_ALONG = 1.5 * MASS_TYRE * R ** 2;
const INERTIA_TYRE_ACROSS = 0.5 * MASS_TYRE * R ** 2;
/** Of the handlebars. */
const MAX_ANGLE = (80 * Math.PI) / 180;
/** The bicycle has fallen at this tilt. */
const FALLEN = Math.PI / 15;
/** Newton metres, of the action 1. */
const MAX_TORQUE = 2;
/** Metres of the rider's displacement, of the action 1; also the largest noise in it. */
const MAX_LEAN = 0.02;

const KIND: SimulationKind<ArrayLike<number>> = {
  name: "Bicycle",
  observationSpace: new Box(
    [-MAX_ANGLE, Number.NEGATIVE_INFINITY, -2 * FALLEN, Number.NEGATIVE_INFINITY],
    [MAX_ANGLE, Number.POSITIVE_INFINITY, 2 * FALLEN, Number.POSITIVE_INFINITY],
  ),
  actionSpace: new Box(-1, 1, { shape: [2] }),
  maxEpisodeSteps: 1000,
  stateSize: 4,
  start: { low: -0.01, high: 0.01 },
};

const clamp = (value: number, bound: number): number => Math.min(Math.max(value, -bound), bound);

/**
 * The robot on a bicycle: it holds the handlebars and shifts its weight, and must not fall. The model of Randløv and
 * Alstrøm, "Learning to drive a bicycle using reinforcement learning and shaping" (ICML 1998), at 10 km/h, in steps
 * of 0.01 s.
 *
 * State and observation: angle of the handlebars θ [rad], θ̇, tilt ω [rad], ω̇. Action: a torque on the handlebars T, in
 * units of 2 N m, and the rider's displacement d, in units of 2 cm, to which noise ~ U[−2 cm, 2 cm] is added. With the
 * tilt of bicycle and rider φ = ω + arctan(d/h), the tyres' turning σ̇ = v/r, and the radii of the ways of front wheel,
 * back wheel and centre of mass r_f = l/|sin θ|, r_b = l/|tan θ|, r_CM = √((l − c)² + l²/tan² θ):
 *
 *     I_bc·ω̈ = M·h·g·sin φ − cos φ·(I_dc·σ̇·θ̇ + sign(θ)·v²·(M_d·r/r_f + M_d·r/r_b + M·h/r_CM))
 *     I_dl·θ̈ = T − I_dv·σ̇·ω̇
 *
 * |θ| is stopped at 80°. Each step upright is worth 1; the episode ends where |ω| > 12°, and is cut off after 1,000
 * steps, 10 s. `reset` takes the options `low` and `high`: bounds of the first state's numbers, ±0.01.
 * @throws ArgumentError, OptionError
 * @example
 * const environment = new Bicycle();
 * environment.reset({ seed: 1 });
 * environment.step([0, 0]).reward   // 1
 */
export class Bicycle extends Simulation<ArrayLike<number>> {
  constructor(options: SimulationOptions = {}) {
    super(KIND, options);
  }

  protected begin(generator: Generator, { low, high }: Readonly<Record<string, number>>): Float64Array {
    return uniform(generator, KIND.stateSize, low as number, high as number);
  }

  protected advance(state: Float64Array, action: ArrayLike<number>, generator: Generator): Advance {
    const [theta, turn, omega, fall] = state as unknown as [number, number, number, number];
    const torque = MAX_TORQUE * (action[0] as number);
    const noise = uniform(generator, 1, -MAX_LEAN, MAX_LEAN)[0] as number;
    const phi = omega + Math.atan((MAX_LEAN * (action[1] as number) + noise) / H);
    const sin = Math.abs(Math.sin(theta));
    const tan = Math.abs(Math.tan(theta));
    // 1/r of the three ways; 0 straight ahead.
    const around = tan / Math.sqrt((L - C) ** 2 * tan ** 2 + L ** 2);
    const pull = Math.sign(theta) * V ** 2 * (((MASS_TYRE * R) / L) * (sin + tan) + MASS * H * around);
    const falling =
      (MASS * H * GRAVITY * Math.sin(phi) - Math.cos(phi) * (INERTIA_TYRE * SPIN * turn + pull)) /
      INERTIA_BICYCLE;
    const turning = (torque - INERTIA_TYRE_ALONG * SPIN * fall) / INERTIA_TYRE_ACROSS;
    const nextTurn = turn + turning * TAU;
    const nextTheta = theta + nextTurn * TAU;
    const nextFall = fall + falling * TAU;
    const isStopped = Math.abs(nextTheta) > MAX_ANGLE;
    state[0] = clamp(nextTheta, MAX_ANGLE);
    state[1] = isStopped ? 0 : nextTurn;
    state[2] = omega + nextFall * TAU;
    state[3] = nextFall;
    return { reward: 1, terminated: Math.abs(state[2]) > FALLEN };
  }

  /** From the front: the tilt, ten times as large; below it the handlebars from above. */
  protected draw(state: Float64Array): string {
    const height = 7;
    const width = 41;
    const middle = (width - 1) / 2;
    const [theta, , omega] = state as unknown as [number, number, number];
    const grid = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
    const put = (row: number, column: number, mark: string): void => {
      if (row >= 0 && row < height && column >= 0 && column < width) (grid[row] as string[])[column] = mark;
    };
    for (let i = 0; i < height - 1; i++) {
      const column = Math.round(middle + 2 * i * Math.tan(clamp(5 * omega, 1.2)));
      put(height - 2 - i, column, i === height - 2 ? "●" : i < 3 ? "┃" : "█");
    }
    for (let i = -5; i <= 5; i++) {
      put(height - 1, Math.round(middle + i * Math.cos(theta)), i === 0 ? "o" : "─");
    }
    const degrees = (angle: number): string => `${((angle * 180) / Math.PI).toFixed(1)}°`;
    const text = `tilt ${degrees(omega)}, handlebars ${degrees(theta)}`;
    return [...grid.map((line) => line.join("").trimEnd()), text].join("\n");
  }

  get dynamics(): TensorDynamics {
    return { ...DYNAMICS, maxEpisodeSteps: this.maxEpisodeSteps };
  }
}

const DYNAMICS: TensorDynamics = {
  ...KIND,
  begin: (n, generator, dtype) =>
    Array.from({ length: KIND.stateSize }, () => generator.uniform([n], { low: -0.01, high: 0.01, dtype })),
  advance(state, action, generator) {
    const [theta, turn, omega, fall] = state as [Tensor, Tensor, Tensor, Tensor];
    const { shape, dtype } = theta;
    const within = action.clamp({ min: -1, max: 1 });
    const column = (i: number): Tensor => slice(within, 1, { start: i, end: i + 1 }).reshape(shape);
    const noise = generator.uniform(shape, { low: -MAX_LEAN, high: MAX_LEAN, dtype });
    const phi = omega.add(column(1).mul(MAX_LEAN).add(noise).div(H).atan());
    const sin = theta.sin().abs();
    const tan = theta.tan().abs();
    const around = tan.div(
      tan
        .square()
        .mul((L - C) ** 2)
        .add(L ** 2)
        .sqrt(),
    );
    const pull = sin
      .add(tan)
      .mul((MASS_TYRE * R) / L)
      .add(around.mul(MASS * H))
      .mul(V ** 2)
      .mul(theta.sign());
    const falling = phi
      .sin()
      .mul(MASS * H * GRAVITY)
      .sub(phi.cos().mul(turn.mul(INERTIA_TYRE * SPIN).add(pull)))
      .div(INERTIA_BICYCLE);
    const turning = column(0)
      .mul(MAX_TORQUE)
      .sub(fall.mul(INERTIA_TYRE_ALONG * SPIN))
      .div(INERTIA_TYRE_ACROSS);
    const nextTurn = turn.add(turning.mul(TAU));
    const nextTheta = theta.add(nextTurn.mul(TAU));
    const nextFall = fall.add(falling.mul(TAU));
    const isStopped = nextTheta.abs().greater(MAX_ANGLE);
    const nextOmega = omega.add(nextFall.mul(TAU));
    return {
      state: [
        nextTheta.clamp({ min: -MAX_ANGLE, max: MAX_ANGLE }),
        where(isStopped, zeros(shape, { dtype }), nextTurn),
        nextOmega,
        nextFall,
      ],
      reward: ones(shape, { dtype }),
      terminated: nextOmega.abs().greater(FALLEN),
    };
  },
  observe: (state) => stack(state, 1),
};
