// The derivative of a number of the gamma distribution by the distribution's shape.
import { describe, expect, test } from "vitest";
import {
  checkpoint,
  compile,
  full,
  Generator,
  GraphError,
  grad,
  jvp,
  ops,
  type Tensor,
  tensor,
  vjp,
  vmap,
} from "../../lib/index.js";
import { gammaSample, logGammaSample } from "../../lib/ops/gamma-sample.js";

const column = (rows: readonly (readonly number[])[], i: number): Tensor =>
  tensor(
    rows.map((row) => row[i] as number),
    { dtype: "float64" },
  );

/** α, x, dx/dα by mpmath with 50 digits, x from the 1e-6 to the 1 − 1e-6 quantile. */
const NUMBERS: readonly (readonly [alpha: number, x: number, slope: number])[] = [
  [0.001, 2.97359e-23, 1.5252766810672988e-18],
  [0.001, 5.12003, 856.9062538544528],
  [0.01, 4.46554e-131, 1.3377925980305548e-126],
  [0.01, 4.46554e-31, 3.095640144136917e-27],
  [0.01, 0.00336262, 1.7332880140872908],
  [0.01, 7.15125, 91.29302632937001],
  [0.1, 6.07305e-61, 8.394781556559242e-58],
  [0.1, 5.93071e-14, 1.7811281701071365e-11],
  [0.1, 0.000593391, 0.04159773608270502],
  [0.1, 0.580435, 5.4675293779833565],
  [0.1, 9.45703, 11.735816673415227],
  [0.5, 7.85398e-13, 4.38394645882971e-11],
  [0.5, 0.00196607, 0.02468324532734855],
  [0.5, 0.227468, 0.8583669661133357],
  [0.5, 1.92073, 2.4729106235660065],
  [0.5, 11.9641, 4.351305036889582],
  [1, 1e-6, 1.4238302262212699e-5],
  [1, 0.0512933, 0.17925469753087686],
  [1, 0.7, 0.9732187409923876],
  [1, 2.99573, 1.9367919461930108],
  [1, 13.8155, 3.2707792994046296],
  [3, 0.0182543, 0.03215623085728257],
  [3, 0.817691, 0.5126794938675654],
  [3, 2.67406, 0.997268316353109],
  [3, 6.29579, 1.4962553932117642],
  [3, 19.1292, 2.312341796529862],
  [9.5, 1.12753, 0.291384079207786],
  [9.5, 5.05851, 0.7302752521089608],
  [9.5, 9.16883, 0.9997643280306162],
  [9.5, 15.0718, 1.2704690597734198],
  [9.5, 31.8385, 1.7529789483573153],
  [19, 4.88391, 0.47390225125855723],
  [19, 12.442, 0.8102423600935824],
  [19, 18.6677, 0.9999424583232277],
  [19, 26.6918, 1.1899377383312113],
  [19, 47.2958, 1.5374630341665863],
  [21, 5.85588, 0.49753755129699506],
  [21, 14.072, 0.8195948606861597],
  [21, 20.6676, 0.9999530671680322],
  [21, 29.062, 1.1805489629243944],
  [21, 50.3444, 1.5117793666384804],
  [60, 30.0756, 0.6960198121840291],
  [60, 47.8523, 0.8936232942860104],
  [60, 59.667, 0.9999944638047883],
  [60, 73.2837, 1.1063939929089053],
  [60, 104.252, 1.3051261251803257],
  [300, 224.741, 0.8630034992872614],
  [300, 272.09, 0.9524985745813633],
  [300, 299.667, 1.0000002262476417],
  [300, 329.047, 1.0475023787041151],
  [300, 389.642, 1.1370427724903542],
  [5000, 4671.05095, 0.9663912097784328],
  [5000, 4884.26257, 0.9883688524343178],
  [5000, 4999.66667, 0.9999999991479991],
  [5000, 5116.87445, 1.0116311503595767],
  [5000, 5343.34491, 1.033608954683039],
  [100000, 98504.0271, 0.9924842091911614],
  [100000, 99480.4207, 0.9973992547265081],
  [100000, 99999.6667, 1.0000000001637044],
  [100000, 100520.716, 1.0026007436419186],
  [100000, 101510.37, 1.0075157934345098],
];

/** α, ln x, d ln x/dα, where x itself is too small for a float64. */
const LOGARITHMS: readonly (readonly [alpha: number, x: number, slope: number])[] = [
  [0.001, -690, 689424.4280681896],
  [0.001, -5000, 4999424.42806819],
  [1e-5, -2e5, 19999942280.07843],
  [0.02, -900, 44972.76053447719],
  [0.5, -30, 60.07297994796098],
];

