import { noGrad } from "../../context/grad-mode.js";
import { write } from "../../eager/apply.js";
import { Buffer } from "../../nn/buffer.js";
import { Module } from "../../nn/module.js";
import { add } from "../../ops/add.js";
import { clamp } from "../../ops/clamp.js";
import { div } from "../../ops/div.js";
import { mean } from "../../ops/mean.js";
import { mul } from "../../ops/mul.js";
import { reshape } from "../../ops/reshape.js";
import { rsqrt } from "../../ops/rsqrt.js";
import { square } from "../../ops/square.js";
import { sub } from "../../ops/sub.js";
import { to } from "../../ops/to.js";
import { ones, zeros } from "../../tensor/create.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";

/** Normalized values lie within this many standard deviations. */
const CLIP = 10;
const EPSILON = 1e-8;

/**
 * Brings observations to mean 0 and variance 1 by the running means over all that were seen
 * (stable_baselines3.common.vec_env.VecNormalize): y = clamp((x − m)/√(v + ε), ±10), ε = 1e-8.
 */
export class RunningNorm extends Module {
  readonly runningMean: Buffer;
  readonly runningVar: Buffer;
  /** How many observations were seen. */
  readonly count: Buffer;

  constructor(shape: Shape) {
    super();
    this.runningMean = new Buffer(zeros([...shape], { dtype: "float64" }));
    this.runningVar = new Buffer(ones([...shape], { dtype: "float64" }));
    this.count = new Buffer(zeros([], { dtype: "float64" }));
  }

  forward(x: Tensor): Tensor {
    const center = to(this.runningMean, x.dtype);
    const scale = rsqrt(add(to(this.runningVar, x.dtype), EPSILON));
    return clamp(mul(sub(x, center), scale), { min: -CLIP, max: CLIP });
  }

  /**
   * Takes in a batch, [n, …shape]: means and variances of both parts are joined exactly (Chan et al., 1979).
   */
  update(batch: Tensor): void {
    noGrad(() => {
      const { runningMean, runningVar, count } = this;
      const { shape } = runningMean;
      const n = batch.size / sizeOf(shape);
      const x = to(reshape(batch, [n, ...shape]), "float64");
      const center = mean(x, { dim: 0 });
      const spread = mean(square(sub(x, center)), { dim: 0 });
      const all = add(count, n);
      const share = div(n, all);
      const distance = sub(center, runningMean);
      const joined = add(
        add(mul(runningVar, sub(1, share)), mul(spread, share)),
        mul(square(distance), mul(share, sub(1, share))),
      );
      write("update", runningVar, joined);
      write("update", runningMean, add(runningMean, mul(distance, share)));
      write("update", count, all);
    });
  }
}
