import { describe, expect, test } from "vitest";
import { binding, type NativeArray } from "../../lib/native/binding.js";
import { instructionId } from "../../lib/native/instructions.js";
import { library, runModule } from "../child.js";

const id = instructionId;

function repeating(params: readonly number[], ...buffers: NativeArray[]): void {
  binding.params.set(params);
  binding.execute(id("chain"), params.length, ...buffers);
}

/** A chain in which nothing repeats: its period is n. */
function chain([n, ...params]: readonly [number, ...number[]], ...buffers: NativeArray[]): void {
  repeating([n, n, ...params], ...buffers);
}

const a = (): Float32Array => Float32Array.of(1, 2, 3);
const ones = (n: number): Float32Array => new Float32Array(n).fill(1);

/** Chains that are right or nearly so, over buffers between guards. */
const fuzz = (seed: number, runs: number): string => `
import fc from "fast-check";
import { binding } from ${JSON.stringify(library.replace(/index\.js$/, "native/binding.js"))};

const chain = binding.instructions.findIndex(({ name }) => name === "chain");
const arity = (op) => ([0, 1, 2, 3, 4, 5, 6, 19, 20, 21, 22, 23, 24, 25, 26].includes(op) ? 2 : op === 29 ? 3 : 1);
const kinds = [Float32Array, Float64Array, Int32Array, Uint8Array];
const odd = fc.constantFrom(-1, 0.5, NaN, Infinity, 33, 64, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53);
const description = fc.record({
  n: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 40 }) }, { weight: 1, arbitrary: odd }),
  inputs: fc.array(fc.record({ kind: fc.integer({ min: 0, max: 3 }), length: fc.constantFrom("whole", "period", "one") }), { minLength: 1, maxLength: 3 }),
  repeats: fc.integer({ min: 1, max: 3 }),
  ops: fc.array(fc.record({ op: fc.integer({ min: 0, max: 33 }), from: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), kept: fc.boolean(), kind: fc.integer({ min: 0, max: 3 }) }), { minLength: 1, maxLength: 6 }),
  // Mostly one dtype, so that the ops fit.
  dtype: fc.option(fc.integer({ min: 0, max: 1 }), { freq: 6 }),
  change: fc.option(fc.record({ at: fc.nat(40), value: fc.oneof(fc.integer({ min: 0, max: 40 }), odd) }), { freq: 3 }),
  lose: fc.option(fc.nat(8), { freq: 4 }),
});
let accepted = 0;
const refused = new Map();
fc.assert(fc.property(description, ({ n: drawn, repeats, inputs, ops, dtype, change, lose }) => {
  const isSize = Number.isInteger(drawn) && drawn >= 0 && drawn <= 40;
  const period = isSize ? drawn : 5;
  const size = period * repeats;
  const n = isSize ? size : drawn;
  const lengths = { whole: size, period, one: 1 };
  const all = [];
  const buffer = (kind, length) => {
    const Kind = kinds[dtype ?? kind];
    const bytes = new Uint8Array(128 + length * Kind.BYTES_PER_ELEMENT).fill(0xa5);
    const array = new Kind(bytes.buffer, 64, length).fill(1);
    all.push({ bytes, array });
    return array;
  };
  const buffers = inputs.map(({ kind, length }) => buffer(kind, lengths[length]));
  const params = [n, period, inputs.length, ops.length];
  ops.forEach(({ op, from, kept, kind }, k) => {
    params.push(op, ...from.slice(0, arity(op)).map((value) => value % (inputs.length + k)), Number(kept));
    if (kept) buffers.push(buffer(kind, size));
  });
  if (change !== null) params[change.at % params.length] = change.value;
  if (lose !== null) buffers.splice(lose % buffers.length, 1);
  binding.params.set(params.slice(0, 64));
  try {
    binding.execute(chain, Math.min(params.length, 64), ...buffers);
    accepted++;
  } catch (error) {
    if (!(error instanceof Error) || typeof error.code !== "string") throw new Error("no error of ours: " + error);
    refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
  }
  for (const { bytes, array } of all) {
    const guards = [...bytes.subarray(0, 64), ...bytes.subarray(64 + array.byteLength)];
    if (!guards.every((byte) => byte === 0xa5)) throw new Error("wrote outside of a buffer");
  }
}), { seed: ${seed}, numRuns: ${runs} });
console.log(JSON.stringify({ accepted, refused: Object.fromEntries(refused) }));
`;

