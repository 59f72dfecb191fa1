import { describe, expect, test } from "vitest";
import { backendInfo } from "../../lib/index.js";
import { binding, executeAny, type NativeArray } from "../../lib/native/binding.js";
import { instructionId } from "../../lib/native/instructions.js";
import { library, runModule } from "../child.js";

/** Calls the addon as no caller of ours does, in a process of its own: what it does wrong would end it. */
const fuzz = (seed: number, runs: number): string => `
import fc from "fast-check";
import { binding } from ${JSON.stringify(library.replace(/index\.js$/, "native/binding.js"))};

const GUARD = 64;
const kinds = [Float32Array, Float64Array, Int32Array, Uint8Array, Int16Array, BigInt64Array];
/** An array between guards, so that a write outside of it is seen. */
function guarded(kind, length) {
  const Kind = kinds[kind];
  const bytes = new Uint8Array(2 * GUARD + length * Kind.BYTES_PER_ELEMENT).fill(0xa5);
  const array = new Kind(bytes.buffer, GUARD, length);
  for (let i = 0; i < length; i++) array[i] = kind === 5 ? 1n : (i * 7) % 5;
  const whole = () => [...bytes.subarray(0, GUARD), ...bytes.subarray(GUARD + array.byteLength)].every((byte) => byte === 0xa5);
  return { array, whole };
}

const odd = fc.constantFrom(0.5, -1, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 31 - 1, 2 ** 32 + 3, 2 ** 36,
      -(2 ** 31), 2 ** 52, 2 ** 53, 2 ** 63, 1e300, -(2 ** 40));
const param = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 40 }) },
  { weight: 1, arbitrary: odd },
);
const strange = fc.oneof(
  fc.constant(null),
  fc.constantFrom("a", 1, undefined, {}, [1, 2], new DataView(new ArrayBuffer(8))),
  fc.record({ kind: fc.integer({ min: 0, max: 5 }), length: fc.integer({ min: 0, max: 4 }) }),
  // The same memory as an operand before.
  fc.record({ same: fc.integer({ min: 0, max: 3 }) }),
);
const rarely = (arbitrary, weight) => fc.oneof({ weight, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const call = fc.record({
  instruction: fc.integer({ min: 0, max: binding.instructions.length - 1 }),
  values: fc.array(param, { minLength: 40, maxLength: 40 }),
  dtype: fc.integer({ min: 0, max: 3 }),
  lengths: fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(64) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 }) }),
    { minLength: 40, maxLength: 40 }),
  left: fc.boolean(),
  // What is wrong with it, if anything is.
  number: rarely(fc.constantFrom(-1, 1000, 2 ** 32, NaN, "add"), 30),
  count: rarely(fc.constantFrom(-1, 64, 65, 2 ** 31, NaN), 30),
  params: rarely(fc.array(param, { maxLength: 14 }), 8),
  operand: rarely(fc.record({ at: fc.nat(6), value: strange }), 4),
  length: rarely(fc.integer({ min: 0, max: 19 }), 8),
});

/** Parameters and operands as the description has them, of numbers that may be too large or too small. */
function shape({ instruction, values, dtype, lengths, left }) {
  const { params, operands, repeats, dtypes, gives } = binding.instructions[instruction];
  const numbers = [];
  const known = new Map();
  const times = (list, rest) => (list === null ? 1 : list === "rest" ? rest : Math.min(known.get(list) | 0, 8));
  for (const { name, kind, list, choices } of params) {
    for (let i = times(list, 5); i > 0; i--) {
      const value = values[numbers.length % values.length];
      numbers.push(kind === "flag" ? value & 1 : kind === "choice" ? value & (choices.length - 1) : value);
    }
    if (list === null) known.set(name, numbers.at(-1));
  }
  const names = ["float32", "float64", "int32", "bool"];
  const own = dtypes[dtype % dtypes.length];
  const nameOf = { own, result: gives === "same" ? own : gives, any: own };
  const made = [];
  for (let turn = times(repeats, 1); turn > 0; turn--) {
    for (const operand of operands) {
      for (let i = times(operand.list, 1); i > 0; i--) {
        const kind = names.indexOf(nameOf[operand.dtype] ?? operand.dtype);
        made.push(operand.optional && left ? null : { kind, length: lengths[made.length % lengths.length] });
      }
    }
  }
  return { params: numbers, buffers: made };
}

let accepted = 0;
const refused = new Map();
fc.assert(
  fc.property(call, (wanted) => {
    const { params, buffers } = shape(wanted);
    const { instruction, number, count, operand, length } = wanted;
    if (wanted.params !== null) params.splice(0, params.length, ...wanted.params);
    if (operand !== null) buffers[Math.min(operand.at, buffers.length)] = operand.value;
    if (length !== null) buffers.length = length;
    const made = [];
    const operands = Array.from(buffers, (one = null) => {
      if (one === null || typeof one !== "object") return one;
      if ("same" in one) return made.length === 0 ? null : made[one.same % made.length].array;
      if (!("kind" in one)) return one;
      made.push(guarded(one.kind, one.length));
      return made.at(-1).array;
    });
    binding.params.fill(0);
    binding.params.set(params.slice(0, 64));
    try {
      binding.execute(number ?? instruction, count ?? params.length, ...operands);
      accepted++;
    } catch (error) {
      if (!(error instanceof Error) || typeof error.code !== "string" || error.message === "") throw new Error("no error of ours: " + error);
      refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
    }
    if (!made.every(({ whole }) => whole())) throw new Error("wrote outside of a buffer");
  }),
  { numRuns: ${runs}, seed: ${seed} },
);
console.log(JSON.stringify({ accepted, refused: Object.fromEntries(refused) }));
`;

