import { describe, expect, test } from "vitest";
import { ArgumentError, compile, Generator, type GeneratorState, TraceError } from "../../lib/index.js";

describe("the state of a generator", () => {
  test("goes on with the same numbers, here, in another generator and through JSON", () => {
    const generator = new Generator(2 ** 40 + 3);
    generator.normal([5]);
    const state = generator.getState();
    const x = generator.uniform([7]).toArray();
    generator.setState(state);
    expect(generator.uniform([7]).toArray()).toEqual(x);
    const other = new Generator();
    other.setState(JSON.parse(JSON.stringify(state)) as GeneratorState);
    expect(other.uniform([7]).toArray()).toEqual(x);
    expect(other.getState()).toEqual(generator.getState());
  });

  test("is what JSON keeps of it, and structuredClone refuses it", () => {
    const generator = new Generator(2 ** 40 + 3);
    generator.normal([5]);
    expect(JSON.parse(JSON.stringify({ generator }))).toEqual({ generator: generator.getState() });
    expect(() => structuredClone(generator)).toThrow("a Generator; send what getState() gives");
  });

  test("counts what a compiled program drew", () => {
    const generator = new Generator(1);
    const program = compile(() => generator.uniform([9]));
    program();
    const state = generator.getState();
    const x = program().toArray();
    generator.setState(state);
    expect(generator.uniform([9]).toArray()).toEqual(x);
  });

  test("is refused if it is none, and the generator has not changed", () => {
    const generator = new Generator(5);
    const before = generator.getState();
    const bad: unknown[] = [
      undefined,
      null,
      7,
      "123",
      [],
      [1, 2],
      [1, 2, 3, 4],
      [2 ** 32, 0, 0],
      [0, 2 ** 32, 0],
      [0, -1, 0],
      [0, 0, 2 ** 53],
      [0, 0, 0.5],
      [0, 0, "1"],
      [0, 0, Number.NaN],
    ];
    for (const state of bad) {
      expect(() => generator.setState(state as GeneratorState)).toThrow(ArgumentError);
      expect(generator.getState()).toEqual(before);
    }
  });

  test("is neither read nor set in a function that is traced", () => {
    const generator = new Generator(5);
    expect(() => compile(() => generator.uniform([generator.getState().length]))()).toThrow(TraceError);
    expect(() =>
      compile(() => {
        generator.setState([0, 0, 0]);
        return generator.uniform([2]);
      })(),
    ).toThrow(TraceError);
  });
});
