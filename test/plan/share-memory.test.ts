import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, ops, type Tensor, tensor } from "../../lib/index.js";
import { lives, placeInArena } from "../../lib/plan/arena.js";
import type { Instruction, Program, Value } from "../../lib/plan/ir.js";
import { bytesOf } from "../../lib/tensor/dtype.js";
import { expectSame, join, planOf } from "./program.js";

const PASS = ["shareMemory"] as const;
/** Large enough that programs with several of them share memory. */
const BYTES = 400_000;
const x = tensor(new Float32Array(BYTES / 4).map((_, i) => (4 * i) / BYTES));
const layers = (a: Tensor): Tensor => ops.exp(ops.tanh(ops.exp(ops.tanh(ops.exp(ops.tanh(a))))));

const temporary = (size: number): Value => ({ kind: "temporary", size, dtype: "float32", shape: [size] });
/** Programs whose instruction k reads some earlier results and writes a new one. */
const programOf = (
  made: readonly { size: number; reads: readonly number[] }[],
  kept: readonly number[],
): Program => {
  const buffers = made.map(({ size }) => temporary(size));
  const instructions = made.map(({ reads }, k): Instruction => {
    const inputs = k === 0 ? [] : reads.map((at) => buffers[at % k] as Value);
    return join(inputs, buffers[k] as Value);
  });
  return { instructions, outputs: kept.map((at) => buffers[at % buffers.length] as Value) };
};
const programs = fc
  .record({
    made: fc.array(fc.record({ size: fc.nat(100), reads: fc.array(fc.nat(), { maxLength: 3 }) }), {
      minLength: 1,
      maxLength: 20,
    }),
    kept: fc.array(fc.nat(), { maxLength: 3 }),
  })
  .map(({ made, kept }) => programOf(made, kept));

describe("shareMemory", () => {
  test("reuses memory when its value is no longer needed", () => {
    expect(compile(layers, { passes: PASS }).arenaBytes(x)).toBe(2 * BYTES);
    expect(compile(layers, { passes: [] }).arenaBytes(x)).toBe(6 * BYTES);
    expectSame(() => layers, PASS, [x]);
  });

  test("keeps results to the end", () => {
    const fn = (a: Tensor): Tensor[] => {
      const results: Tensor[] = [ops.exp(a)];
      for (let i = 0; i < 5; i++) results.push(ops.tanh(results[i] as Tensor));
      return results;
    };
    expect(compile(fn, { passes: PASS }).arenaBytes(x)).toBe(6 * BYTES);
    expectSame(() => fn, PASS, [x]);
  });

  test("keeps a value that is read again much later", () => {
    const fn = (a: Tensor): Tensor => {
      const early = ops.neg(a);
      return ops.add(layers(a), early);
    };
    expect(compile(fn, { passes: PASS }).arenaBytes(x)).toBe(3 * BYTES);
    expectSame(() => fn, PASS, [x]);
  });

  test("does not share memory among few bytes", () => {
    const small = tensor(new Float32Array(1000).fill(0.5));
    expect(compile(layers, { passes: PASS }).arenaBytes(small)).toBe(6 * 4032);
    expectSame(() => layers, PASS, [small]);
  });

  test("gives small temporaries their own memory beside large ones", () => {
    const fn = (a: Tensor): Tensor[] => {
      const ends = [0.5, 1.5, 2.5].map((factor) => ops.sum(ops.mul(ops.tanh(a), factor)));
      return [ops.mul(ops.add(ops.add(ends[0] as Tensor, ends[1] as Tensor), ends[2] as Tensor), layers(a))];
    };
    const { offsets } = planOf(fn, PASS, x).arena;
    const places = Array.from(offsets, ([buffer, begin]) => ({
      size: buffer.size,
      begin,
      end: begin + bytesOf(buffer),
    }));
    const isShared = (one: (typeof places)[number]): boolean =>
      places.some((other) => other !== one && one.begin < other.end && other.begin < one.end);
    const small = places.filter(({ size }) => size === 1);
    expect(small.length).toBeGreaterThan(3);
    expect(small.filter(isShared)).toEqual([]);
    expect(places.filter(isShared).length).toBeGreaterThan(3);
    expectSame(() => fn, PASS, [x], { tolerance: 1e-6 });
  });

  test("never overlaps two temporaries that live at the same time", () => {
    fc.assert(
      fc.property(programs, fc.constantFrom(0, 300, 1000, Number.POSITIVE_INFINITY), (program, apart) => {
        const { bytes, offsets } = placeInArena(program, apart);
        const placed = lives(program).map((life) => {
          const begin = offsets.get(life.value) as number;
          return { ...life, begin, end: begin + bytesOf(life.value) };
        });
        const bySize = [...placed].sort((a, b) => a.end - a.begin - (b.end - b.begin));
        let sum = 0;
        const alone = bySize.filter(({ begin, end }) => {
          sum += Math.ceil((end - begin) / 64) * 64;
          return sum <= apart;
        });
        for (const one of placed) {
          expect(one.begin % 64).toBe(0);
          expect(one.end).toBeLessThanOrEqual(bytes);
          for (const other of placed) {
            if (one === other) continue;
            const isApart = alone.includes(one) || alone.includes(other);
            if (!isApart && (one.last < other.first || other.last < one.first)) continue;
            expect(one.end <= other.begin || other.end <= one.begin).toBe(true);
          }
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("never needs more memory than without sharing", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const apart = placeInArena(program, Number.POSITIVE_INFINITY).bytes;
        expect(placeInArena(program, 0).bytes).toBeLessThanOrEqual(apart);
        expect(placeInArena(program, 500).bytes).toBeLessThanOrEqual(apart);
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});