/** Programs of which a number or two is wrong, run in every way. */
const fuzzPrograms = (seed: number, runs: number): string => `
import fc from "fast-check";
import { binding } from ${JSON.stringify(library.replace(/index\.js$/, "native/binding.js"))};

const id = (name) => binding.instructions.findIndex((one) => one.name === name);
// y = relu(x · wᵀ + b), then w ← w − η · yᵀ · x: an input, two states, a rate, and temporaries.
const describeProgram = () => ({
  arena: 256,
  buffers: [2, 0, 8, 0,  1, 0, 16, 0,  1, 1, 4, 0,  1, 2, 1, 1,  0, 0, 8, 0,  0, 64, 2, 0],
  instructions: [
    id("matmul"), 9, 5, 2, 4, 4, 0, 1, 1, 0, 1, 0, 0, 1, 2, -1, 4,
    id("matmul"), 9, 7, 4, 4, 2, 1, 0, -1, 1, 0, 0, 4, 0, -1, -1, 1, -1, 3,
    id("relu"), 3, 2, 1, 8, 1, 4, 4,
  ],
  outputs: [4, 5],
});
const odd = fc.oneof(fc.integer({ min: -3, max: 12 }),
  fc.constantFrom(NaN, Infinity, -Infinity, 0.5, 64, 1e6, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52, 2 ** 53, 1e300, -(2 ** 31)));
const change = fc.record({ part: fc.constantFrom("buffers", "instructions", "outputs", "arena"), at: fc.nat(60), value: odd });
let made = 0;
const refused = new Map();
const attempt = (work) => {
  try {
    const result = work();
    result?.catch?.(() => {});
    return result;
  } catch (error) {
    if (!(error instanceof Error) || typeof error.code !== "string" || error.message === "") throw new Error("no error of ours: " + error);
    refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
  }
};
const pending = [];
fc.assert(
  fc.property(fc.array(change, { maxLength: 3 }), fc.array(fc.integer({ min: -2, max: 6 }), { maxLength: 12 }), odd, odd, odd,
    (changes, order, rows, rowBytes, batch) => {
      const described = describeProgram();
      for (const { part, at, value } of changes) {
        // Memory that the machine might have, but not for a test.
        const size = value > 2 ** 20 && value < 2 ** 50 ? 2 ** 20 : value;
        if (part === "arena") described.arena = size;
        else described[part][at % described[part].length] = part === "buffers" ? size : value;
      }
      const memories = [64, 16, 8].map((bytes) => new binding.Memory(bytes));
      const program = attempt(() => new binding.Program(described.arena, Float64Array.from(described.buffers), memories,
        Float64Array.from(described.instructions), Float64Array.from(described.outputs), true));
      if (program === undefined) return;
      made++;
      const x = new Float32Array(8).fill(1);
      const y = new Float32Array(8);
      attempt(() => program.run([x], [y]));
      attempt(() => program.run([x, x], []));
      attempt(() => program.run([], [y, y, y]));
      const set = new Float32Array(16);
      const good = Float64Array.of(4, 16, 0, 0);
      attempt(() => program.loop([set], good, Int32Array.from(order), 2, Math.floor(order.length / 2)));
      attempt(() => program.loop([set], Float64Array.of(rows, rowBytes, 0, 0), Int32Array.from(order), 2, 1));
      attempt(() => program.loop([new Uint8Array(16)], Float64Array.of(4, 4, 0.5, rows), Int32Array.from(order), 2, 1));
      attempt(() => program.loop([set], good, Int32Array.from(order), batch, rows));
      attempt(() => program.loop([set, set], good, new Int32Array(2), 2, 1));
      attempt(() => program.loop([set], good, new Float32Array(2), 2, 1));
      const source = new binding.Memory(64);
      if (pending.length < 200) {
        pending.push(attempt(() => program.loopAsync([source], good, Int32Array.from(order), 2, Math.floor(order.length / 2))));
        pending.push(attempt(() => program.runAsync([x], [y])));
      }
      attempt(() => program.loopAsync([set], good, new Int32Array(2), 2, 1));
      source.release();
      attempt(() => program.loop([source], good, new Int32Array(2), 2, 1));
      attempt(() => source.write(x));
      attempt(() => memories[0].write(new Float32Array(17)));
      attempt(() => memories[0].read(x, rows));
    }),
  { numRuns: ${runs}, seed: ${seed} },
);
await Promise.allSettled(pending);
console.log(JSON.stringify({ made, refused: Object.fromEntries(refused) }));
`;

