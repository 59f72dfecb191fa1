// Which file writes which family of instructions.
import type { RecordedWithin } from "../../context/trace.js";
import { descriptionOf, instructionName } from "../../native/instructions.js";
import type { Family } from "../../plan/named.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { GraphBuilder, Ref } from "../graph.js";
import { Call, NotExportable, type Writer } from "./call.js";
import { crossEntropy } from "./cross-entropy.js";
import { elementwise } from "./elementwise.js";
import { matmul, matmulBatch } from "./matmul.js";
import { concat, indexed, strided } from "./moving.js";
import { argsort, cumsum, reduce, rows } from "./reduce.js";
import { sparse } from "./sparse.js";

const WRITERS: { readonly [F in Family]?: Writer<F> } = {
  elementwise,
  matmul,
  matmul_batch: matmulBatch,
  reduce,
  cumsum,
  argsort,
  rows,
  strided,
  concat,
  index: indexed,
  sparse,
  cross_entropy: crossEntropy,
};

/** Why no instruction of the family can be written. */
const REASONS: { readonly [F in Family]?: string } = {
  random: "it draws random numbers",
  sample: "it draws random numbers",
};

const familyOf = (instruction: number): Family =>
  descriptionOf(instructionName(instruction)).family as Family;

/** Whether a family of instructions can be written, though not each of its instructions. */
export const isExportable = (instruction: number): boolean => WRITERS[familyOf(instruction)] !== undefined;

/**
 * Writes a recorded instruction to the graph.
 * @returns the value of its result
 * @throws NotExportable
 */
export function writeInstruction(
  recorded: RecordedWithin,
  graph: GraphBuilder,
  read: (tensor: Tensor) => Ref,
): Ref {
  const family = familyOf(recorded.instruction);
  const writer = WRITERS[family] as Writer<Family> | undefined;
  if (writer === undefined) throw new NotExportable(REASONS[family] ?? "ONNX has no such operator");
  return writer(new Call(recorded, graph, read));
}
