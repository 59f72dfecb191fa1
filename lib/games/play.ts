import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { compile } from "../compiler/compile.js";
import { readBatchSize } from "../data/loader.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { indexSelect } from "../ops/index-select.js";
import { checkFlag, checkFunction, checkList, checkNumber, checkSignal } from "../options.js";
import { Generator } from "../random/generator.js";
import { copyOf } from "../tensor/copy.js";
import { fromTypedArray } from "../tensor/create.js";
import { allocate } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";
import { Game, type GameOptions, type GameStateDict } from "./game.js";
import { readMethod } from "./methods.js";
import { mostMoves, type Players, readPlayers } from "./players.js";

/** The argument of `onStep`. */
export interface StepReport {
  /** The number of steps made so far. */
  readonly step: number;
  /** The players' costs in that step, as in the history. */
  readonly costs: readonly number[];
}

/** The method, and how long and on which data it is played. */
export type PlayOptions = GameOptions & {
  /** Number of steps ≥ 0. */
  readonly steps: number;
  /** The state of an earlier game of these players and this method, from which to go on. Default: none. */
  readonly state?: GameStateDict;
  /**
   * Samples along the first axis of each tensor, all with the same number of samples. Each step's costs get a
   * mini-batch of each, after the players' parameters. A step takes as many mini-batches as the player with the most
   * `moves` makes moves, the next ones of the same order: a player's k-th move gets the k-th. Default: none.
   */
  readonly data?: readonly Tensor[];
  /** Samples in a mini-batch. Default: 32, or the number of samples if it is less. */
  readonly batchSize?: number;
  /** Use a new random order in each pass over the data. Default: true. */
  readonly shuffle?: boolean;
  /** Seed of the orders. Default: 0. */
  readonly seed?: number;
  /** Ends the game between two steps; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after every `every` steps. `play` waits for it. It may change learning rates. */
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  /** Steps between two calls of `onStep`. Default: 1. */
  readonly every?: number;
  /** Make the steps as one native program. Without it the costs may read values. Default: true. */
  readonly compiled?: boolean;
};

/** The names of the options that are not the game's. */
const OPTIONS: readonly string[] = [
  "steps",
  "state",
  "data",
  "batchSize",
  "shuffle",
  "seed",
  "signal",
  "onStep",
  "every",
  "compiled",
];

/** How long a call of the engine may take, in milliseconds: the event loop runs between two calls. */
const CHUNK_MILLISECONDS = 20;

/** The result of `play`. */
export interface GameHistory {
  /** The number of steps made. */
  readonly steps: number;
  /** The cost of each player in each step, where the step first computed it: [steps, players], float64. */
  readonly costs: Tensor;
  /** What another `play` goes on from. Its tensors are not copies of what the game kept, but that itself. */
  readonly state: GameStateDict;
}

