// One graph for all batch sizes, from the graphs of three: what differs between them is a function of the batch size.
import { allocate, type DType, isFloat, type TypedArray } from "../tensor/dtype.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import {
  type Constant,
  type Graph,
  GraphBuilder,
  type GraphNode,
  type GraphValue,
  type Ref,
} from "./graph.js";
import { type Problem, RESULT } from "./translate.js";
import { castTo, Formula } from "./writers/elementwise.js";

/** Sizes of a value; those that depend on the batch as text. */
export interface SymbolicValue extends Omit<GraphValue, "shape"> {
  readonly shape: readonly (number | string)[];
}

export interface SymbolicGraph extends Omit<Graph, "inputs" | "outputs"> {
  readonly inputs: readonly SymbolicValue[];
  readonly outputs: readonly SymbolicValue[];
}

/** Three of something, one for each batch size. */
type Three<T> = readonly [T, T, T];

const zip = <T>([a, b, c]: Three<readonly T[]>): Three<T>[] =>
  a.map((one, i) => [one, b[i] as T, c[i] as T] as const);

const of = <T, U>([a, b, c]: Three<T>, f: (one: T) => U): Three<U> => [f(a), f(b), f(c)];

/** slope·batch / divisor + offset */
interface Affine {
  readonly slope: number;
  readonly divisor: number;
  readonly offset: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** Whole numbers as a function of the batch size; null if they are none that is so simple. */
function fit(values: Three<number>, batches: Three<number>): Affine | null {
  if (!values.every(Number.isSafeInteger)) return null;
  const [rise, run] = [values[1] - values[0], batches[1] - batches[0]];
  const common = gcd(rise, run);
  const [slope, divisor] = [rise / common, run / common];
  const offset = values[0] - (slope * batches[0]) / divisor;
  const holds = values.every((value, i) => (slope * (batches[i] as number)) / divisor + offset === value);
  return Number.isInteger(offset) && holds ? { slope, divisor, offset } : null;
}

/** The whole number for a batch size, divided as ONNX divides whole numbers. */
const valueAt = ({ slope, divisor, offset }: Affine, batch: number): number =>
  Math.trunc((slope * batch) / divisor) + offset;

const BATCH = "batch";

function asText({ slope, divisor, offset }: Affine): string {
  const product = `${slope === 1 ? "" : `${slope}*`}${BATCH}${divisor === 1 ? "" : `/${divisor}`}`;
  return offset === 0 ? product : `${product}${offset > 0 ? "+" : ""}${offset}`;
}

/** The graph for one batch size. */
export interface GraphOfBatch {
  readonly batch: number;
  readonly graph: Graph;
}

/** A batch size for which the recorded graph is not the one for any batch size. It may give the same results still. */
export interface Doubt {
  readonly batch: number;
  /** Where they differ first. */
  readonly what: string;
}

export interface Merged {
  readonly graph: SymbolicGraph;
  readonly problems: readonly Problem[];
  readonly doubts: readonly Doubt[];
}

/**
 * The graph for any batch size.
 * @param input the input and the axis that the batch size is read from
 * @param others graphs to compare it with
 */
export function forAnyBatch(
  graphs: Three<Graph>,
  batches: Three<number>,
  input: { readonly name: Ref; readonly axis: number },
  opset: number,
  others: readonly GraphOfBatch[],
): Merged {
  return new Merger(graphs, batches, input, opset).merge(others);
}

class Merger {
  readonly #graphs: Three<Graph>;
  readonly #batches: Three<number>;
  readonly #problems: Problem[] = [];
  readonly #constants = new Map<Ref, Constant>();
  /** Makes the nodes that compute what depends on the batch size. They come first. */
  readonly #builder: GraphBuilder;
  readonly #batch: () => Ref;
  readonly #sizes = new Map<string, Ref>();
  /** What a constant is in the merged graph, if it depends on the batch size. */
  readonly #computed = new Map<Ref, Ref>();
  /** Whether a constant that depends on the batch size is in the merged graph what a recording has for its size. */
  readonly #tests = new Map<Ref, (recorded: Constant, batch: number) => boolean>();

