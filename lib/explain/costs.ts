import { descriptionOf } from "../native/instructions.js";
import { type Instruction, read, type Value, written } from "../plan/ir.js";
import { Named } from "../plan/named.js";
import { bytesOf } from "../tensor/dtype.js";

/** Operations for each element that is read, of what does more than one. */
const PER_ELEMENT: Readonly<Record<string, number>> = {
  logsumexp: 4,
  softmax: 5,
  log_softmax: 5,
  cross_entropy: 4,
  cross_entropy_slope: 6,
  cross_entropy_both: 7,
};
const MOVES: ReadonlySet<string> = new Set(["copy", "strided", "concat", "index_select", "gather"]);
const DRAWS: ReadonlySet<string> = new Set(["uniform", "normal", "permutation"]);

/** Operations on each of a stack of matrices [n, n] with right-hand sides [n, m]. */
const LINEAR_ALGEBRA: Readonly<Record<string, (n: number, m: number) => number>> = {
  cholesky: (n) => n ** 3 / 3,
  solve_triangular: (n, m) => n * n * m,
  solve: (n, m) => (2 / 3) * n ** 3 + 2 * n * n * m,
  slogdet: (n) => (2 / 3) * n ** 3,
};

/**
 * The arithmetic that an instruction does, roughly: an addition, a product, a comparison or a call of a
 * function of one element counts as one.
 */
export function flopsOf(instruction: Instruction): number {
  const { name, params, operands } = instruction;
  if (MOVES.has(name) || DRAWS.has(name)) return 0;
  if (name === "check_finite") return operands[0]?.size ?? 0;
  if (name === "matmul") return matmulFlops(instruction);
  if (name === "matmul_batch") return 2 * params.slice(0, 4).reduce((product, size) => product * size, 1);
  if (name in LINEAR_ALGEBRA) return linearAlgebraFlops(instruction);
  if (name === "sgd" || name === "adam") return updateFlops(instruction);
  const update = descriptionOf(name).update;
  if (update?.gradient === "outer") return outerUpdateFlops(update.rule, params);
  if (update?.gradient === "product") return productUpdateFlops(update.rule, params);
  if (name === "chain") return (params[0] as number) * (params[2] as number);
  const results = Math.max(...written(instruction).map(({ size }) => size));
  const inputs = Math.max(...operands.map((operand) => operand?.size ?? 0));
  return (PER_ELEMENT[name] ?? 1) * Math.max(results, inputs);
}

function linearAlgebraFlops({ name, params }: Instruction): number {
  const [count, n, m = 0] = params as [number, number, number?];
  return count * Math.round(LINEAR_ALGEBRA[name]?.(n, m) ?? 0);
}

function matmulFlops(instruction: Instruction): number {
  const product = new Named<"matmul">(instruction);
  const has = (operand: "bias" | "state"): number => (product.operand(operand) === null ? 0 : 1);
  const accumulates = product.param("beta") !== 0 ? 1 : 0;
  const activates = product.param("activation") !== 0 ? 1 : 0;
  // The slope is found and multiplied with.
  const [M, N, K] = [product.param("M"), product.param("N"), product.param("K")];
  return M * N * (2 * K + has("bias") + accumulates + activates + 2 * has("state"));
}

function updateFlops({ name, params }: Instruction): number {
  const tensors = params[0] as number;
  const elements = params.slice(1, 1 + tensors).reduce((sum, size) => sum + size, 0);
  return elements * updateFlopsAnElement(name, params.slice(1 + tensors));
}

/** The gradient's elements are products that are formed here. */
function outerUpdateFlops(rule: string, params: readonly number[]): number {
  const [rows, columns, ...settings] = params as [number, number, ...number[]];
  return rows * columns * (1 + updateFlopsAnElement(rule, settings));
}

function productUpdateFlops(rule: string, params: readonly number[]): number {
  const [M, N, K] = params as [number, number, number];
  return M * N * (2 * K + updateFlopsAnElement(rule, params.slice(6)));
}

function updateFlopsAnElement(name: string, settings: readonly number[]): number {
  if (name === "adam") return settings[3] === 0 ? 12 : 14;
  const [momentum, , weightDecay, nesterov] = settings;
  return 2 + (momentum === 0 ? 0 : 3) + (weightDecay === 0 ? 0 : 2) + (nesterov === 0 ? 0 : 2);
}

/** The bytes that an instruction reads and writes, each operand once. */
export function bytesMoved(instruction: Instruction): number {
  const total = (values: readonly Value[]): number =>
    [...new Set(values)].reduce((sum, value) => sum + bytesOf(value), 0);
  const results = total(written(instruction));
  // Of what it picks from it reads only what it picks.
  if (MOVES.has(instruction.name)) return 2 * results;
  return results + total(read(instruction));
}
