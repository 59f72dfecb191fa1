import { unchangedBetween } from "./hazards.js";
import { countUses, type Instruction, type Program, producers, type Value } from "./ir.js";
import { isNamed, type Named } from "./named.js";

type Batch = Named<"matmul_batch">;

/** Fuses matmul_batch and the addition of a row to each row of its products, one for each product or one for all. */
export function fuseBias(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const fused = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    const sum = isNamed(instruction, "elementwise", "add");
    if (sum === null) continue;
    for (const [input, row] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const products = sum.required(input);
      const batch = isNamed(makers.get(products), "matmul_batch", "matmul_batch");
      if (batch === null || uses.get(products) !== 1 || !batch.lacks("bias")) continue;
      if (batch.param("activation") !== 0 || gone.has(batch.instruction)) continue;
      const eachBias = eachRow(batch, sum, { products: STRIDES[input], row: STRIDES[row] });
      const bias = sum.required(row);
      // The fused instruction runs at the place of the sum, where the bias is known.
      const reads: (Value | null)[] = [batch.operand("a"), batch.operand("b")];
      if (eachBias === null || !unchangedBetween(program, reads, batch.instruction, instruction)) continue;
      const operands = { bias, c: sum.required("y") };
      fused.set(instruction, batch.with({ operands, params: { eachBias: Number(eachBias) } }));
      gone.add(batch.instruction);
      break;
    }
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => fused.get(one) ?? one),
  };
}

const STRIDES = { a: "stridesA", b: "stridesB" } as const;
type Strides = (typeof STRIDES)["a" | "b"];

/**
 * Whether a sum adds a row of its own to the rows of each product: true; or the same one to all rows: false; null if it
 * adds something else.
 */
function eachRow(
  batch: Batch,
  sum: Named<"elementwise">,
  strides: { readonly products: Strides; readonly row: Strides },
): boolean | null {
  const [S, M, N] = [batch.param("S"), batch.param("M"), batch.param("N")];
  const found = [sum.params("shape"), sum.params(strides.products), sum.params(strides.row)];
  const is = (...expected: number[][]): boolean => String(found) === String(expected);
  if (is([S, M, N], [M * N, N, 1], [N, 0, 1])) return true;
  return is([S * M, N], [N, 1], [0, 1]) ? false : null;
}