  constructor(
    graphs: Three<Graph>,
    batches: Three<number>,
    { name, axis }: { readonly name: Ref; readonly axis: number },
    opset: number,
  ) {
    this.#graphs = graphs;
    this.#batches = batches;
    const [{ inputs, nodes, constants }] = graphs;
    const names = [
      ...inputs.map((one) => one.name),
      ...nodes.flatMap(({ outputs }) => outputs),
      ...constants.keys(),
    ];
    this.#builder = new GraphBuilder(opset, [...names, BATCH]);
    this.#builder.scope = BATCH;
    this.#batch = once(() =>
      this.#builder.node("Shape", [name], { start: { int: axis }, end: { int: axis + 1 } }),
    );
  }

  merge(others: readonly GraphOfBatch[]): Merged {
    const [first] = this.#graphs;
    if (this.#differ()) return { graph: first, problems: this.#problems, doubts: [] };
    for (const [ref] of first.constants) this.#mergeConstant(ref);
    const nodes = first.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((ref) => this.#computed.get(ref) ?? ref),
    }));
    const graph = {
      inputs: zip(of(this.#graphs, ({ inputs }) => inputs)).map((values) => this.#valueOf(values)),
      outputs: zip(of(this.#graphs, ({ outputs }) => outputs)).map((values, i) =>
        this.#valueOf(
          values,
          others.map(({ batch, graph }) => ({ batch, value: graph.outputs[i] as GraphValue })),
        ),
      ),
      nodes: [...this.#builder.nodes, ...nodes],
      constants: new Map([...this.#constants, ...this.#builder.constants]),
    };
    const doubts = others.flatMap((other) => {
      const what = this.#differenceOf(other);
      return what === null ? [] : [{ batch: other.batch, what }];
    });
    return { graph, problems: this.#problems, doubts };
  }

  /** Where a recorded graph is not the merged one for its batch size; null if it is. */
  #differenceOf({ batch, graph }: GraphOfBatch): string | null {
    const [first] = this.#graphs;
    const length = Math.max(first.nodes.length, graph.nodes.length);
    for (let i = 0; i < length; i++) {
      if (keyOf(first.nodes[i]) !== keyOf(graph.nodes[i])) {
        return first.nodes[i]?.origin ?? RESULT;
      }
    }
    for (const [ref, constant] of first.constants) {
      const recorded = graph.constants.get(ref);
      const isRight = this.#tests.get(ref) ?? ((other) => isSame(constant, other));
      if (recorded === undefined || !isRight(recorded, batch)) return this.#userOf(ref);
    }
    const areSame = first.outputs.every(
      ({ dtype, shape }, i) =>
        dtype === graph.outputs[i]?.dtype && shape.length === graph.outputs[i]?.shape.length,
    );
    return areSame ? null : RESULT;
  }

  /** What the user wrote that uses a constant. */
  #userOf(ref: Ref): string {
    return this.#graphs[0].nodes.find(({ inputs }) => inputs.includes(ref))?.origin ?? "a constant";
  }

  /** Whether the nodes themselves depend on the batch size. */
  #differ(): boolean {
    const lists = of(this.#graphs, ({ nodes }) => nodes);
    const at = zip<GraphNode | undefined>(lists).findIndex((nodes) => {
      const [a, b, c] = of(nodes, keyOf);
      return a !== b || a !== c;
    });
    const isLonger = lists.some(({ length }) => length !== lists[0].length);
    if (at < 0 && !isLonger) return false;
    const origin = (lists[0][at] ?? lists[0].at(-1))?.origin ?? "the graph";
    const reason = `it is another operator for a batch of ${this.#batches.join(", ")}; export it with dynamicBatch: false`;
    this.#problems.push({ what: origin, reason });
    return true;
  }

  /** @param others what it is for other batch sizes */
  #valueOf(
    values: Three<GraphValue>,
    others: readonly { readonly batch: number; readonly value: GraphValue }[] = [],
  ): SymbolicValue {
    const shape = zip(of(values, (value) => value.shape)).map((sizes, d) => {
      const affine = fit(sizes, this.#batches);
      const holds = others.every(
        ({ batch, value }) => affine !== null && value.shape[d] === valueAt(affine, batch),
      );
      if (affine === null || !holds) return `unknown_${sizes[0]}`;
      return affine.slope === 0 ? affine.offset : asText(affine);
    });
    return { ...values[0], shape };
  }

  #mergeConstant(ref: Ref): void {
    const three = of(this.#graphs, ({ constants }) => constants.get(ref) as Constant);
    const [first] = three;
    if (three.every((one) => isSame(first, one))) {
      this.#constants.set(ref, first);
      return;
    }
    const computed = this.#compute(ref, three);
    if (computed !== null) this.#computed.set(ref, computed);
    else {
      const reason = "its numbers depend on the batch size; export it with dynamicBatch: false";
      this.#problems.push({ what: this.#userOf(ref), reason });
    }
  }

  #compute(ref: Ref, three: Three<Constant>): Ref | null {
    const [a, b, c] = three;
    if (a.kind === "sizes" && b.kind === "sizes" && c.kind === "sizes")
      return this.#computeSizes(ref, [a.values, b.values, c.values]);
    if (a.kind === "constant" && b.kind === "constant" && c.kind === "constant")
      return this.#computeConstant(ref, [a, b, c]);
    return null;
  }

  #computeSizes(ref: Ref, lists: Three<readonly number[]>): Ref | null {
    if (lists.some(({ length }) => length !== lists[0].length)) return null;
    const open = zip(lists).map(([a, b, c]) => (a === b && a === c ? a : -1));
    if (open.filter((size) => size === -1).length === 1 && this.#isOnlyForReshape(ref)) {
      this.#constants.set(ref, { kind: "sizes", values: open });
      this.#tests.set(
        ref,
        ({ values }) =>
          values.length === open.length && open.every((size, i) => size === -1 || size === values[i]),
      );
      return ref;
    }
    this.#tests.set(ref, ({ values }, batch) => this.#areSizes(lists, values, batch));
    return this.#joinSizes(lists);
  }

