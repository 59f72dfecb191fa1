import { describe, expect, test } from "vitest";
import { backendInfo } from "../../lib/index.js";
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

const param = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(0.5, -1, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 31 - 1, 2 ** 32 + 3, 2 ** 36,
      -(2 ** 31), 2 ** 52, 2 ** 53, 2 ** 63, 1e300, -(2 ** 40)) },
);
const buffer = fc.oneof(
  { weight: 14, arbitrary: fc.record({ kind: fc.integer({ min: 0, max: 3 }), length: fc.oneof(fc.constant(64), fc.integer({ min: 0, max: 40 })) }) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom("a", 1, undefined, {}, [1, 2], new DataView(new ArrayBuffer(8))) },
  { weight: 1, arbitrary: fc.record({ kind: fc.integer({ min: 4, max: 5 }), length: fc.integer({ min: 0, max: 4 }) }) },
  // The same memory as an operand before.
  { weight: 2, arbitrary: fc.record({ same: fc.integer({ min: 0, max: 3 }) }) },
);
const call = fc.record({
  instruction: fc.oneof({ weight: 30, arbitrary: fc.integer({ min: 0, max: binding.instructions.length - 1 }) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 1000, 2 ** 32, NaN, "add", undefined) }),
  params: fc.array(param, { maxLength: 14 }),
  count: fc.oneof({ weight: 20, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(-1, 64, 65, 2 ** 31, NaN) }),
  // Instructions mostly want operands of one dtype.
  dtype: fc.option(fc.integer({ min: 0, max: 3 }), { freq: 3 }),
  buffers: fc.array(buffer, { maxLength: 19 }),
});

let accepted = 0;
const refused = new Map();
fc.assert(
  fc.property(call, ({ instruction, params, count, dtype, buffers }) => {
    const made = [];
    const operands = buffers.map((one) => {
      if (one === null || typeof one !== "object") return one;
      if ("same" in one) return made.length === 0 ? null : made[one.same % made.length].array;
      if (!("kind" in one)) return one;
      made.push(guarded(dtype !== null && one.kind < 4 ? dtype : one.kind, one.length));
      return made.at(-1).array;
    });
    binding.params.fill(0);
    binding.params.set(params);
    try {
      binding.execute(instruction, count ?? params.length, ...operands);
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
    id("matmul"), 9, 5, 1, 2, 4, 4, 0, 1, 1, 0, 1, 0, 0, 1, 2, -1, 4, 4,
    id("matmul"), 9, 7, 1, 4, 4, 2, 1, 0, -1, 1, 0, 0, 4, 0, -1, -1, 1, -1, 3, 4,
    id("relu"), 3, 2, 1, 1, 8, 1, 4, 4, 1,
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

describe("the native door", () => {
  test.each(backendInfo().isas)(
    "only ever throws, whatever it is given, with the kernels for %s",
    async (isa) => {
      const { code, signal, stdout, stderr } = await runModule(fuzz(1, 2000), { env: { THALWEG_ISA: isa } });
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
      const { accepted, refused } = JSON.parse(stdout) as {
        accepted: number;
        refused: Record<string, number>;
      };
      // What is refused at once proves little.
      expect(accepted).toBeGreaterThan(50);
      expect(Object.keys(refused).sort()).toEqual(
        expect.arrayContaining(["ERR_DTYPE", "ERR_SHAPE", "ERR_VALUE"]),
      );
    },
  );

  test("only ever throws, whatever program it is given", async () => {
    const { code, signal, stdout, stderr } = await runModule(fuzzPrograms(1, 3000));
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    const { made, refused } = JSON.parse(stdout) as { made: number; refused: Record<string, number> };
    expect(made).toBeGreaterThan(200);
    expect(Object.keys(refused).sort()).toEqual(
      expect.arrayContaining(["ERR_DTYPE", "ERR_INDEX", "ERR_SHAPE", "ERR_VALUE"]),
    );
  });
});
