import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compile,
  cost,
  full,
  Generator,
  IndexError,
  nn,
  ops,
  optim,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { placeInArena } from "../../lib/plan/arena.js";
import { PASSES, type PassName } from "../../lib/plan/index.js";
import { canFail, type Instruction, type Program, read, type Value, written } from "../../lib/plan/ir.js";
import { order } from "../../lib/plan/order.js";
import { expectClose, expectSame, f64, join, names, weight } from "./program.js";

const PASS = ["order", "shareMemory"] as const;
const x = f64([1, -2, 0.5]);

const buffer = (kind: "temporary" | "state", size: number): Value => ({
  kind,
  size,
  dtype: "float32",
  shape: [size],
});

/** Instructions that read up to three values and write one: a plain one, an update, one that can fail. */
const KINDS = {
  join,
  update: ([gradient = null, lr = null, step = null]: readonly (Value | null)[], w: Value): Instruction => ({
    name: "sgd",
    params: [1, w.size, 0, 0, 0, 0, 0],
    operands: [w, gradient, null, lr, step, null],
  }),
  fail: ([x = null, index = null, source = null]: readonly (Value | null)[], y: Value): Instruction => ({
    name: "scatter",
    params: [1, y.size, 1, y.size],
    operands: [x, index, source, y],
  }),
} as const;