type Call = [name: string, params: number[], operands: (NativeArray | null)[]];
const f32 = (n: number): Float32Array => new Float32Array(n);
const product = (change: Record<number, number> = {}): number[] =>
  [2, 2, 2, 0, 0, 1, 0, 0, 0].map((value, at) => change[at] ?? value);

/** Calls that do not fit the description of their instruction, and what is said of them. */
const MISFITS: readonly [what: string, call: Call][] = [
  ["matmul: parameter M is -1, not a whole number in [0, 2^53)", ["matmul", product({ 0: -1 }), []]],
  ["matmul: parameter K is NaN, not a whole number in [0, 2^53)", ["matmul", product({ 2: Number.NaN }), []]],
  ["matmul: parameter transposeB is 2, not 0 or 1", ["matmul", product({ 4: 2 }), []]],
  ["matmul: parameter activation is 4, not the number of a choice", ["matmul", product({ 7: 4 }), []]],
  ["matmul: parameter beta is missing", ["matmul", product().slice(0, 6), []]],
  ["matmul: expected 9 parameters, got 10", ["matmul", [...product(), 1], []]],
  ["matmul: operand b is missing", ["matmul", product(), [f32(4), null]]],
  ["matmul: operand c is missing", ["matmul", product(), [f32(4), f32(4)]]],
  [
    "matmul: operand bias is float64, not float32",
    ["matmul", product(), [f32(4), f32(4), new Float64Array(2)]],
  ],
  ["matmul: not defined for int32", ["matmul", product(), [new Int32Array(4)]]],
  [
    "matmul: operand c has 3 elements, of 4 needed",
    ["matmul", product(), [f32(4), f32(4), null, null, f32(3)]],
  ],
  ["add: expected 3 operands, got 4", ["add", [1, 2, 1, 1], [f32(2), f32(2), f32(2), f32(2)]]],
  ["add: parameter stridesB[1] is missing", ["add", [2, 2, 2, 2, 1, 2], []]],
  ["equal: operand y is float32, not bool", ["equal", [1, 2, 1, 1], [f32(2), f32(2), f32(2)]]],
  ["strided: parameter strides[0] is 0.5, not a whole number", ["strided", [1, 2, 0.5, 0], []]],
  ["concat: operand inputs[1] is missing", ["concat", [2, 1, 1, 1], [f32(1)]]],
  ["sgd: operand lr is missing", ["sgd", [1, 2, 0, 0, 0, 0, 0], [f32(2), f32(2), null]]],
  [
    "sgd: operand gradient[1] is missing",
    ["sgd", [2, 1, 1, 0, 0, 0, 0, 0], [f32(1), f32(1), null, ones(), ones(), null, f32(1)]],
  ],
  [
    "sgd: operand step is float32, not float64",
    ["sgd", [1, 2, 0, 0, 0, 0, 0], [f32(2), f32(2), null, ones(), f32(1)]],
  ],
];