describe("dx/dα has 10 digits", () => {
  const expectDigits = (slopes: Tensor, expected: readonly (readonly number[])[], digits: number): void => {
    slopes.data.forEach((slope, i) => {
      const [alpha, x, right] = expected[i] as [number, number, number];
      expect(Math.abs(slope / right - 1), `α = ${alpha}, x = ${x}`).toBeLessThan(digits);
    });
  };
  const slopesOf = (f: (x: Tensor, alpha: Tensor) => Tensor, rows: readonly (readonly number[])[]): Tensor =>
    grad((alpha: Tensor) => ops.sum(f(column(rows, 1), alpha)))(column(rows, 0));

  test("for the number", () => expectDigits(slopesOf(gammaSample, NUMBERS), NUMBERS, 1e-10));
  test("for the logarithm of a small number", () => {
    expectDigits(slopesOf(logGammaSample, LOGARITHMS), LOGARITHMS, 1e-10);
  });
  test("for the logarithm of any number", () => {
    const rows = NUMBERS.map(([alpha, x, slope]) => [alpha, Math.log(x), slope / x]);
    expectDigits(slopesOf(logGammaSample, rows), rows, 1e-10);
  });
});

const generator = new Generator(0);
const shapes = tensor([0.25, 1, 7], { dtype: "float64" });

describe.each([
  [
    "standardGamma",
    (own: Generator, alpha: Tensor, shape?: readonly number[]) =>
      own.standardGamma(alpha, shape && { shape }),
  ],
  [
    "logStandardGamma",
    (own: Generator, alpha: Tensor, shape?: readonly number[]) =>
      own.logStandardGamma(alpha, shape && { shape }),
  ],
] as const)("%s", (name, draw) => {
  const fresh = (): Generator => new Generator(3);
  const total = (alpha: Tensor): Tensor => ops.sum(draw(fresh(), alpha, [4, 3]));

  test("has the mean slope that its mean has", () => {
    const alpha = tensor([0.3, 2, 40], { dtype: "float64" });
    const count = 8_000;
    const slopes = grad((a: Tensor) => ops.div(ops.sum(draw(generator, a, [count, 3])), count))(alpha);
    // d/dα of E[x] = α and of E[ln x] = ψ(α).
    const expected = name === "standardGamma" ? full([3], 1) : ops.polygamma(1, alpha);
    slopes.data.forEach((slope, i) => {
      expect(Math.abs(slope / (expected.data[i] as number) - 1)).toBeLessThan(0.1);
    });
  });

  test("has the same gradient compiled, under checkpoint, forwards and for each sample of a vmap", () => {
    const expected = grad(total)(shapes).data;
    expect([...expected].every((slope) => Number.isFinite(slope) && slope > 0)).toBe(true);
    expect(compile((alpha: Tensor) => grad(total)(alpha))(shapes).data).toEqual(expected);
    expect(grad((alpha: Tensor) => checkpoint(total, alpha))(shapes).data).toEqual(expected);
    for (let i = 0; i < 3; i++) {
      const direction = tensor(
        [0, 1, 2].map((k) => (k === i ? 1 : 0)),
        { dtype: "float64" },
      );
      expect(jvp(total, [shapes], [direction])[1].item()).toBeCloseTo(expected[i] as number, 9);
    }
    const both = ops.stack([shapes, shapes]);
    const each = vmap((alpha: Tensor) => grad(total)(alpha), { randomness: "same" })(both);
    expect([...each.data]).toEqual([...expected, ...expected]);
  });

  test("is differentiated once by α", () => {
    expect(() => grad((alpha: Tensor) => ops.sum(grad(total)(alpha)))(shapes)).toThrow(GraphError);
    expect(() => grad((alpha: Tensor) => ops.sum(grad(total)(alpha)))(shapes)).toThrow(
      `${name}: the draw has no second derivative by alpha`,
    );
  });

  test("keeps no graph for a shape that needs no gradient", () => {
    expect(draw(fresh(), shapes).requiresGrad).toBe(false);
  });
});

test("slopes of float32 are those of float64, rounded", () => {
  const numbers = NUMBERS.filter(([, x]) => x > 1e-30);
  const [alpha, x] = [ops.to(column(numbers, 0), "float32"), ops.to(column(numbers, 1), "float32")];
  const slopes = vjp((a: Tensor) => gammaSample(x, a), alpha)[1](ops.to(full(x.shape, 1), "float32"))[0];
  numbers.forEach(([, , slope], i) => {
    // The condition of the slope: α and x are rounded.
    expect(Math.abs((slopes?.data[i] as number) / slope - 1)).toBeLessThan(2e-4);
  });
});
