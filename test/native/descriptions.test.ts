import { describe, expect, test } from "vitest";
import {
  binding,
  executeAny,
  type InstructionDescription,
  type NativeArray,
  type OperandDescription,
} from "../../lib/native/binding.js";
import { instructionId } from "../../lib/native/instructions.js";
import { type Call, record } from "./recorded.js";

const recorded = record();

type Operands = readonly (NativeArray | null)[];
type NativeDType = InstructionDescription["dtypes"][number];

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array } as const;
const DTYPES = Object.keys(ARRAYS) as NativeDType[];

/** The description of each operand of a call, in their order, and which of a list it is. */
function describedOperands(
  { params, operands, repeats }: InstructionDescription,
  call: Call,
): readonly OperandDescription[] {
  const sizes = new Map<string, number>();
  let at = 0;
  for (const { name, list } of params) {
    if (list === null) sizes.set(name, call.params[at] as number);
    at += list === null ? 1 : list === "rest" ? 0 : (sizes.get(list) as number);
  }
  const length = (list: string | null, before: number): number =>
    list === null ? 1 : list === "rest" ? call.operands.length - before : (sizes.get(list) as number);
  const described: OperandDescription[] = [];
  for (let turn = repeats === null ? 1 : (sizes.get(repeats) as number); turn > 0; turn--) {
    for (const operand of operands) {
      for (let i = length(operand.list, described.length); i > 0; i--) described.push(operand);
    }
  }
  return described;
}

/** Runs a call on copies of its operands, which it gives back. */
function run(name: string, params: readonly number[], operands: Operands): Operands {
  const copies = operands.map((one) => one?.slice() ?? null);
  executeAny(instructionId(name), params, copies);
  return copies;
}

const bytesOf = (array: NativeArray | null | undefined): Uint8Array =>
  array == null ? new Uint8Array() : new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const areSame = (a: NativeArray | null | undefined, b: NativeArray | null | undefined): boolean =>
  Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

/** Operands of which some hold other numbers. */
const changed = (
  operands: Operands,
  described: readonly OperandDescription[],
  which: (operand: OperandDescription, array: NativeArray) => boolean,
  number: number,
): Operands =>
  operands.map((array, at) =>
    array !== null && which(described[at] as OperandDescription, array) ? array.slice().fill(number) : array,
  );

/** The numbers that may be wrong: none of a list, a label, a pivot or a state is like that. */
const BAD: readonly [number, (operand: OperandDescription, array: NativeArray) => boolean][] = [
  [Number.NaN, ({ access }, array) => access === "read" && !(array instanceof Int32Array)],
  [0, ({ access }) => access === "read"],
  [-1, ({ access }) => access === "read"],
  [2 ** 30, ({ access }) => access === "read"],
];

const codeOf = (work: () => void): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** The call with arrays of another dtype where it has its own, and of what it would give. */
function withDType(description: InstructionDescription, call: Call, own: NativeDType): Operands {
  const result = description.gives === "same" ? own : description.gives;
  const described = describedOperands(description, call);
  return call.operands.map((array, at) => {
    const dtype = (described[at] as OperandDescription).dtype;
    if (array === null || (dtype !== "own" && dtype !== "result")) return array;
    return new ARRAYS[dtype === "own" ? own : result](array.length).fill(1);
  });
}

const rows = binding.instructions.map((description) => [description.name, description] as const);
const callsOf = (name: string): readonly Call[] => recorded.get(name) ?? [];

test("the library makes every instruction do something", () => {
  expect(rows.map(([name]) => name).filter((name) => callsOf(name).length === 0)).toEqual([]);
});

describe.each(rows)("%s is as described:", (name, description) => {
  const calls = callsOf(name);
  const each = <T>(work: (call: Call, described: readonly OperandDescription[]) => T): T[] =>
    calls.map((call) => work(call, describedOperands(description, call)));

  test("what it reads it does not write, and what it writes does not depend on what was there", () => {
    each((call, described) => {
      const written = (operand: OperandDescription): boolean => operand.access === "write";
      const [a, b] = [1, 77].map((number) =>
        run(name, call.params, changed(call.operands, described, written, number)),
      ) as [Operands, Operands];
      described.forEach((operand, at) => {
        const [before, after] = [call.operands[at], a[at]];
        if (operand.access === "read") expect(areSame(after, before), `${operand.name} is read`).toBe(true);
        expect(areSame(after, b[at]), `${operand.name} is the same each time`).toBe(true);
      });
    });
  });

  test("what it updates it reads and writes", () => {
    for (const operand of description.operands.filter(({ access }) => access === "update")) {
      const depends = each((call, described) => {
        const is = (one: OperandDescription): boolean => one === operand;
        const after = run(name, call.params, call.operands);
        const other = run(name, call.params, changed(call.operands, described, is, 3));
        return described.some(
          (one, at) =>
            is(one) &&
            call.operands[at] != null &&
            !areSame(after[at], call.operands[at]) &&
            !areSame(after[at], other[at]),
        );
      });
      expect(depends, operand.name).toContain(true);
    }
  });

  test("what it needs is missed by name, and what is optional is not", () => {
    each((call, described) => {
      described.forEach((operand, at) => {
        const without = call.operands.map((one, i) => (i === at ? null : one));
        const message = new RegExp(`^${name}: operand ${operand.name}(\\[\\d+\\])? is missing$`);
        if (!operand.optional) expect(() => run(name, call.params, without)).toThrow(message);
        else if (call.operands[at] != null) {
          expect(codeOf(() => run(name, call.params, without)) ?? "ERR_SHAPE").toBe("ERR_SHAPE");
        }
      });
    });
  });

  test("a parameter of another kind is refused by name", () => {
    const call = calls[0] as Call;
    let at = 0;
    for (const { name: param, kind, list } of description.params) {
      if (list !== null) break;
      const params = call.params.map((value, i) => (i === at ? 0.5 : value));
      at++;
      if (kind === "number") continue;
      expect(() => run(name, params, call.operands)).toThrow(`${name}: parameter ${param} is 0.5, not `);
    }
    expect(() => run(name, [], call.operands)).toThrow(
      `${name}: parameter ${description.params[0]?.name} is missing`,
    );
  });

  test("it takes its dtypes and no other", () => {
    const call = calls[0] as Call;
    if (description.operands.every(({ dtype }) => dtype !== "own")) return;
    for (const dtype of DTYPES) {
      const code = codeOf(() => run(name, call.params, withDType(description, call, dtype)));
      if (description.dtypes.includes(dtype)) expect(code, dtype).not.toBe("ERR_DTYPE");
      else expect(code, dtype).toBe("ERR_DTYPE");
    }
  });

  test("it gives no dtype but its own", () => {
    const call = calls[0] as Call;
    const described = describedOperands(description, call);
    described.forEach((operand, at) => {
      const array = call.operands[at];
      if (operand.dtype !== "result" || array == null) return;
      for (const Other of Object.values(ARRAYS)) {
        if (array instanceof Other) continue;
        const operands = call.operands.map((one, i) => (i === at ? new Other(array.length) : one));
        expect(
          codeOf(() => run(name, call.params, operands)),
          Other.name,
        ).toBe("ERR_DTYPE");
      }
    });
  });

  test(`${description.canFail ? "it fails of some data" : "it fails of no data"}`, () => {
    const codes = BAD.flatMap(([number, which]) =>
      each((call, described) =>
        codeOf(() => run(name, call.params, changed(call.operands, described, which, number))),
      ),
    );
    expect(codes.some((code) => code !== null)).toBe(description.canFail);
  });
});
