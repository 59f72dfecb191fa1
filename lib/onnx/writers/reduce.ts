// Reductions, and what goes along one axis.
import type { Tensor } from "../../tensor/tensor.js";
import type { Attributes, GraphBuilder, Ref } from "../graph.js";
import { axisOf, type Call, OTHER_AXES, spanOf, type Writer } from "./call.js";
import { castTo } from "./elementwise.js";

interface Reduction {
  readonly operator: string;
  /** Whether it is of truth values, which ONNX reduces as whole numbers. */
  readonly ofTruths?: true;
}

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  sum: { operator: "ReduceSum" },
  prod: { operator: "ReduceProd" },
  amax: { operator: "ReduceMax" },
  amin: { operator: "ReduceMin" },
  // Of no elements the sum is 0, and the smallest the largest number.
  any: { operator: "ReduceSum", ofTruths: true },
  all: { operator: "ReduceMin", ofTruths: true },
  count_nonzero: { operator: "ReduceSum", ofTruths: true },
  argmax: { operator: "ArgMax" },
  argmin: { operator: "ArgMin" },
};

export const reduce: Writer<"reduce"> = (call) => {
  const { operator, ofTruths } = REDUCTIONS[call.name] as Reduction;
  const { graph, y } = call;
  const x = call.operand("x");
  const span = spanOf(x.shape, call.param("outer"), call.param("axis"), y.shape);
  if (span === null) return call.refuse(OTHER_AXES);
  const axes = Array.from({ length: span[1] - span[0] }, (_, i) => span[0] + i);
  if (operator.startsWith("Arg")) return position(call, operator, axes);
  const of = ofTruths ? castTo(graph, castTo(graph, call.read("x"), "bool"), "int32") : call.read("x");
  const reduced = axes.length === 0 ? graph.node("Identity", [of]) : over(graph, operator, of, axes);
  return ofTruths && y.dtype === "bool" ? castTo(graph, reduced, "bool") : reduced;
};

/** A reduction over axes, which are an attribute before opset 18, but for a sum. */
function over(graph: GraphBuilder, operator: string, x: Ref, axes: readonly number[]): Ref {
  const keepdims: Attributes = { keepdims: { int: 0 } };
  if (operator === "ReduceSum" || graph.opset >= 18)
    return graph.node(operator, [x, graph.sizes(axes)], keepdims);
  return graph.node(operator, [x], { axes: { ints: axes }, ...keepdims });
}

/** The position of the first of the largest, or of the smallest. */
function position(call: Call<"reduce">, operator: string, axes: readonly number[]): Ref {
  const { graph } = call;
  const found = graph.node(operator, [call.read("x")], {
    axis: { int: axes[0] as number },
    keepdims: { int: 0 },
  });
  return castTo(graph, found, "int32");
}

export const cumsum: Writer<"cumsum"> = (call) =>
  call.graph.node("CumSum", [call.read("x"), call.graph.sizes([ownAxis(call.operand("x"), call)])]);

export const argsort: Writer<"argsort"> = (call) => {
  const x = call.operand("x");
  const axis = ownAxis(x, call);
  const attributes: Attributes = { axis: { int: axis }, largest: { int: call.param("descending") } };
  const inputs = [call.read("x"), call.graph.sizes([x.shape[axis] as number])];
  const [, indices] = call.graph.nodeOf("TopK", inputs, attributes, 2);
  return castTo(call.graph, indices as Ref, "int32");
};

/** The axis along which a result of x's shape is. */
const ownAxis = (x: Tensor, call: { param(name: "outer" | "axis"): number }): number =>
  axisOf(x.shape, call.param("outer"), call.param("axis"), x.shape);

/** Softmax and its logarithm, along the last axis. */
export const rows: Writer<"rows"> = (call) =>
  call.graph.node(call.name === "softmax" ? "Softmax" : "LogSoftmax", [call.read("x")], {
    axis: { int: -1 },
  });
