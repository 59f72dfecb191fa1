// What the ops say of themselves is whole: whatever is exported is registered and has PyTorch's answers.
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ops, Tensor } from "../../lib/index.js";
import { registry } from "../../lib/ops/registry.js";
import { callOp, inputsOf, tensorsOf, withTensors } from "../oracle/call.js";
import { casesOf } from "../oracle/cases.js";
import { expectSame, fromOracle } from "../oracle/compare.js";
import { hasValue, readOp } from "../oracle/read.js";

/** Exported beside the ops: what users define theirs with. */
const MAKERS = ["defineOp", "elementwise", "linear"];

const all = [...registry.values()].map((about) => [about.name, about] as const);

describe("an exported op is registered under its name", () => {
  const exported = Object.entries(ops).filter(([name]) => !MAKERS.includes(name));
  test.each(exported)("%s", (name, op) => {
    expect(registry.get(name)?.op, `${name}: end its file with register("${name}", …)`).toBe(op);
  });
});

test("a registered op is exported", () => {
  expect([...registry.keys()].filter((name) => !(name in ops))).toEqual([]);
});

describe("an op has PyTorch's answers to its cases", () => {
  test.each(all)("%s", (name, about) => {
    const how = `to write them anew: npx tsx test/oracle/ops.ts ${name}`;
    const cases = casesOf(about);
    expect(cases.length, `${name}: has no cases`).toBeGreaterThan(0);
    const answered = readOp(name).map(({ note, args }) => ({ note, args }));
    expect(answered, how).toEqual(cases.map(({ note, args }) => ({ note, args })));
    const notes = cases.map(({ note }) => note);
    expect(new Set(notes).size, `${name}: two cases of one name`).toBe(notes.length);
  });

  test("and there are none of others", () => {
    const files = readdirSync(new URL("../oracle/ops", import.meta.url)).map((file) => file.slice(0, -5));
    expect(files.filter((name) => !registry.has(name))).toEqual([]);
  });
});

describe("what an op says of single cases names them", () => {
  test.each(all)("%s", (_, about) => {
    const notes = casesOf(about).map(({ note }) => note);
    const named = [
      ...Object.keys(about.moving ?? {}),
      ...(typeof about.order === "object" ? Object.keys(about.order) : []),
    ];
    expect(named.filter((note) => !notes.includes(note))).toEqual([]);
  });
});

describe("a method gives what the function gives", () => {
  test.each(all.filter(([, { isMethod }]) => isMethod))("%s", (name) => {
    for (const row of readOp(name).filter(hasValue)) {
      const inputs = inputsOf(row).map((input) => fromOracle(input));
      const [x, ...rest] = withTensors(row.args, inputs);
      if (!(x instanceof Tensor)) continue;
      const found = tensorsOf(Reflect.apply(Reflect.get(x, name), x, rest));
      callOp(row, inputs).forEach((y, i) => {
        expectSame(found[i], y, row.note);
      });
    }
  });
});