/**
 * Plays a differentiable game: makes `steps` steps of a method. `Game` says what the methods are.
 *
 * Each player has parameters, a cost as a function of all players' parameters, and an `lr` or an optimizer. The
 * parameters are tensors, modules, or lists or objects of these. With `data`, the costs get a mini-batch after them.
 * A player may make several `moves` in a step of alternating descent.
 *
 * The steps are compiled and run on the engine's own thread, many in one call, so the event loop goes on. Between two
 * calls `play` runs the callback and checks the signal. A cost's JavaScript runs when the step is compiled, and random
 * numbers that it draws from a `Generator` are new in each step. Costs that read values need `compiled: false`, which
 * gives the same results more slowly.
 *
 * @returns the number of steps, and all costs.
 * @throws ArgumentError, OptionError, ShapeError, DTypeError, GraphError with the player's name, before the first step;
 *   TraceError if a cost reads a value; BusyError if another run uses the parameters
 * @example
 * // The cost of the first player is x·y, and that of the second is −x·y: descent would spiral out.
 * const a = tensor([1]);
 * const b = tensor([1]);
 * await play([{ parameters: a, cost: (a, b) => sum(mul(a, b)) }, { parameters: b }], {
 *   method: "optimistic",
 *   steps: 1000,
 *   lr: 0.3,
 * });
 * a;   // [0]
 *
 * @example
 * const generator = new nn.Linear(2, 3);
 * const noise = new Generator(1);
 * const fake = (from: nn.Module) => from.forward(noise.normal([16, 2]));
 * const isReal = (scores: Tensor, sign: number) => ops.mean(ops.softplus(mul(scores, -sign)));
 * const discriminator = new nn.Linear(3, 1);
 * const history = await play(
 *   [
 *     {
 *       name: "discriminator",
 *       parameters: discriminator,
 *       optimizer: new optim.Adam(discriminator.parameters(), { betas: [0.5, 0.9] }),
 *       cost: (d, g, real) => add(isReal(d.forward(real), 1), isReal(d.forward(fake(g)), -1)),
 *     },
 *     {
 *       name: "generator",
 *       parameters: generator,
 *       optimizer: new optim.Adam(generator.parameters(), { betas: [0.5, 0.9] }),
 *       cost: (d, g) => isReal(d.forward(fake(g)), 1),
 *     },
 *   ],
 *   { method: "extragradient", steps: 100, data: [x], batchSize: 16 },
 * );
 * history.costs.shape;   // [100, 2]
 *
 * @example
 * // A WGAN of two numbers: the generator moves to the mean of the samples. The critic makes 5 moves for each of its.
 * const [slope, center] = [tensor([0]), tensor([0])];
 * const samples = tensor([[1], [2], [3], [6]]);
 * await play(
 *   [
 *     {
 *       parameters: slope,
 *       cost: (w, c, real) => sum(add(mul(w, sub(c, ops.mean(real))), mul(0.5, ops.square(w)))),
 *       moves: 5,
 *     },
 *     { parameters: center, cost: (w, c) => neg(sum(mul(w, c))) },
 *   ],
 *   { method: "descent", order: "alternating", lr: 0.3, steps: 200, data: [samples] },
 * );
 * center;   // [3]
 */
export async function play<const P extends readonly Tree[]>(
  players: Players<P>,
  options: PlayOptions,
): Promise<GameHistory> {
  const seats = readPlayers("play", players);
  readMethod("play", options, seats, ["lr", ...OPTIONS]);
  const plan = readOptions(options, mostMoves(seats));
  const { length: count } = seats;
  const game = new Game(players, gameOptions(options));
  if (options.state !== undefined) game.loadStateDict(options.state);
  const { steps, signal, onStep, every } = plan;
  const run = plan.compiled ? compiledSteps(game, plan) : eagerSteps(game, plan);
  const log = allocate("float64", steps * count, "play");
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let step = 0; step < steps; ) {
    signal?.throwIfAborted();
    const affordable = Math.max(1, Math.floor(CHUNK_MILLISECONDS / milliseconds));
    const untilReport = onStep === undefined ? steps : every - (step % every);
    const more = Math.min(affordable, untilReport, steps - step);
    const started = performance.now();
    log.set(await run(more), step * count);
    milliseconds = (performance.now() - started) / more;
    step += more;
    if (onStep !== undefined && (step % every === 0 || step === steps)) {
      await onStep({ step, costs: Array.from(log.subarray((step - 1) * count, step * count)) });
    }
  }
  return { steps, costs: new Tensor(log, [steps, count], "float64"), state: game.stateDict() };
}

/** Makes this many steps, and gives the costs of each: [steps · players]. */
type Run = (count: number) => Promise<Float64Array>;

function compiledSteps(game: Game, { data, rows, rowsOfStep }: Plan): Run {
  const compiled = compile((...batch: Tensor[]) => game.step(...batch));
  return async (count) => {
    const log = await compiled.loopAsync([...data], fromTypedArray(rows(count * rowsOfStep)), rowsOfStep);
    return log.storage.forReading() as Float64Array;
  };
}

