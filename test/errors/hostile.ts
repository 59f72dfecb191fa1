import { type DType, data, Generator, nn, ops, optim, ThalwegError, tensor } from "../../lib/index.js";

/** What the caller's own functions, getters and proxies throw: it goes through the library as it is. */
export class UserError extends Error {}

/** A small random generator with a seed: the same calls in every run. */
export class Dice {
  #state: number;

  constructor(seed: string) {
    let hash = 2166136261;
    for (const letter of seed) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
    this.#state = hash >>> 0;
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** A function of the caller's: what it gets wrong by itself is its own error. */
export function own<A extends unknown[], R>(run: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      throw error instanceof ThalwegError ? error : new UserError(String(error));
    }
  };
}

const fail = (): never => {
  throw new UserError("thrown by the caller's own code");
};

/** A promise that nobody is obliged to wait for. */
function rejected(): Promise<never> {
  const promise = Promise.reject(new UserError("rejected by the caller's own code"));
  promise.catch(() => undefined);
  return promise;
}

const SHAPES: readonly (readonly number[])[] = [
  [],
  [1],
  [2],
  [3],
  [0],
  [2, 3],
  [3, 3],
  [2, 2],
  [1, 0],
  [2, 3, 3],
  [2, 3, 4, 4],
];
const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

function tensors(): unknown[] {
  return SHAPES.flatMap((shape) =>
    DTYPES.flatMap((dtype) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const made = tensor(
        Array.from({ length: size }, (_, i) => i % 3),
        { shape, dtype },
      );
      const isFloat = dtype === "float32" || dtype === "float64";
      return isFloat ? [made, tensor(made.data, { shape, dtype, requiresGrad: true })] : [made];
    }),
  );
}

// No size in between: what fits into memory takes long to fill.
const NUMBERS = [
  0,
  1,
  2,
  3,
  -1,
  -0,
  0.5,
  7,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 53,
  2 ** 40,
  -(2 ** 31),
  1e300,
  1e-300,
];

const TEXTS = [
  "",
  "x",
  "mean",
  "none",
  "sum",
  "float64",
  "int32",
  "bool",
  "sigmoid",
  "add",
  "same",
  "ij,jk->ik",
  "__proto__",
  "constructor",
  "toString",
  "max",
  "min",
  "weight",
  "relu",
];

const NAMES = [
  "dim",
  "keepdim",
  "reduction",
  "dtype",
  "shape",
  "requiresGrad",
  "lr",
  "momentum",
  "betas",
  "eps",
  "weightDecay",
  "min",
  "max",
  "weight",
  "ignoreIndex",
  "labelSmoothing",
  "margin",
  "p",
  "data",
  "cost",
  "optimizer",
  "epochs",
  "batchSize",
  "validation",
  "metrics",
  "seed",
  "signal",
  "onEpoch",
  "onBatch",
  "passes",
  "start",
  "end",
  "step",
  "inDims",
  "outDims",
  "x",
  "y",
  "inputs",
  "kernel",
  "takes",
  "slope",
  "vjp",
  "jvp",
  "forward",
  "backward",
  "transposeA",
  "transposeB",
  "delta",
  "bias",
  "affine",
  "mode",
  "blank",
  "full",
  "correction",
  "state",
  "paramGroups",
  "params",
  "maxIter",
  "argnums",
  "strict",
  "low",
  "high",
  "mean",
  "std",
  "upper",
  "descending",
  "diagonal",
  "dilm",
  "batch_size",
  "learningRate",
];

function functions(): unknown[] {
  return [
    own(() => undefined),
    own((x: unknown) => x),
    own((...all: unknown[]) => all),
    own((x: unknown) => ({ x })),
    own(() => 1),
    own((x: { sum(): unknown }) => x.sum()),
    own((x: { square(): { sum(): unknown } }) => x.square().sum()),
    own((x: { mul(y: unknown): unknown }, y: unknown) => x.mul(y)),
    own((x: { item(): unknown }) => x.item()),
    own(() => tensor([1, 2])),
    own((x: never) => ops.exp(x)),
    own(async (x: unknown) => x),
    own(() => own(() => 1)),
    fail,
    rejected,
  ];
}

