import { binding, type InstructionDescription, instructionId } from "../native/binding.js";
import { Groups } from "./groups.js";
import { type Buffer, countUses, type Instruction, type Program, producers, read } from "./ir.js";

// Longer ones would need more room between their ops than the first-level cache has.
const MAX_OPS = 32;

/** The number of inputs of each elementwise instruction. */
const INPUTS: Readonly<Record<string, number>> = Object.fromEntries([
  ...["add", "sub", "mul", "div", "pow", "maximum", "minimum"].map((name) => [name, 2]),
  ...["copy", "neg", "abs", "sign", "square", "sqrt", "reciprocal"].map((name) => [name, 1]),
  ...["exp", "log", "tanh", "sigmoid", "relu", "heaviside"].map((name) => [name, 1]),
  ...["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh"].map((name) => [name, 1]),
  ...["acosh", "atanh", "expm1", "log1p", "exp2", "log2", "log10", "erf"].map((name) => [name, 1]),
  ...["erfc", "rsqrt", "floor", "ceil", "round", "trunc"].map((name) => [name, 1]),
  ["atan2", 2],
  ...["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"].map((name) => [name, 2]),
  ...["logical_and", "logical_or"].map((name) => [name, 2]),
  ...["logical_not", "is_finite"].map((name) => [name, 1]),
  ["where", 3],
  ...["to_float32", "to_float64", "to_int32", "to_bool"].map((name) => [name, 1]),
]);

/** How many inputs an elementwise instruction has; null for any other. */
export function elementwiseInputs(name: string): number | null {
  return INPUTS[name] ?? null;
}

/**
 * Elementwise instructions over the same number of elements that read one another's results: one
 * instruction, which does all of them on a block of elements before it goes on to the next block. What only
 * they read is never written to memory. Each op runs the kernel that it would have run alone: same bits.
 */
export function fuseElementwise(program: Program): Program {
  const { instructions } = program;
  const makers = producers(program);
  const position = new Map(instructions.map((instruction, at) => [instruction, at]));
  const groups = new Groups(program);
  // From the end, so that what could be done early or late, such as the slope of an activation, goes with
  // what reads it: done early, it would have to be kept.
  for (let at = instructions.length - 1; at >= 0; at--) {
    const instruction = instructions[at] as Instruction;
    const size = chainSize(instruction);
    if (size === null) continue;
    for (const buffer of read(instruction)) {
      const maker = makers.get(buffer);
      if (maker === undefined || chainSize(maker) !== size) continue;
      const [from, to] = [groups.of(position.get(maker) as number), groups.of(at)];
      if (from.length + to.length <= MAX_OPS) groups.join(from, to);
    }
  }
  const uses = countUses(program);
  return {
    ...program,
    instructions: groups.inOrder().map((group) => {
      const members = group.map((at) => instructions[at] as Instruction);
      return members.length === 1 ? (members[0] as Instruction) : chain(members, uses);
    }),
  };
}

/** The number of elements that an instruction goes over, or null where it cannot be part of a chain. */
function chainSize({ name, params, operands }: Instruction): number | null {
  const inputs = INPUTS[name];
  if (inputs === undefined) return null;
  // One axis only, along which each input has a value for each element or one for all.
  const [rank, size] = params as [number, number];
  const result = operands[inputs] as Buffer;
  return rank === 1 && size > 0 && result.kind === "temporary" ? size : null;
}

/** The native chain: n, inputs, ops; then of each op its instruction, its inputs, whether its result is kept. */
function chain(members: readonly Instruction[], uses: ReadonlyMap<Buffer, number>): Instruction {
  const results = members.map(({ operands, writes }) => operands[writes[0] as number] as Buffer);
  const inner = new Set(results);
  const inside = new Map<Buffer, number>();
  const outer = new Set<Buffer>();
  for (const buffer of members.flatMap(read)) {
    if (inner.has(buffer)) inside.set(buffer, (inside.get(buffer) ?? 0) + 1);
    else outer.add(buffer);
  }
  const inputs = [...outer];
  const number = new Map([...inputs, ...results].map((buffer, value) => [buffer, value]));
  // What nobody reads is kept as well: leaving it out is another pass's matter.
  const kept = results.map(
    (buffer) => inside.get(buffer) === undefined || inside.get(buffer) !== uses.get(buffer),
  );
  const outputs = results.filter((_, k) => kept[k]);
  return {
    name: "chain",
    params: [
      members[0]?.params[1] as number,
      inputs.length,
      members.length,
      ...members.flatMap((member, k) => [
        instructionId(member.name),
        ...read(member).map((buffer) => number.get(buffer) as number),
        Number(kept[k]),
      ]),
    ],
    operands: [...inputs, ...outputs],
    writes: outputs.map((_, i) => inputs.length + i),
  };
}

/** One op of a chain: values are numbered, the chain's inputs first and then the result of each op. */
export interface ChainOp {
  readonly name: string;
  readonly from: readonly number[];
  readonly kept: boolean;
}

/** What a chain does, read back from its parameters. */
export function chainOps({ params }: Instruction): ChainOp[] {
  const ops: ChainOp[] = [];
  for (let at = 3; at < params.length; ) {
    const { name } = binding.instructions[params[at] as number] as InstructionDescription;
    const inputs = INPUTS[name] as number;
    ops.push({ name, from: params.slice(at + 1, at + 1 + inputs), kept: params[at + 1 + inputs] === 1 });
    at += inputs + 2;
  }
  return ops;
}
