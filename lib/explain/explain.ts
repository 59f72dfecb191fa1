import { backendInfo } from "../native/backend.js";
import { format } from "../tensor/shape.js";
import type { DescribedBuffer, ProgramDescription } from "./describe.js";
import { describeSchedule } from "./schedule.js";

/** A program as text: its instructions with their costs, the work of each thread, and the place of each value. */
export function explain(program: ProgramDescription): string {
  const { instructions, arenaBytes } = program;
  const { slow } = backendInfo();
  const flops = instructions.map((instruction) => instruction.flops);
  const moved = instructions.map((instruction) => instruction.bytes);
  const sum = (numbers: readonly number[]): string => count(numbers.reduce((a, b) => a + b, 0));
  const width = Math.max(9, ...[...flops, ...moved].map((number) => count(number).length));
  const cell = (text: string): string => text.padStart(width);
  const threads = describeSchedule(program);
  const rows = instructions.flatMap(({ number, text: [first, ...more] }) => {
    const numbers = `${cell(count(flops[number] as number))}  ${cell(count(moved[number] as number))}`;
    const indent = " ".repeat(2 * width + 13);
    return [`${String(number).padStart(4)}  ${numbers}  ${first}`, ...more.map((line) => indent + line)];
  });
  const plural = instructions.length === 1 ? "" : "s";
  return [
    `program: ${instructions.length} instruction${plural}, ${sum(flops)} flops, ${sum(moved)} bytes moved, arena ${count(arenaBytes)} bytes`,
    ...(slow === null ? [] : [slow]),
    `gives ${program.outputs.join(", ") || "nothing"}`,
    "",
    `      ${cell("flops")}  ${cell("bytes")}  instruction`,
    ...rows,
    "",
    ...(threads.length === 0 ? [] : [...threads, ""]),
    "buffers (x: inputs, w: parameters and other state, c: constants, t: temporaries, in the arena):",
    ...program.buffers.map((buffer) => describeBuffer(buffer, instructions.length)),
  ].join("\n");
}

const count = (number: number): string => Math.round(number).toLocaleString("en");

function describeBuffer({ name, shape, dtype, bytes, place }: DescribedBuffer, end: number): string {
  const where =
    place === null
      ? ""
      : `at ${count(place.offset)}, from instruction ${place.first} to ${place.last === end ? "the end" : place.last}`;
  const what = `${name} ${format(shape)} ${dtype}`;
  return `      ${what.padEnd(28)} ${count(bytes).padStart(11)} bytes  ${where}`.trimEnd();
}
