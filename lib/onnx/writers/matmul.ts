// Products of matrices.

import type { Tensor } from "../../tensor/tensor.js";
import type { Attributes, GraphBuilder, Ref } from "../graph.js";
import { POINTWISE } from "../pointwise.js";
import type { Call, Writer } from "./call.js";
import { Formula } from "./elementwise.js";

/** Applies the activation that a user's op gives the instruction. */
function activated<F extends "matmul" | "matmul_batch">(call: Call<F>, product: Ref): Ref {
  const activation = call.choice("activation");
  const known = POINTWISE[activation];
  return known === undefined ? product : call.graph.node(known.operator, [product]);
}

// A Linear layer is one Gemm.
export const matmul: Writer<"matmul"> = (call) => {
  if (call.optional("state") !== null || call.optional("scale") !== null)
    return call.refuse("it is fused with a derivative or a factor");
  return activated(call, product(call));
};

function product(call: Call<"matmul">): Ref {
  const [alpha, beta] = [call.param("alpha"), call.param("beta")];
  const addend = call.optional("bias") ?? (beta === 0 ? null : call.optional("addend"));
  const transposes = [call.param("transposeA"), call.param("transposeB")] as const;
  const f = new Formula(call.graph, call.y.dtype);
  const factor = call.optional("bias") === null ? beta : 1;
  if (addend === null && alpha === 1 && transposes[0] === 0 && transposes[1] === 0)
    return f.of("MatMul", call.read("a"), call.read("b"));
  // onnxruntime's Gemm forgets the addend where there is nothing to multiply.
  if (call.param("K") === 0 && addend !== null) return withoutProduct(call, f, addend, factor);
  // An attribute is a float32: a factor of float64 that it cannot hold is a product of its own.
  const fits = (value: number): boolean => call.y.dtype === "float32" || Math.fround(value) === value;
  const scaled = (x: Ref, value: number): Ref => (fits(value) ? x : f.of("Mul", x, value));
  const attributes: Attributes = {
    ...(fits(alpha) && alpha !== 1 ? { alpha: { float: alpha } } : {}),
    ...(addend !== null && fits(factor) && factor !== 1 ? { beta: { float: factor } } : {}),
    ...(transposes[0] === 1 ? { transA: { int: 1 } } : {}),
    ...(transposes[1] === 1 ? { transB: { int: 1 } } : {}),
  };
  const inputs = [scaled(call.read("a"), alpha), call.read("b")];
  if (addend !== null) {
    const name = call.optional("bias") === null ? "addend" : "bias";
    inputs.push(scaled(call.read(name), factor));
  }
  return call.graph.node("Gemm", inputs, attributes);
}

/** factor · addend, in the result's shape. */
function withoutProduct(call: Call<"matmul">, f: Formula, addend: Tensor, factor: number): Ref {
  const [ref] = call.readAll([addend]);
  const scaled = factor === 1 ? (ref as Ref) : f.of("Mul", ref as Ref, factor);
  return call.graph.node("Expand", [scaled, call.graph.sizes(call.y.shape)]);
}

export const matmulBatch: Writer<"matmul_batch"> = (call) => {
  const side = (name: "a" | "b", transpose: "transposeA" | "transposeB"): Ref => {
    const ref = call.read(name);
    return call.param(transpose) === 1 ? transposeLast(call.graph, ref, call.operand(name).rank) : ref;
  };
  if (call.optional("bias") !== null) return call.refuse("it is fused with a bias");
  return activated(call, call.graph.node("MatMul", [side("a", "transposeA"), side("b", "transposeB")]));
};

/** The last two axes changed for each other. */
function transposeLast(graph: GraphBuilder, x: Ref, rank: number): Ref {
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  return graph.node("Transpose", [x], { perm: { ints: perm } });
}
