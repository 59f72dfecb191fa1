import type { Executable } from "../compiler/executable.js";
import { lives } from "../plan/arena.js";
import { type Instruction, isNumber, type Program, type Value, type ValueKind, written } from "../plan/ir.js";
import { bytesOf } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { describePlan } from "./schedule.js";
import { Sentence } from "./sentence.js";

const LETTER: Readonly<Record<ValueKind, string>> = {
  input: "x",
  state: "w",
  constant: "c",
  temporary: "t",
};

/**
 * A program as text: what each instruction computes and what it costs, which thread does it, and where
 * each value is.
 * @param batch of a loop, samples of a mini-batch; 0 for one step.
 */
export function explain(executable: Executable, batch: number): string {
  const { program, arena } = executable;
  const names = nameValues(program);
  const { instructions } = program;
  const costs = executable.costs();
  const flops = costs.map((cost) => cost.flops);
  const moved = costs.map((cost) => cost.bytes);
  const sum = (numbers: readonly number[]): string => count(numbers.reduce((a, b) => a + b, 0));
  const width = Math.max(9, ...[...flops, ...moved].map((number) => count(number).length));
  const cell = (text: string): string => text.padStart(width);
  const updated = (instruction: number) =>
    names.get(written(instructions[instruction] as Instruction)[0] as Value) as string;
  const threads = describePlan(executable.plan(batch), batch, updated);
  const rows = instructions.flatMap((instruction, i) => {
    const [first, ...more] = new Sentence(names).describe(instruction);
    const numbers = `${cell(count(flops[i] as number))}  ${cell(count(moved[i] as number))}`;
    const indent = " ".repeat(2 * width + 13);
    return [`${String(i).padStart(4)}  ${numbers}  ${first}`, ...more.map((line) => indent + line)];
  });
  const plural = instructions.length === 1 ? "" : "s";
  return [
    `program: ${instructions.length} instruction${plural}, ${sum(flops)} flops, ${sum(moved)} bytes moved, arena ${count(arena.bytes)} bytes`,
    `gives ${program.outputs.map((value) => names.get(value)).join(", ") || "nothing"}`,
    "",
    `      ${cell("flops")}  ${cell("bytes")}  instruction`,
    ...rows,
    "",
    ...(threads.length === 0 ? [] : [...threads, ""]),
    "buffers (x: inputs, w: parameters and other state, c: constants, t: temporaries, in the arena):",
    ...describeValues({ program, arena }, names),
  ].join("\n");
}

const count = (number: number): string => Math.round(number).toLocaleString("en");

/** Names in the order in which the values are met; a constant of one element is its value. */
function nameValues({ instructions, outputs }: Program): Map<Value, string> {
  const names = new Map<Value, string>();
  const next: Record<string, number> = {};
  for (const value of [...instructions.flatMap(({ operands }) => operands), ...outputs]) {
    if (value == null || names.has(value)) continue;
    if (isNumber(value)) {
      names.set(value, String(Number((value.contents?.[0] ?? 0).toPrecision(7))));
      continue;
    }
    const letter = LETTER[value.kind];
    const number = value.kind === "input" ? (value.argument as number) : (next[letter] ?? 0);
    next[letter] = number + 1;
    names.set(value, `${letter}${number}`);
  }
  return names;
}

function describeValues(
  { program, arena }: Pick<Executable, "program" | "arena">,
  names: Map<Value, string>,
) {
  const life = new Map(lives(program).map((one) => [one.value, one]));
  const order = (value: Value): string => {
    const name = names.get(value) as string;
    return "xwct".indexOf(name[0] as string) + name.slice(1).padStart(9, "0");
  };
  return [...names.keys()]
    .filter((value) => !isNumber(value))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((value) => {
      const { first, last } = life.get(value) ?? {};
      const end = last === program.instructions.length ? "the end" : last;
      const place =
        value.kind === "temporary"
          ? `at ${count(arena.offsets.get(value) ?? 0)}, from instruction ${first} to ${end}`
          : "";
      const what = `${names.get(value)} ${format(value.shape)} ${value.dtype}`;
      return `      ${what.padEnd(28)} ${count(bytesOf(value)).padStart(11)} bytes  ${place}`.trimEnd();
    });
}
