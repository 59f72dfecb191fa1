// What moves elements: permuting, repeating, cutting, joining, looking up by an index.
import { allocate } from "../../tensor/dtype.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { GraphBuilder, Ref } from "../graph.js";
import { axisOf, type Call, OTHER_AXES, type Writer } from "./call.js";

/** The attributes of the ops that are strided copies, as their files define them. */
interface Attributes {
  readonly dims: readonly number[];
  readonly dim: number;
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** By the op. */
const STRIDED: Readonly<Record<string, (call: Call<"strided">, attributes: Attributes) => Ref>> = {
  permute: (call, { dims }) => call.graph.node("Transpose", [call.read("x")], { perm: { ints: dims } }),
  expand: (call) => call.graph.node("Expand", [call.read("x"), call.graph.sizes(call.y.shape)]),
  slice: (call, { dim, start, count, step }) => {
    const end = count === 0 ? start : start + (count - 1) * step + 1;
    return cut(call.graph, call.read("x"), [{ dim, start, end, step }]);
  },
  flip: (call, { dims }) =>
    cut(
      call.graph,
      call.read("x"),
      dims.map((dim) => ({ dim, start: -1, end: BEFORE_ALL, step: -1 })),
    ),
  // Of the rows one after the other, each (n + 1)th element, until rows or columns end.
  diagonal: (call) => {
    const x = call.operand("x");
    const [m, n] = x.shape.slice(-2) as [number, number];
    const flat = call.graph.reshape(call.read("x"), [...x.shape.slice(0, -2), m * n]);
    const count = Math.min(m, n);
    if (count === 0) return flat;
    return cut(call.graph, flat, [
      { dim: x.rank - 2, start: 0, end: (count - 1) * (n + 1) + 1, step: n + 1 },
    ]);
  },
};

// An end before the first position, whatever the size. It fits in 32 bits, which some readers have.
const BEFORE_ALL = -(2 ** 31);

interface Cut {
  readonly dim: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function cut(graph: GraphBuilder, x: Ref, cuts: readonly Cut[]): Ref {
  const list = (of: (cut: Cut) => number): Ref => graph.sizes(cuts.map(of));
  const bounds = [list(({ start }) => start), list(({ end }) => end)];
  return graph.node("Slice", [x, ...bounds, list(({ dim }) => dim), list(({ step }) => step)]);
}

export const strided: Writer<"strided"> = (call) => {
  const { op, attributes } = call.recorded.applied ?? {};
  const known = op === undefined || op.isCustom ? undefined : STRIDED[op.name];
  return known === undefined ? byPositions(call) : known(call, attributes as Attributes);
};

/** Any strided copy, by the positions of its elements in the flat input. */
function byPositions(call: Call<"strided">): Ref {
  const { graph, y, recorded } = call;
  const rank = call.param("rank");
  const shape = recorded.params.slice(1, 1 + rank);
  const strides = recorded.params.slice(1 + rank, 1 + 2 * rank);
  const positions = allocate("int32", y.size);
  for (let i = 0; i < y.size; i++) {
    let [rest, position] = [i, call.param("offset")];
    for (let d = rank - 1; d >= 0; d--) {
      position += (rest % (shape[d] as number)) * (strides[d] as number);
      rest = Math.floor(rest / (shape[d] as number));
    }
    positions[i] = position;
  }
  const flat = graph.reshape(call.read("x"), [call.operand("x").size]);
  const index = graph.constant(positions, y.shape, "int32");
  return graph.node("Gather", [flat, index], { axis: { int: 0 } });
}

export const concat: Writer<"concat"> = (call) => {
  const inputs = call.operands("inputs");
  const outer = call.param("outer");
  const { shape } = call.y;
  // Of several axes that fit, all have one element before them: then the one along which the sizes add up.
  const axis = shape.findIndex(
    (size, d) =>
      sizeOf(shape.slice(0, d)) === outer &&
      inputs.reduce((sum, x) => sum + (x.shape[d] as number), 0) === size &&
      inputs.every((x) => x.shape.every((own, other) => other === d || own === shape[other])),
  );
  if (axis < 0) return call.refuse(OTHER_AXES);
  return call.graph.node("Concat", call.readAll(inputs), { axis: { int: axis } });
};

/** The axis that the index is along, in the longer and the shorter tensor. */
const axisOfIndex = (call: Call<"index">, long: Shape, short: Shape): number =>
  axisOf(long, call.param("outer"), call.param("axis"), short);

export const indexed: Writer<"index"> = (call) =>
  INDEXED[call.name]?.(call) ?? call.refuse("it is not known");

const INDEXED: Readonly<Record<string, Writer<"index">>> = {
  index_select: (call) => {
    const axis = axisOfIndex(call, call.operand("x").shape, call.y.shape);
    return call.graph.node("Gather", [call.read("x"), call.read("index")], { axis: { int: axis } });
  },
  gather: (call) => {
    const axis = axisOfIndex(call, call.operand("x").shape, call.y.shape);
    return call.graph.node("GatherElements", [call.read("x"), call.read("index")], { axis: { int: axis } });
  },
  // The index of a slice, for each of its elements.
  index_add: (call) => {
    const { graph } = call;
    const [source, index] = [call.operand("x"), call.operand("index")];
    const axis = axisOfIndex(call, call.y.shape, source.shape);
    const line = source.shape.map((_, d) => (d === axis ? index.size : 1));
    const each = graph.node("Expand", [graph.reshape(call.read("index"), line), graph.sizes(source.shape)]);
    return addInto(call, axis, each);
  },
  scatter_add: (call) =>
    addInto(call, axisOfIndex(call, call.y.shape, call.operand("x").shape), call.read("index")),
  scatter: (call) => {
    const axis = axisOfIndex(call, call.y.shape, call.operand("source").shape);
    const inputs = [call.read("x"), call.read("index"), call.read("source")];
    return call.graph.node("ScatterElements", inputs, { axis: { int: axis } });
  },
};

/** Zeros of y's shape, with x's elements added where the index says. */
function addInto(call: Call<"index">, axis: number, index: Ref): Ref {
  const { graph, y } = call;
  const zero = graph.constant(allocate(y.dtype, 1), [], y.dtype);
  const zeros = graph.node("Expand", [zero, graph.sizes(y.shape)]);
  const attributes = { axis: { int: axis }, reduction: { text: "add" } };
  return graph.node("ScatterElements", [zeros, index, call.read("x")], attributes);
}