  /** Whether these are the sizes for that batch size. */
  #areSizes(lists: Three<readonly number[]>, sizes: ArrayLike<number>, batch: number): boolean {
    const expected = zip(lists).map((three) => {
      const affine = fit(three, this.#batches);
      return affine === null ? null : valueAt(affine, batch);
    });
    return isSameList(expected as number[], sizes);
  }

  /** Sizes of which some depend on the batch size: int64 [n]. */
  #joinSizes(lists: Three<readonly number[]>): Ref | null {
    const sizes = zip(lists);
    const isFixed = sizes.map(([a, b, c]) => a === b && a === c);
    const parts: Ref[] = [];
    for (let i = 0; i < sizes.length; ) {
      let end = i;
      while (end < sizes.length && isFixed[end]) end++;
      if (end > i) parts.push(this.#builder.sizes(lists[0].slice(i, end)));
      else {
        const affine = fit(sizes[end++] as Three<number>, this.#batches);
        if (affine === null) return null;
        parts.push(this.#sizeRef(affine));
      }
      i = end;
    }
    return parts.length === 1 ? (parts[0] as Ref) : this.#builder.node("Concat", parts, { axis: { int: 0 } });
  }

  /** Reshape finds one size by itself. */
  #isOnlyForReshape(ref: Ref): boolean {
    const users = this.#graphs[0].nodes.filter(({ inputs }) => inputs.includes(ref));
    return users.every(
      ({ operator, inputs, attributes }) =>
        operator === "Reshape" && inputs[1] === ref && attributes["allowzero"] === undefined,
    );
  }

  /** A function of the batch size: int64 [1]. */
  #sizeRef({ slope, divisor, offset }: Affine): Ref {
    const key = [slope, divisor, offset].join();
    const known = this.#sizes.get(key);
    if (known !== undefined) return known;
    let ref = this.#batch();
    if (slope !== 1) ref = this.#builder.node("Mul", [ref, this.#builder.sizes([slope])]);
    if (divisor !== 1) ref = this.#builder.node("Div", [ref, this.#builder.sizes([divisor])]);
    if (offset !== 0) ref = this.#builder.node("Add", [ref, this.#builder.sizes([offset])]);
    this.#sizes.set(key, ref);
    return ref;
  }

