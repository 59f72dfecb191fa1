import { add } from "../../ops/add.js";
import { detach } from "../../ops/detach.js";
import { exp } from "../../ops/exp.js";
import { greater } from "../../ops/greater.js";
import { maximum } from "../../ops/maximum.js";
import { mean } from "../../ops/mean.js";
import { minimum } from "../../ops/minimum.js";
import { mul } from "../../ops/mul.js";
import { neg } from "../../ops/neg.js";
import { square } from "../../ops/square.js";
import { sub } from "../../ops/sub.js";
import { to } from "../../ops/to.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ActionDistribution } from "./action-head.js";
import type { Batch } from "./on-policy.js";
import { standardized } from "./on-policy.js";

/** What of PPO's options its loss takes. */
export interface PPOLossSettings {
  /** ε, a scalar */
  readonly clipRange: Tensor;
  readonly clipRangeValue: number | null;
  readonly entropyCoefficient: number;
  readonly valueCoefficient: number;
  readonly normalizeAdvantages: boolean;
}

/** The loss of a mini-batch, and what is told of it. All are scalars. */
export interface PPOLoss {
  readonly loss: Tensor;
  readonly policyLoss: Tensor;
  readonly valueLoss: Tensor;
  readonly entropy: Tensor;
  readonly approxKl: Tensor;
  readonly clipFraction: Tensor;
}

/** The loss in `PPO`'s text, of what actor and critic say of a mini-batch now. */
export function ppoLoss(
  { policy, value }: { readonly policy: ActionDistribution; readonly value: Tensor },
  batch: Omit<Batch, "observation">,
  settings: PPOLossSettings,
): PPOLoss {
  const { clipRange, entropyCoefficient, valueCoefficient } = settings;
  const logRatio = sub(policy.logProb(batch.action), batch.logProb);
  const ratio = exp(logRatio);
  const advantage = settings.normalizeAdvantages ? standardized(batch.advantage) : batch.advantage;
  const clipped = minimum(maximum(ratio, sub(1, clipRange)), add(clipRange, 1));
  const policyLoss = neg(mean(minimum(mul(ratio, advantage), mul(clipped, advantage))));
  const valueLoss = valueLossOf(value, batch, settings.clipRangeValue);
  const entropy = mean(policy.entropy());
  const move = sub(detach(ratio), 1);
  return {
    loss: sub(add(policyLoss, mul(valueLoss, valueCoefficient)), mul(entropy, entropyCoefficient)),
    policyLoss,
    valueLoss,
    entropy,
    approxKl: mean(sub(move, detach(logRatio))),
    clipFraction: mean(to(greater(move.abs(), clipRange), value.dtype)),
  };
}

/** mean (V − R)²; with a range, of the worse of V and V held within the range around the old value. */
function valueLossOf(
  value: Tensor,
  { value: old, returns }: Pick<Batch, "value" | "returns">,
  range: number | null,
): Tensor {
  const loss = square(sub(value, returns));
  if (range === null) return mean(loss);
  const near = add(old, sub(value, old).clamp({ min: -range, max: range }));
  return mean(maximum(loss, square(sub(near, returns))));
}
