import { expect, test } from "vitest";
import { grad, ops, type Tensor, tensor } from "../../lib/index.js";

/** a, b, x, I and ∂I/∂x by the power series in mpmath with 30 digits. */
const DIGITS: readonly (readonly [a: number, b: number, x: number, I: number, density: number])[] = [
  [0.001, 0.001, 0.3, 0.49957696213967645, 0.002377243355720999],
  [0.001, 5, 0.001, 0.9951825151101092, 0.9912117100801507],
  [3, 0.001, 0.8, 0.0004896250970593247, 0.003199647819260671],
  [1e-8, 1e-8, 0.5, 0.5, 1.9999999722741133e-8],
  [0.5, 1e-10, 0.99, 5.986445690296893e-10, 1.0050378146570464e-8],
  [0.5, 0.5, 0.25, 0.3333333333333333, 0.7351051938957227],
  [9.5, 0.75, 0.1, 1.4905312179714233e-10, 1.4197160426687336e-8],
  [2, 30, 0.5, 0.9999999850988388, 8.66129994392395e-7],
  [30, 2, 0.5, 1.4901161193847656e-8, 8.66129994392395e-7],
  [40, 60, 0.4, 0.5054370011155949, 8.121914499610604],
  [300, 200, 0.55, 0.011853654379737195, 1.3823960921403717],
  [1000, 3, 0.8, 2.487651969802132e-93, 3.0848126959787817e-90],
  [1e5, 1e5, 0.499, 0.18554674455755676, 239.18729835074404],
  [1e5, 1e5, 0.501, 0.8144532554424433, 239.18729835074404],
];

const f64 = (values: readonly number[]): Tensor => tensor([...values], { dtype: "float64" });
const column = (i: number): Tensor => f64(DIGITS.map((row) => row[i] as number));
const [a, b, x] = [column(0), column(1), column(2)];

test("it and its derivative by x have 12 digits", () => {
  const y = ops.betainc(a, b, x);
  const slopes = grad((z: Tensor) => ops.sum(ops.betainc(a, b, z)))(x);
  DIGITS.forEach(([, , , right, density], i) => {
    expect(Math.abs((y.data[i] as number) / right - 1), `row ${i}`).toBeLessThan(1e-12);
    expect(Math.abs((slopes.data[i] as number) / density - 1), `density, row ${i}`).toBeLessThan(1e-12);
  });
});

test("I_x(a, b) + I_(1 − x)(b, a) is 1", () => {
  ops.add(ops.betainc(a, b, x), ops.betainc(b, a, ops.sub(1, x))).data.forEach((sum) => {
    expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
  });
});

test("at the borders of the domain it is the limit, and NaN where there are several, and outside", () => {
  const rows = [
    [1, 1, 0, 0],
    [1, 1, 1, 1],
    [0, 1, 0.5, 1],
    [1, 0, 0.5, 0],
    [0, 0, 0.5, NaN],
    [Infinity, 1, 0.5, 0],
    [1, Infinity, 0.5, 1],
    [Infinity, Infinity, 0.5, NaN],
    [-1, 1, 0.5, NaN],
    [1, -1, 0.5, NaN],
    [1, 1, -0.5, NaN],
    [1, 1, 1.5, NaN],
    [NaN, 1, 0.5, NaN],
    [1, 1, NaN, NaN],
  ];
  const [p, q, z] = [0, 1, 2].map((i) => f64(rows.map((row) => row[i] as number))) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  expect([...ops.betainc(p, q, z).data]).toEqual(rows.map((row) => row[3]));
});

test("derivatives by a and b are refused", () => {
  expect(() => grad((p: Tensor) => ops.sum(ops.betainc(p, b, x)))(a)).toThrow(
    "betainc: there is no derivative by a",
  );
  expect(() => grad((q: Tensor) => ops.sum(ops.betainc(a, q, x)))(b)).toThrow(
    "betainc: there is no derivative by b",
  );
});
