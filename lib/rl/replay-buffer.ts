import { noGrad } from "../context/grad-mode.js";
import { currentTrace } from "../context/trace.js";
import { assign, write } from "../eager/apply.js";
import { writeRows } from "../eager/write-rows.js";
import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { indexSelect } from "../ops/index-select.js";
import { minimum } from "../ops/minimum.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import { checkChoice, checkNumber, checkRequired, describe, isInstance, isPlainObject } from "../options.js";
import { Generator } from "../random/generator.js";
import { arange, zeros } from "../tensor/create.js";
import { checkShape, format, type Shape, sameShape } from "../tensor/shape.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";

export interface ReplayBufferOptions {
  /** Of one observation; [] for a number. */
  readonly observationShape: Shape;
  /** Of one action. Default: [], a number. */
  readonly actionShape?: Shape;
  /** Default: int32, for numbered actions. */
  readonly actionDType?: "int32" | "float32";
}

/** Steps of n environments, or a batch of stored ones. */
export interface ReplayBatch {
  /** What was seen before the step. [n, …observationShape] float32 */
  readonly observation: Tensor;
  /** [n, …actionShape] */
  readonly action: Tensor;
  /** [n] float32 */
  readonly reward: Tensor;
  /**
   * What was seen after the step: also at an episode's end that of the same episode, as `finalObservation` of a
   * vectorised environment, and not the first of the next. [n, …observationShape] float32
   */
  readonly nextObservation: Tensor;
  /** Whether the episode came to an end of its own, so that no reward can follow. An episode cut off did not. [n] bool */
  readonly terminated: Tensor;
}

/** What `loadStateDict` takes: the rows that are filled, and where the next one goes. */
export interface ReplayBufferStateDict extends ReplayBatch {
  readonly capacity: number;
  readonly position: number;
}

const NAMES = ["observation", "action", "reward", "nextObservation", "terminated"] as const;

/** Positions and the sum of a position and a number of rows are int32. */
const MAX_CAPACITY = 2 ** 30;

/**
 * The last `capacity` steps, for methods that learn from steps of earlier policies: DQN, DDPG, TD3, SAC (Lin, 1992;
 * Mnih et al., 2015). All memory is taken at once. Where it is full, a new step takes the place of the oldest.
 *
 * `append` and `sample` may be parts of compiled functions, where they take time for the rows alone. Compile both: an
 * eager call right after a compiled one copies the whole buffer.
 *
 *     y = r + γ·(1 − terminated)·V(s′)
 *
 * is the target of a step. An episode that was cut off by a limit of time has `terminated` false: V(s′) counts.
 * @example
 * const buffer = new ReplayBuffer(1000, { observationShape: [4] });
 * const environments = new TensorEnvironment(new CartPole().dynamics, 8);
 * const act = compile(() => {
 *   const observation = environments.observe();
 *   const action = zeros([8], { dtype: "int32" });
 *   const { finalObservation, reward, terminated } = environments.step(action);
 *   buffer.append({ observation, action, reward, nextObservation: finalObservation, terminated });
 * });
 * for (let i = 0; i < 10; i++) act();
 * buffer.length   // 80
 * const batch = buffer.sample(32, new Generator(0));
 * batch.observation.shape   // [32, 4]
 * @throws ArgumentError, OptionError, ShapeError, MemoryError
 */
export class ReplayBuffer {
  readonly capacity: number;
  readonly observationShape: Shape;
  readonly actionShape: Shape;
  readonly actionDType: "int32" | "float32";
  readonly #rows: ReplayBatch;
  /** Where the next row goes. */
  readonly #position = zeros([1], { dtype: "int32" });
  /** How many rows are filled: float64, as the chances that it multiplies. */
  readonly #count = zeros([1], { dtype: "float64" });

