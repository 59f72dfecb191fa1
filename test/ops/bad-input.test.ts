// Every op with arguments that no op takes: a typed error that names the op, before any work.
import { describe, expect, test } from "vitest";
import { ArgumentError, OptionError, type Tensor, ThalwegError } from "../../lib/index.js";
import { registry } from "../../lib/ops/registry.js";
import { isPlainObject } from "../../lib/options.js";
import { isTensor } from "../../lib/tensor/tensor.js";
import { expectError, type Wrong } from "../errors/expect-error.js";
import { apply, inputsOf, withTensors } from "../oracle/call.js";
import { fromOracle } from "../oracle/compare.js";
import { hasValue, readOp } from "../oracle/read.js";

const NO_TENSORS = [undefined, null, "2", [1, 2], { shape: [2] }, () => 1];
const NO_NUMBERS = [null, "1", {}];

/** A call whose other arguments are right. */
interface Call {
  readonly args: readonly unknown[];
  readonly tensors: readonly Tensor[];
}

/** The calls of an op's cases: the first of each number of arguments. */
function callsOf(name: string): Call[] {
  const rows = readOp(name).filter(hasValue);
  return [...new Map(rows.map((row) => [row.args.length, row])).values()].map((row) => {
    const tensors = inputsOf(row).map((input) => fromOracle(input));
    return { args: withTensors(row.args, tensors), tensors };
  });
}

/** The arguments with another one at its place, or with one within a list at its place. */
function withWrong(args: readonly unknown[], i: number, wrong: unknown): (readonly unknown[])[] {
  const argument = args[i];
  const replaced = args.with(i, wrong);
  if (!Array.isArray(argument) || !argument.some(isTensor)) return [replaced];
  return [replaced, args.with(i, argument.with(argument.length - 1, wrong))];
}

const takesTensors = (argument: unknown): boolean =>
  isTensor(argument) || (Array.isArray(argument) && argument.some(isTensor));

describe.each([...registry.values()].map((about) => [about.name, about] as const))(
  "%s",
  (registered, about) => {
    // An alias says the name of what it stands for.
    const { name } = about.op;
    const calls = callsOf(registered);
    const check = async (args: readonly unknown[], wrong: Wrong, kept: readonly Tensor[]): Promise<void> => {
      const [, kind, message] = wrong;
      await expectError([() => apply(about, args), kind, message], kept);
    };
    const names = new RegExp(`^${name}: `);

    test("of nothing", async () => {
      await check([], [() => 0, ArgumentError, names], []);
    });

    test("of what is no tensor", async () => {
      for (const { args, tensors } of calls) {
        for (const i of args.keys()) {
          if (!takesTensors(args[i])) continue;
          for (const wrong of NO_TENSORS) {
            for (const given of withWrong(args, i, wrong)) {
              await check(
                given,
                [() => 0, ArgumentError, new RegExp(`^${name}: expected .*, got `)],
                tensors,
              );
            }
          }
        }
      }
    });

    test("of what is no number", () => {
      for (const { args } of calls) {
        for (const i of args.keys()) {
          if (typeof args[i] !== "number") continue;
          for (const wrong of NO_NUMBERS) {
            const run = (): unknown => apply(about, args.with(i, wrong));
            expect(run, `argument ${i}: ${wrong}`).toThrow(ThalwegError);
            expect(run, `argument ${i}: ${wrong}`).toThrow(names);
          }
        }
      }
    });

    test("of options that are none, or that it lacks", async () => {
      for (const { args, tensors } of calls) {
        const options = args.at(-1);
        if (!isPlainObject(options) || takesTensors(options)) continue;
        const last = args.length - 1;
        await check(
          args.with(last, 1),
          [() => 0, ArgumentError, `${name}: expected an object of options, got 1`],
          tensors,
        );
        await check(
          args.with(last, null),
          [() => 0, ArgumentError, `${name}: expected an object of options, got null`],
          tensors,
        );
        const unknown = new RegExp(`^${name}: unknown option "nonsense"`);
        await check(args.with(last, { ...options, nonsense: 1 }), [() => 0, OptionError, unknown], tensors);
        for (const [option, value] of Object.entries(options)) {
          const wrong = typeof value === "string" ? 3 : "3";
          const run = (): unknown => apply(about, args.with(last, { ...options, [option]: wrong }));
          expect(run, `${option}: ${wrong}`).toThrow(ThalwegError);
          expect(run, `${option}: ${wrong}`).toThrow(names);
        }
      }
    });
  },
);
