import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { mul } from "../ops/mul.js";
import type { Operand } from "../ops/operand.js";
import { sub } from "../ops/sub.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { positive, real } from "./constraints.js";
import { Distribution, type DistributionOptions } from "./distribution.js";
import { readParameters } from "./parameters.js";

/** A distribution with a location and a scale. */
export abstract class LocationScale extends Distribution {
  /** Shape: batchShape. */
  readonly loc: Tensor;
  /** > 0. Shape: batchShape. */
  readonly scale: Tensor;

  protected constructor(name: string, loc: Operand, scale: Operand, options: DistributionOptions) {
    const { parameters, spec } = readParameters(
      name,
      { loc, scale },
      { loc: real, scale: positive },
      options,
    );
    super(spec);
    this.loc = parameters.loc;
    this.scale = parameters.scale;
  }

  override get hasRsample(): boolean {
    return true;
  }

  /** (x − loc)/scale */
  protected standardized(x: Tensor): Tensor {
    return div(sub(x, this.loc), this.scale);
  }

  /** loc + scale·z, where z is standardized. */
  protected located(z: Operand): Tensor {
    return add(this.loc, mul(this.scale, z));
  }

  protected override expanded(batchShape: Shape): Distribution {
    const Kind = this.constructor as new (
      loc: Operand,
      scale: Operand,
      options: DistributionOptions,
    ) => Distribution;
    return new Kind(expand(this.loc, batchShape), expand(this.scale, batchShape), this.inherited);
  }
}