function eagerSteps(game: Game, { data, rows, rowsOfStep }: Plan): Run {
  return async (count) => {
    const log: number[] = [];
    for (let i = 0; i < count; i++) {
      const samples = fromTypedArray(rows(rowsOfStep));
      const costs = game.step(...data.map((from) => indexSelect(from, 0, samples)));
      log.push(...costs.map((cost) => cost.item()));
    }
    await setImmediate();
    return Float64Array.from(log);
  };
}

interface Plan extends Pick<PlayOptions, "signal" | "onStep"> {
  readonly steps: number;
  readonly every: number;
  readonly compiled: boolean;
  /** Copies, so that the caller may change the tensors, and so that the engine copies each once. */
  readonly data: readonly Tensor[];
  /** Samples in all mini-batches of a step. */
  readonly rowsOfStep: number;
  /** The next samples, for whole mini-batches. */
  readonly rows: (count: number) => Int32Array;
}

function readOptions(options: PlayOptions, moves: number): Plan {
  const where = "play";
  const { signal, onStep } = options;
  const steps = checkNumber(where, "steps", options.steps, { min: 0, integer: true });
  const every = checkNumber(where, "every", options.every ?? 1, { min: 1, integer: true });
  const compiled = checkFlag(where, "compiled", options.compiled ?? true);
  const shuffle = checkFlag(where, "shuffle", options.shuffle ?? true);
  const seed = checkNumber(where, "seed", options.seed ?? 0, { min: 0, integer: true });
  if (signal !== undefined) checkSignal(where, signal);
  if (onStep !== undefined) checkFunction(where, "onStep", onStep);
  const common = { steps, every, compiled, ...(signal && { signal }), ...(onStep && { onStep }) };
  if (options.data === undefined) {
    if (options.batchSize !== undefined) throw new ArgumentError(`${where}: batchSize needs data`);
    return { ...common, data: [], rowsOfStep: 1, rows: (count) => new Int32Array(count) };
  }
  const data = readData(where, options.data);
  const samples = data[0]?.shape[0] as number;
  const batchSize = readBatchSize(where, options.batchSize, samples);
  const rows = rowsOf(samples, batchSize, shuffle ? new Generator(seed) : null);
  return { ...common, data, rowsOfStep: moves * batchSize, rows };
}

function readData(where: string, given: unknown): Tensor[] {
  const data = checkList(where, "data to be a list of tensors", given).map((one, i) => {
    const tensor = checkTensor(where, `data[${i}]`, one);
    if (tensor.rank === 0 || tensor.size === 0) {
      throw new ShapeError(`${where}: expected data[${i}] to hold samples, got ${format(tensor.shape)}`);
    }
    return tensor;
  });
  const [first] = data;
  if (first === undefined) throw new ArgumentError(`${where}: expected data to hold a tensor, got none`);
  data.forEach(({ shape }, i) => {
    if (shape[0] === first.shape[0]) return;
    throw new ShapeError(`${where}: data[${i}] has ${shape[0]} samples, data[0] has ${first.shape[0]}`);
  });
  return data.map(copyOf);
}

/** Goes over the samples again and again, each time as far as there are whole mini-batches. */
function rowsOf(
  samples: number,
  batchSize: number,
  generator: Generator | null,
): (count: number) => Int32Array {
  const whole = samples - (samples % batchSize);
  const pass = (): Int32Array =>
    generator === null
      ? Int32Array.from({ length: samples }, (_, row) => row)
      : (generator.permutation(samples).storage.forReading() as Int32Array);
  let order: Int32Array = new Int32Array(0);
  let at = 0;
  return (count) => {
    const rows = new Int32Array(count);
    for (let have = 0; have < count; ) {
      if (at === order.length) [order, at] = [pass().subarray(0, whole), 0];
      const part = order.subarray(at, at + count - have);
      rows.set(part, have);
      have += part.length;
      at += part.length;
    }
    return rows;
  };
}

/** The options that are the game's. */
function gameOptions(options: PlayOptions): GameOptions {
  const own = Object.entries(options).filter(([name]) => !OPTIONS.includes(name));
  return Object.fromEntries(own) as unknown as GameOptions;
}
