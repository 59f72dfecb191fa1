import { describe, expect, test } from "vitest";
import { compile, Generator, ops, type Tensor, tensor } from "../../lib/index.js";
import { PASSES } from "../../lib/plan/index.js";
import { all, expectSame, names, programOf } from "./program.js";

const PASS = ["combineDraws"] as const;
const x = tensor([1, 2, 3], { dtype: "float64" });

const draws = (seed = 3) => {
  const generator = new Generator(seed);
  return (input: Tensor): Tensor[] => [
    ops.add(input, generator.normal([3], { dtype: "float64" })),
    generator.uniform([9], { low: -1 }),
    generator.permutation(7),
    generator.normal([130], { mean: 2 }),
  ];
};

describe("combineDraws", () => {
  test("draws all from one state and moves it on once", () => {
    expect(names(draws(), [], x)).toEqual([
      ...["normal", "add", "add", "uniform", "add", "permutation", "add", "normal", "add"],
    ]);
    const program = programOf(draws(), PASS, x);
    expect(program.instructions.map(({ name }) => name)).toEqual([
      ...["normal", "add", "uniform", "permutation", "normal", "add"],
    ]);
    // Three numbers are one step of the counter, nine are three, a permutation of seven is seven.
    expect(all("random", program).map((draw) => draw.param("offset"))).toEqual([0, 1, 4, 11]);
    expectSame(draws, PASS, [x]);
  });

  test("leaves the generator where eager draws leave it", () => {
    const [eager, compiled] = [new Generator(5), new Generator(5)];
    const draw = (generator: Generator) => () => ops.add(generator.normal([5]), generator.normal([5]));
    const program = compile(draw(compiled), { passes: PASS });
    for (let run = 0; run < 3; run++) {
      expect([...program().data]).toEqual([...draw(eager)().data]);
      expect(compiled.getState()).toEqual(eager.getState());
    }
  });

  test("keeps sources apart", () => {
    const make = () => {
      const [a, b] = [new Generator(1), new Generator(2)];
      return (): Tensor[] => [a.normal([4]), b.normal([4]), a.uniform([4]), b.uniform([4])];
    };
    const program = programOf(make(), PASS);
    expect(all("random", program).map((draw) => draw.param("offset"))).toEqual([0, 0, 1, 1]);
    expect(program.instructions).toHaveLength(6);
    expectSame(make, PASS, []);
  });

  test("has moved a source on before an instruction that may fail, and one that reads its state in another way", () => {
    const make = () => {
      const generator = new Generator(4);
      const rate = tensor([2, 30]);
      return (): Tensor[] => [generator.normal([4]), generator.poisson(rate), generator.normal([4])];
    };
    expect(names(make(), PASS)).toEqual(["normal", "add", "poisson", "normal", "add"]);
    expectSame(make, PASS, []);
    const generator = new Generator(4);
    const rate = tensor([1]);
    const program = compile(() => [generator.normal([9]), generator.poisson(rate)], { passes: PASS });
    rate.data[0] = -1;
    expect(() => program()).toThrow("rate");
  });

  test("works beside all other passes", () => {
    const make = () => {
      const generator = new Generator(9);
      const mask = (y: Tensor): Tensor => ops.mul(y, ops.floor(generator.uniform(y.shape, { high: 2 })));
      const w = generator.normal([5, 5]);
      return (y: Tensor): Tensor => mask(ops.relu(ops.matmul(mask(ops.matmul(y, w)), w)));
    };
    expectSame(make, PASSES, [new Generator(1).normal([4, 5])]);
  });
});