function objects(): unknown[] {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic, cyclic);
  const loop: Record<string, unknown> = {};
  loop["x"] = loop;
  loop["y"] = loop;
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  let deepObject: unknown = tensor([1]);
  for (let i = 0; i < 20_000; i++) deepObject = { x: deepObject };
  const detached = new Float32Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const model = new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU());
  const weights = new nn.Linear(2, 2);
  return [
    [],
    [1, 2],
    [[1, 2], [3]],
    [undefined],
    [tensor([1]), tensor([2])],
    [2, 3],
    [0],
    [-1],
    [2 ** 40, 2 ** 40],
    new Array(3),
    cyclic,
    deep,
    loop,
    deepObject,
    {},
    Object.create(null),
    { x: tensor([[1, 2]]), y: tensor([1], { dtype: "int32" }) },
    {
      x: tensor([
        [1, 2, 3],
        [3, 2, 1],
      ]),
      y: tensor([0, 1], { dtype: "int32" }),
    },
    { length: 2 },
    { length: 2 ** 40, 0: 1 },
    { valueOf: fail, toString: fail },
    { constructor: 1 },
    { constructor: { name: Symbol("name") } },
    { [Symbol.iterator]: fail },
    {
      get dim() {
        return fail();
      },
      get lr() {
        return fail();
      },
      get x() {
        return fail();
      },
    },
    new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }),
    new Proxy([], { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }),
    new Proxy(() => 1, { apply: fail, get: fail }),
    new Proxy(tensor([1, 2]), {}),
    new Proxy(model, {}),
    new Proxy(new Float32Array(2), {}),
    new Proxy([1, 2], {}),
    detached,
    new Float32Array(6),
    new Float64Array(2),
    new Int32Array(2),
    Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7),
    new BigInt64Array(2),
    new DataView(new ArrayBuffer(4)),
    new Float32Array(new SharedArrayBuffer(8)),
    new ArrayBuffer(8),
    new Map([["x", 1]]),
    new Set([1]),
    new Date(0),
    /x/,
    new Error("x"),
    Promise.resolve(tensor([1])),
    new AbortController().signal,
    AbortSignal.abort(new UserError("stopped")),
    model,
    weights,
    new nn.Parameter(tensor([1, 2])),
    weights.parameters(),
    new optim.SGD(weights.parameters(), { lr: 0.1 }),
    new optim.Adam(model.parameters()),
    weights.stateDict(),
    new data.Bytes(new Uint8Array(6), [2, 3]),
    new data.Dataset({ x: tensor([[1, 2, 3]]), y: tensor([0], { dtype: "int32" }) }),
    new Generator(1),
  ];
}

/** Values that a caller without types may pass, made anew. */
export class Hostile {
  readonly #kinds: readonly (readonly unknown[])[];
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
    const plain = [undefined, null, true, false, 3n, Symbol("s"), "", ...TEXTS];
    this.#kinds = [tensors(), tensors(), NUMBERS, plain, functions(), objects()];
  }

  value(): unknown {
    const kind = this.#dice.below(this.#kinds.length + 2);
    if (kind < this.#kinds.length) return this.#dice.of(this.#kinds[kind] as readonly unknown[]);
    return kind === this.#kinds.length ? this.#options() : this.#list();
  }

  list(most: number): unknown[] {
    return Array.from({ length: this.#dice.below(most + 1) }, () => this.value());
  }

  #options(): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    for (let count = this.#dice.below(4); count > 0; count--) options[this.#dice.of(NAMES)] = this.#simple();
    return options;
  }

  #list(): unknown[] {
    return Array.from({ length: this.#dice.below(4) }, () => this.#simple());
  }

  #simple(): unknown {
    return this.#dice.of(this.#dice.of(this.#kinds));
  }
}