function ones(): Float64Array {
  return Float64Array.of(1);
}

/** The same call as a program of one instruction. */
function programOf([name, params, operands]: Call): void {
  const dtypes = [Float32Array, Float64Array, Int32Array, Uint8Array];
  const there = operands.filter((operand) => operand !== null);
  const values = there.flatMap((operand, at) => [
    1,
    at,
    operand.length,
    dtypes.findIndex((type) => operand instanceof type),
  ]);
  const memories = there.map((operand) => new binding.Memory(operand.byteLength));
  const numbers = operands.map((operand) => (operand === null ? -1 : there.indexOf(operand)));
  const instruction = [instructionId(name), params.length, operands.length, ...params, ...numbers];
  new binding.Program(
    0,
    Float64Array.from(values),
    memories,
    Float64Array.from(instruction),
    new Float64Array(0),
    false,
  );
}

/** AddressSanitizer warns of memory that it does not give, which is what is asked for here. */
const withoutRefusals = (stderr: string): string =>
  stderr.replace(/^==\d+==WARNING: AddressSanitizer failed to allocate .*\n/gm, "");

describe("the native door", () => {
  test.each(MISFITS)("says %s", (message, [name, params, operands]) => {
    const said = expect.objectContaining({ message });
    expect(() => executeAny(instructionId(name), params, operands)).toThrow(said);
    expect(() => programOf([name, params, operands])).toThrow(said);
  });

  test.each(backendInfo().isas)(
    "only ever throws, whatever it is given, with the kernels for %s",
    async (isa) => {
      const { code, signal, stdout, stderr } = await runModule(fuzz(1, 2000), { env: { THALWEG_ISA: isa } });
      expect({ code, signal, stderr: withoutRefusals(stderr) }).toEqual({
        code: 0,
        signal: null,
        stderr: "",
      });
      const { accepted, refused } = JSON.parse(stdout) as {
        accepted: number;
        refused: Record<string, number>;
      };
      // What is refused at once proves little.
      expect(accepted).toBeGreaterThan(200);
      expect(Object.keys(refused).sort()).toEqual(
        expect.arrayContaining(["ERR_DTYPE", "ERR_SHAPE", "ERR_VALUE"]),
      );
    },
  );

  test("only ever throws, whatever program it is given", async () => {
    const { code, signal, stdout, stderr } = await runModule(fuzzPrograms(1, 3000));
    expect({ code, signal, stderr: withoutRefusals(stderr) }).toEqual({ code: 0, signal: null, stderr: "" });
    const { made, refused } = JSON.parse(stdout) as { made: number; refused: Record<string, number> };
    expect(made).toBeGreaterThan(200);
    expect(Object.keys(refused).sort()).toEqual(
      expect.arrayContaining(["ERR_DTYPE", "ERR_INDEX", "ERR_SHAPE", "ERR_VALUE"]),
    );
  });
});