describe("the chain instruction", () => {
  test("does its ops in order, and writes the results that are kept", () => {
    const [sum, product] = [new Float32Array(3), new Float32Array(3)];
    // v2 = a + 10, v3 = v2 · a, v4 = −v3: the first and the last are kept.
    const ops = [id("add"), 0, 1, 1, id("mul"), 2, 0, 0, id("neg"), 3, 1];
    chain([3, 2, 3, ...ops], a(), Float32Array.of(10), sum, product);
    expect([...sum]).toEqual([11, 12, 13]);
    expect([...product]).toEqual([-11, -24, -39]);
  });

  test.each([4, 300, 1024, 1500])("reads %d elements again and again", (period) => {
    const n = 3 * period;
    const whole = Float32Array.from({ length: n }, (_, i) => i);
    const repeated = Float32Array.from({ length: period }, (_, i) => 0.5 * i);
    const y = new Float32Array(n);
    // v3 = v0 + v1, y = v3 · v2, with one v2 for all.
    const ops = [id("add"), 0, 1, 0, id("mul"), 3, 2, 1];
    repeating([n, period, 3, 2, ...ops], whole, repeated, Float32Array.of(2), y);
    expect(y).toEqual(whole.map((value, i) => 2 * (value + 0.5 * (i % period))));
  });

  test("may write over what it reads", () => {
    const both = a();
    chain([3, 1, 2, id("square"), 0, 0, id("add"), 1, 0, 1], both, both);
    expect([...both]).toEqual([2, 6, 12]);
  });

  test("keeps an input apart from a result of another width", () => {
    const from = Float32Array.from({ length: 3000 }, (_, i) => i);
    const to = new Float32Array(3000);
    // v1 = −from, v2 = float64(v1), v3 = v2 < v2, v4 = float64(v3), v5 = v2 − v4, to = float32(v5)
    const ops = [id("neg"), 0, 0, id("to_float64"), 1, 0, id("less"), 2, 2, 0, id("to_float64"), 3, 0];
    chain([3000, 1, 6, ...ops, id("sub"), 2, 4, 0, id("to_float32"), 5, 1], from, to);
    expect(to).toEqual(from.map((value) => -value));
  });

  test.each<[string, () => void, string, string]>([
    [
      "an op that is not elementwise",
      () => chain([3, 1, 1, id("matmul"), 0, 1], a(), a()),
      "ERR_VALUE",
      "op 0 is not elementwise",
    ],
    [
      "a chain within a chain",
      () => chain([3, 1, 1, id("chain"), 0, 1], a(), a()),
      "ERR_VALUE",
      "op 0 is not elementwise",
    ],
    [
      "an op that does not exist",
      () => chain([3, 1, 1, 9999, 0, 1], a(), a()),
      "ERR_VALUE",
      "op 0 is not elementwise",
    ],
    [
      "its own result as an input",
      () => chain([3, 1, 1, id("neg"), 1, 1], a(), a()),
      "ERR_VALUE",
      "op 0 reads a value that is not there yet",
    ],
    ["a negative value", () => chain([3, 1, 1, id("neg"), -1, 1], a(), a()), "ERR_VALUE", "parameter"],
    [
      "more ops than are told",
      () => chain([3, 1, 2, id("neg"), 0, 1], a(), a()),
      "ERR_VALUE",
      "parameter steps[3] is missing",
    ],
    [
      "ops beyond measure",
      () => chain([3, 1, 2 ** 52, id("neg"), 0, 1], a(), a()),
      "ERR_VALUE",
      "too few parameters",
    ],
    [
      "inputs beyond measure",
      () => chain([3, 2 ** 52, 1, id("neg"), 0, 1], a(), a()),
      "ERR_SHAPE",
      "operand inputs[2] is missing",
    ],
    [
      "a period that n is no multiple of",
      () => repeating([3, 2, 1, 1, id("neg"), 0, 1], a(), a()),
      "ERR_SHAPE",
      "n is not a multiple of the period",
    ],
    [
      "no period",
      () => repeating([3, 0, 1, 1, id("neg"), 0, 1], a(), a()),
      "ERR_SHAPE",
      "n is not a multiple of the period",
    ],
    ["no ops", () => chain([3, 1, 0], a()), "ERR_VALUE", "no ops"],
    [
      "more than its ops",
      () => chain([3, 1, 1, id("neg"), 0, 1, 7], a(), a()),
      "ERR_VALUE",
      "more parameters than its ops have",
    ],
    [
      "an input of another size",
      () => chain([3, 1, 1, id("neg"), 0, 1], ones(2), a()),
      "ERR_SHAPE",
      "operand inputs[0] has 2 elements, of 3 needed",
    ],
    [
      "a result that does not fit",
      () => chain([3, 1, 1, id("neg"), 0, 1], a(), ones(2)),
      "ERR_SHAPE",
      "operand results[0] has 2 elements, of 3 needed",
    ],
    [
      "no room for a result",
      () => chain([3, 1, 1, id("neg"), 0, 1], a()),
      "ERR_SHAPE",
      "keeps more results than there are operands",
    ],
    [
      "room for no result",
      () => chain([3, 1, 1, id("neg"), 0, 0], a(), a()),
      "ERR_SHAPE",
      "keeps fewer results than there are operands",
    ],
    [
      "dtypes that differ",
      () => chain([3, 2, 1, id("add"), 0, 1, 1], a(), new Float64Array(3), a()),
      "ERR_DTYPE",
      "add of float32, not float64",
    ],
    [
      "a result of another dtype",
      () => chain([3, 1, 1, id("is_finite"), 0, 1], a(), a()),
      "ERR_DTYPE",
      "operand results[0] is float32, not bool",
    ],
    [
      "an op that the dtype does not have",
      () => chain([3, 1, 1, id("exp"), 0, 1], new Int32Array(3), new Int32Array(3)),
      "ERR_DTYPE",
      "not defined for int32",
    ],
  ])("refuses %s", (_, run, code, message) => {
    expect(run).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });

  test("does nothing, at once, where nothing is kept", () => {
    chain([2 ** 52, 1, 1, id("neg"), 0, 0], ones(1));
  });

  test("only ever throws, whatever it is told", async () => {
    const { code, signal, stdout, stderr } = await runModule(fuzz(1, 6000));
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    const { accepted, refused } = JSON.parse(stdout) as { accepted: number; refused: Record<string, number> };
    expect(accepted).toBeGreaterThan(300);
    expect(Object.keys(refused).sort()).toEqual(["ERR_DTYPE", "ERR_SHAPE", "ERR_VALUE"]);
  });
});