  #computeConstant(ref: Ref, three: Three<Known>): Ref | null {
    const shapes = of(three, ({ shape }) => shape);
    if (shapes.some(({ length }) => length !== shapes[0].length)) return null;
    const isFixed = zip(shapes).map(([a, b, c]) => a === b && a === c);
    if (isFixed.every(Boolean)) return this.#computeNumber(ref, three);
    return this.#repeat(ref, three, isFixed);
  }

  /** A number: (slope·batch / divisor + offset)^±1, as counts and means have it. */
  #computeNumber(ref: Ref, three: Three<Known>): Ref | null {
    const [{ dtype, shape }] = three;
    if (three.some(({ values }) => values.length !== 1)) return null;
    const values = of(three, (one) => one.values[0] as number);
    const direct = fit(values, this.#batches);
    const inverse =
      direct === null && isFloat(dtype) ? fit(of(values, inverseOf(dtype)), this.#batches) : null;
    const affine = direct ?? inverse;
    if (affine === null) return null;
    const { slope, divisor, offset } = affine;
    // Half of a batch is a whole number for even ones alone.
    if (divisor !== 1 && !isFloat(dtype)) return null;
    this.#tests.set(ref, (recorded, batch) => {
      const number = (slope * batch + offset * divisor) / divisor;
      const expected = allocate(dtype, 1).fill(inverse === null ? number : 1 / number);
      return isSame({ kind: "constant", dtype, shape, values: expected }, recorded);
    });
    const formula = new Formula(this.#builder, dtype);
    const whole = this.#sizeRef({ slope, divisor: 1, offset: offset * divisor });
    const dividend = castTo(this.#builder, whole, dtype);
    const number = divisor === 1 ? dividend : formula.of("Div", dividend, divisor);
    return this.#builder.reshape(inverse === null ? number : formula.of("Reciprocal", number), shape);
  }

  /** A constant that repeats along the axes that depend on the batch: zeros [batch, hidden]. */
  #repeat(ref: Ref, three: Three<Known>, isFixed: readonly boolean[]): Ref | null {
    const cores = of(three, (one) => coreOf(one, isFixed));
    const [core] = cores;
    if (core === null || !cores.every((one) => one !== null && isSameList(one, core))) return null;
    const [{ shape, dtype }] = three;
    const base = this.#builder.constant(core, coreShape(shape, isFixed), dtype);
    const lists = of(three, (one) => one.shape);
    this.#tests.set(ref, (recorded, batch) => {
      if (recorded.kind === "sizes" || recorded.dtype !== dtype) return false;
      const own = coreOf(recorded, isFixed);
      return this.#areSizes(lists, recorded.shape, batch) && own !== null && isSameList(own, core);
    });
    const sizes = this.#joinSizes(lists);
    return sizes === null ? null : this.#builder.node("Expand", [base, sizes]);
  }
}

interface Known {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly values: TypedArray;
}

const coreShape = (shape: Shape, isFixed: readonly boolean[]): Shape =>
  shape.map((size, d) => (isFixed[d] ? size : 1));

/** What an array repeats along some of its axes; null if it does not. */
function coreOf({ dtype, shape, values }: Known, isFixed: readonly boolean[]): TypedArray | null {
  const small = coreShape(shape, isFixed);
  const core = allocate(dtype, sizeOf(small));
  const isSet = new Uint8Array(core.length);
  for (let i = 0; i < values.length; i++) {
    let [rest, at, stride] = [i, 0, 1];
    for (let d = shape.length - 1; d >= 0; d--) {
      if (isFixed[d]) {
        at += (rest % (shape[d] as number)) * stride;
        stride *= shape[d] as number;
      }
      rest = Math.floor(rest / (shape[d] as number));
    }
    if (isSet[at] === 0) core[at] = values[i] as number;
    else if (!Object.is(core[at], values[i])) return null;
    isSet[at] = 1;
  }
  return core;
}

/** 1/x, to the whole number next to it if x is that number's inverse in its dtype. */
const inverseOf =
  (dtype: DType) =>
  (value: number): number => {
    const whole = Math.round(1 / value);
    const rounded = dtype === "float32" ? Math.fround(1 / whole) : 1 / whole;
    return rounded === value ? whole : Number.NaN;
  };

const isSameList = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};

function isSame(a: Constant, b: Constant): boolean {
  if (a.kind === "sizes" || b.kind === "sizes") return a.kind === b.kind && isSameList(a.values, b.values);
  return a.dtype === b.dtype && isSameList(a.shape, b.shape) && isSameList(a.values, b.values);
}

/** What is the same in nodes that are the same. */
const keyOf = (node: GraphNode | undefined): string =>
  JSON.stringify([node?.operator, node?.inputs, node?.outputs, node?.attributes]);

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
