import { expect, test } from "vitest";
import { ops, tensor } from "../../lib/index.js";

// By mpmath with 50 digits; PyTorch's are wrong for orders this high.
test.each([
  [20, [9, 10, 20], [-0.025061866562255328, -0.0028271335649279823, -1.8395888048043844e-9]],
  [50, [9, 10], [-6587678235714192, -30652457252905.85]],
  [150, [200], [-3.7942152199759047e-85]],
])("polygamma of order %d has all digits", (n, x, expected) => {
  const y = ops.polygamma(n, tensor(x, { dtype: "float64" }));
  y.data.forEach((value, i) => {
    expect(Math.abs(value / (expected[i] as number) - 1)).toBeLessThan(1e-13);
  });
});