describe("order", () => {
  test("finishes one computation before it starts the next if that needs less memory", () => {
    const large = tensor(new Float32Array(100_000).fill(0.5));
    const fn = (a: Tensor): Tensor => {
      const made = Array.from({ length: 5 }, (_, i) => ops.add(a, i));
      return made.map((one) => ops.sum(one)).reduce((p, q) => ops.add(p, q));
    };
    expect(names(fn, [], large).slice(0, 6)).toEqual(["add", "add", "add", "add", "add", "sum"]);
    expect(names(fn, PASS, large).slice(0, 4)).toEqual(["add", "sum", "add", "sum"]);
    const before = compile(fn, { passes: ["shareMemory"] }).arenaBytes(large);
    const after = compile(fn, { passes: PASS }).arenaBytes(large);
    expect(before).toBeGreaterThan(5 * 400_000);
    expect(after).toBeLessThan(401_000);
    expectSame(() => fn, PASS, [large]);
  });

  test("frees memory before it takes more", () => {
    const [a, b] = [full([5000, 2], 0.5), full([2500], 0.5)];
    const fn = (large: Tensor, small: Tensor): Tensor[] => {
      const p = ops.exp(large);
      const moved = ops.add(small, ops.sum(p));
      // The last instruction that reads p. It takes 20,000 bytes and frees 40,000.
      return [moved, ops.sum(p, { dim: 1 })];
    };
    expect(names(fn, [], a, b)).toEqual(["exp", "sum", "add", "sum"]);
    expect(names(fn, PASS, a, b)).toEqual(["exp", "sum", "sum", "add"]);
    expectSame(() => fn, PASS, [a, b]);
  });

  test("computes late what is needed late", () => {
    const [large, small] = [100_000, 50_000].map((n) => tensor(new Float32Array(n).fill(0.5))) as [
      Tensor,
      Tensor,
    ];
    const fn = (a: Tensor, b: Tensor): Tensor => {
      const p = ops.exp(a);
      const made = Array.from({ length: 3 }, (_, i) => ops.add(b, i));
      const r = ops.sum(ops.tanh(p));
      return made.map((one) => ops.sum(ops.mul(one, r))).reduce((s, t) => ops.add(s, t));
    };
    expect(compile(fn, { passes: ["shareMemory"] }).arenaBytes(large, small)).toBe(1_400_384);
    expect(compile(fn, { passes: PASS }).arenaBytes(large, small)).toBeLessThan(1_001_000);
    expectSame(() => fn, PASS, [large, small]);
  });

  test("puts an update right after the instruction that makes its gradient", () => {
    const make = () => {
      const [v, w] = [weight([[1, 2, 3]]), weight([[2], [0.5], [1]])];
      const opt = new optim.SGD([v, w], { lr: 0.01, momentum: 0.9 });
      return (a: Tensor): Tensor[] => {
        opt.zeroGrad();
        const z = ops.matmul(ops.reshape(a, [3, 1]), v);
        ops.sum(ops.matmul(ops.exp(z), w)).backward();
        opt.step();
        return [ops.neg(v), ops.neg(w)];
      };
    };
    const found = names(make(), ["order", "deadCode"], x);
    const updates = found.flatMap((name, i) => (name === "sgd" ? [i] : []));
    expect(updates).toHaveLength(2);
    for (const at of updates) expect(found[at - 1]).toBe("matmul");
    expect(names(make(), ["deadCode"], x).slice(-6)).toEqual(["add", "sgd", "add", "sgd", "neg", "neg"]);
    expectSame(make, ["order"], [x]);
  });

  test("keeps each read of a parameter before or after its update", () => {
    const make = () => {
      const w = weight([1, 2, 3]);
      const opt = new optim.SGD([w], { lr: 0.5, momentum: 0.5 });
      return (a: Tensor): Tensor[] => {
        const before = ops.exp(w);
        opt.zeroGrad();
        ops.sum(ops.mul(ops.square(w), a)).backward();
        opt.step();
        const between = ops.exp(w);
        opt.step();
        return [before, between, ops.exp(w)];
      };
    };
    expectSame(make, PASS, [x]);
  });

  test("draws random numbers in the same order", () => {
    const make = () => {
      const generator = new Generator(4);
      return (): Tensor[] => {
        const large = generator.uniform([100]);
        const small = generator.normal([2]);
        return [ops.sum(generator.uniform([7])), ops.sum(small), ops.sum(large)];
      };
    };
    expectSame(make, PASS, []);
  });

  test.each<[string, readonly PassName[]]>([
    ["no pass", []],
    ["this one", PASS],
    ["all passes", PASSES],
  ])("changes nothing in a step that fails, not even a count of steps, with %s", (_, passes) => {
    const labels = tensor([0, 9], { dtype: "int32" });
    const good = tensor([0, 1], { dtype: "int32" });
    const input = f64([
      [1, 2],
      [3, 4],
    ]);
    const make = () => {
      const layer = new nn.Linear(2, 3, { dtype: "float64" });
      for (const parameter of layer.parameters()) parameter.data.fill(0.25);
      const opt = new optim.Adam(layer.parameters(), { lr: 0.5 });
      const step = (a: Tensor, y: Tensor): Tensor => {
        const loss = cost.crossEntropy(layer.forward(a), y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      };
      return { layer, step };
    };
    const [eager, compiled] = [make(), make()];
    const step = compile(compiled.step, { passes });
    expect(() => step(input, labels)).toThrow(IndexError);
    step(input, good);
    eager.step(input, good);
    expectClose([...compiled.layer.weight.data], [...eager.layer.weight.data], 1e-14);
  });

  // Instruction k reads up to two earlier results and perhaps a state. It writes a result or a state.
  const programs = fc
    .array(
      fc.record({
        size: fc.nat(2000),
        reads: fc.array(fc.nat(), { maxLength: 2 }),
        state: fc.option(fc.nat(1)),
        writesState: fc.option(fc.nat(1), { freq: 4 }),
        kind: fc.constantFrom("join", "update", "fail"),
      }),
      { minLength: 1, maxLength: 20 },
    )
    .map((made): Program => {
      const states = [buffer("state", 8), buffer("state", 8)];
      const results = made.map(({ size }) => buffer("temporary", size));
      const instructions = made.map(({ reads, state, writesState, kind }, k): Instruction => {
        const known = results.slice(0, k).filter((_, at) => made[at]?.writesState === null);
        const inputs = known.length === 0 ? [] : reads.map((at) => known[at % known.length] as Value);
        if (state !== null) inputs.push(states[state] as Value);
        const output = writesState === null ? (results[k] as Value) : (states[writesState] as Value);
        return { ...KINDS[kind](inputs, output), recomputation: k };
      });
      return { instructions, outputs: [] };
    });

  /** The writers of what each instruction reads (of all states, if it can fail), and the last writers of the states. */
  const meaning = ({ instructions }: Program): string[] => {
    const values = new Map<Value, string>();
    const told = instructions.map((instruction) => {
      const { name, operands, recomputation } = instruction;
      const states = [...values].filter(([{ kind }]) => kind === "state").map(([, value]) => value);
      const read = operands.map((one) => values.get(one as Value) ?? "-");
      if (canFail(instruction)) read.push(...states.sort());
      const text = `${name} ${recomputation} (${read.join(" ")})`;
      for (const buffer of written(instruction)) values.set(buffer, `${recomputation}`);
      return text;
    });
    const states = [...values].filter(([{ kind }]) => kind === "state").map(([, value]) => `ends ${value}`);
    return [...told, ...states].sort();
  };

  test("keeps what every instruction reads, on random programs", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const ordered = order(program);
        expect(meaning(ordered)).toEqual(meaning(program));
        expect(order(program).instructions).toEqual(ordered.instructions);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  test("never needs more memory for programs without updates", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const plain = {
          ...program,
          instructions: program.instructions.map((one) => join(read(one), written(one)[0] as Value)),
        };
        expect(placeInArena(order(plain), 0).bytes).toBeLessThanOrEqual(placeInArena(plain, 0).bytes);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
