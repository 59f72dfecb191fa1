// Products with sparse matrices, as products with dense ones: ONNX's operators know no pattern.
import { allocate } from "../../tensor/dtype.js";
import type { Ref } from "../graph.js";
import type { Call, Writer } from "./call.js";

export const sparse: Writer<"sparse"> = (call) => {
  if (call.param("samples") !== 1) return call.refuse("it has a matrix for each sample");
  if (call.operand("starts").storage.isSymbolic || call.operand("index").storage.isSymbolic) {
    return call.refuse("its pattern is not known");
  }
  return call.name === "sparse_product" ? product(call) : sampled(call);
};

/** Where entry e stands in a matrix that is a list: `at(row, column)`. */
function places(call: Call<"sparse">, at: (row: number, column: number) => number): Ref {
  const [rows, entries] = [call.param("rows"), call.param("entries")];
  const starts = call.operand("starts").storage.forReading();
  const index = call.operand("index").storage.forReading();
  const positions = allocate("int32", entries);
  for (let row = 0; row < rows; row++) {
    for (let e = starts[row] as number; e < (starts[row + 1] as number); e++) {
      positions[e] = at(row, index[e] as number);
    }
  }
  return call.graph.constant(positions, [entries], "int32");
}

/** x·wᵀ + bias, with wᵀ [columns, rows] made of its entries. */
function product(call: Call<"sparse">): Ref {
  const { graph, y } = call;
  const [rows, columns] = [call.param("rows"), call.param("columns")];
  const zero = graph.constant(allocate(y.dtype, 1), [], y.dtype);
  const zeros = graph.node("Expand", [zero, graph.sizes([columns * rows])]);
  const values =
    call.optional("order") === null
      ? call.read("values")
      : graph.node("Gather", [call.read("values"), call.read("order")], { axis: { int: 0 } });
  const transposed = places(call, (row, column) => column * rows + row);
  const filled =
    call.param("entries") === 0
      ? zeros
      : graph.node("ScatterElements", [zeros, transposed, values], { axis: { int: 0 } });
  const w = graph.reshape(filled, [columns, rows]);
  const multiplied = graph.node("MatMul", [call.read("x"), w]);
  return call.optional("bias") === null ? multiplied : graph.node("Add", [multiplied, call.read("bias")]);
}

/** The elements of aᵀ·x [rows, columns] where there are entries. */
function sampled(call: Call<"sparse">): Ref {
  const { graph } = call;
  const [rows, columns] = [call.param("rows"), call.param("columns")];
  const transposed = graph.node("Transpose", [call.read("a")], { perm: { ints: [1, 0] } });
  const all = graph.reshape(graph.node("MatMul", [transposed, call.read("x")]), [rows * columns]);
  const wanted = places(call, (row, column) => row * columns + column);
  return graph.node("Gather", [all, wanted], { axis: { int: 0 } });
}