  constructor(capacity: number, options: ReplayBufferOptions) {
    const name = "ReplayBuffer";
    this.capacity = checkNumber(name, "capacity", capacity, { min: 1, max: MAX_CAPACITY, integer: true });
    checkRequired(name, options, ["observationShape", "actionShape", "actionDType"]);
    this.observationShape = [...checkShape(name, options.observationShape)];
    this.actionShape = [...checkShape(name, options.actionShape ?? [])];
    this.actionDType = checkChoice(name, "actionDType", options.actionDType ?? "int32", ["int32", "float32"]);
    const observations = checkShape(name, [capacity, ...this.observationShape]);
    this.#rows = {
      observation: zeros(observations),
      action: zeros(checkShape(name, [capacity, ...this.actionShape]), { dtype: this.actionDType }),
      reward: zeros([capacity]),
      nextObservation: zeros(observations),
      terminated: zeros([capacity], { dtype: "bool" }),
    };
  }

  /**
   * How many rows are filled.
   * @throws TraceError in a function that is traced.
   */
  get length(): number {
    return this.#count.item();
  }

  /**
   * Stores a step of n environments, n ≤ capacity, over the oldest where there is no room. All or nothing.
   * @throws ShapeError, DTypeError, ArgumentError
   */
  append(transition: ReplayBatch): void {
    const caller = "ReplayBuffer.append";
    const n = this.#checkRows(caller, transition);
    const { capacity } = this;
    if (n > capacity) {
      throw new ShapeError(`${caller}: expected at most ${capacity} rows, the capacity, got ${n}`);
    }
    const around = (at: Tensor): Tensor => where(greaterEqual(at, capacity), sub(at, capacity), at);
    noGrad(() => {
      const index = around(add(this.#position, arange(n, { dtype: "int32" })));
      for (const name of NAMES) writeRows(`${caller}: ${name}`, this.#rows[name], index, transition[name]);
      write(caller, this.#position, around(add(this.#position, n)));
      write(caller, this.#count, minimum(add(this.#count, n), capacity));
    });
  }

  /**
   * Rows by chance: each of those that are filled is as likely in each place, also more than once.
   * In a compiled step nothing can be refused: rows of an empty buffer are zeros there.
   * @throws ArgumentError if the buffer is empty
   */
  sample(batchSize: number, generator: Generator): ReplayBatch {
    const caller = "ReplayBuffer.sample";
    checkNumber(caller, "batchSize", batchSize, { min: 1, max: MAX_CAPACITY, integer: true });
    if (!isInstance(generator, Generator)) {
      throw new ArgumentError(`${caller}: expected a Generator, got ${describe(generator)}`);
    }
    if (currentTrace() === null && this.length === 0) {
      throw new ArgumentError(`${caller}: the buffer is empty; append steps first`);
    }
    return noGrad(() => {
      // u·count < count in float64, since u < 1; the conversion cuts what follows the point.
      const chance = generator.uniform([batchSize], { dtype: "float64" });
      const index = to(mul(chance, this.#count), "int32");
      return byName((name) => indexSelect(this.#rows[name], 0, index));
    });
  }

  /** Forgets all rows. @throws BusyError */
  clear(): void {
    const states = [this.#position, this.#count];
    if (currentTrace() === null) for (const { storage } of states) storage.checkWritable();
    for (const state of states) write("ReplayBuffer.clear", state, zeros([1], { dtype: state.dtype }));
  }

  /** A copy of the rows that are filled, and where the next one goes. */
  stateDict(): ReplayBufferStateDict {
    const { capacity, length } = this;
    const position = this.#position.item();
    const rows = byName((name) => {
      const { storage, shape, size, dtype } = this.#rows[name];
      const values = storage.forReading().slice(0, (size / capacity) * length);
      return new Tensor(values, [length, ...shape.slice(1)], dtype);
    });
    return { capacity, position, ...rows };
  }

  /**
   * Goes on where another buffer of the same capacity and shapes was, all or nothing: it samples the same.
   * @throws ArgumentError, ShapeError, DTypeError if the state is that of another kind of buffer; BusyError, DetachedError
   */
  loadStateDict(state: ReplayBufferStateDict): void {
    const caller = "ReplayBuffer.loadStateDict";
    const n = this.#checkRows(caller, state);
    const { capacity } = this;
    if (state.capacity !== capacity) {
      throw new ArgumentError(
        `${caller}: expected the state of a buffer of capacity ${capacity}, got ${describe(state.capacity)}`,
      );
    }
    checkNumber(caller, "the number of rows", n, { max: capacity });
    const max = capacity - 1;
    const position = checkNumber(caller, "position", state.position, { min: 0, max, integer: true });
    if (n < capacity && position !== n) {
      throw new ArgumentError(`${caller}: expected position ${n} after ${n} rows, got ${position}`);
    }
    const sources = byName((name) => state[name]);
    for (const { storage } of Object.values(sources)) storage.forReading();
    const targets = [this.#position, this.#count, ...Object.values(this.#rows)];
    for (const { storage } of targets) storage.checkWritable();
    for (const name of NAMES) assign(this.#rows[name], sources[name]);
    this.#begin(position, n);
  }

  #begin(position: number, count: number): void {
    assign(this.#position, new Tensor(Int32Array.of(position), [1], "int32"));
    assign(this.#count, new Tensor(Float64Array.of(count), [1], "float64"));
  }

  /** @returns how many rows there are. @throws ArgumentError, ShapeError, DTypeError unless they fit into the buffer. */
  #checkRows(caller: string, rows: ReplayBatch): number {
    if (!isPlainObject(rows)) {
      throw new ArgumentError(`${caller}: expected tensors by name, got ${describe(rows)}`);
    }
    const reward = checkTensor(caller, "reward", rows.reward);
    if (reward.rank !== 1) {
      throw new ShapeError(`${caller}: expected reward of shape [n], got ${format(reward.shape)}`);
    }
    const n = reward.size;
    for (const name of NAMES) {
      const given = checkTensor(caller, name, rows[name]);
      const { dtype, shape } = this.#rows[name];
      const expected = [n, ...shape.slice(1)];
      if (!sameShape(given.shape, expected)) {
        throw new ShapeError(
          `${caller}: expected ${name} of shape ${format(expected)}, got ${format(given.shape)}`,
        );
      }
      if (given.dtype !== dtype) {
        throw new DTypeError(`${caller}: expected ${name} of ${dtype}, got ${given.dtype}`);
      }
    }
    return n;
  }
}

const byName = (make: (name: (typeof NAMES)[number]) => Tensor): ReplayBatch => ({
  observation: make("observation"),
  action: make("action"),
  reward: make("reward"),
  nextObservation: make("nextObservation"),
  terminated: make("terminated"),
});
