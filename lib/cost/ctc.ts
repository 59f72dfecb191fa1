import { DTypeError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkRange } from "../ops/axis-index.js";
import { concat } from "../ops/concat.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { gather } from "../ops/gather.js";
import { greater } from "../ops/greater.js";
import { inRange } from "../ops/in-range.js";
import { less } from "../ops/less.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { logicalAnd } from "../ops/logical-and.js";
import { logsumexp } from "../ops/logsumexp.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { notEqual } from "../ops/not-equal.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { squeeze } from "../ops/squeeze.js";
import { stack } from "../ops/stack.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import { full } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkFloats, readReduction, reduced } from "./reduce.js";
import { type CostCase, registerCost } from "./registry.js";

export interface CTCOptions extends CostOptions {
  /** The class that stands for no label. Default: 0. */
  readonly blank?: number;
  /** Count 0, and not ∞, where a target does not fit into its input. Default: false. */
  readonly zeroInfinity?: boolean;
}

// The logarithm of a probability that is 0; finite, so that nothing of it is NaN.
const NEVER = -1e30;

/**
 * Connectionist temporal classification: −ln of the probability that the classes of T steps, without what is repeated
 * and then without blanks, read as the target (Graves et al., 2006; torch.nn.CTCLoss):
 *
 *     α_t(s) = (α_{t−1}(s) + α_{t−1}(s − 1) + [l_s ≠ blank and l_s ≠ l_{s−2}]·α_{t−1}(s − 2))·p_t(l_s)
 *
 * with the target l, a blank before, between and after its labels, in logarithms. The mean is over each sample's cost
 * divided by its number of labels. Where the cost is ∞ its gradient is 0.
 * Shapes: logProbs [T, B, C], the logarithms of probabilities, as `logSoftmax` gives them; target [B, S] int32 without
 * blanks; inputLengths and targetLengths [B] int32, of which the rest is not looked at → [B], or a scalar by the
 * reduction. Dtypes: float32, float64. The graph has some ops for each of the T steps.
 * @example cost.ctc(ops.logSoftmax(model.forward(x), { dim: 2 }), target, inputLengths, targetLengths)
 * @throws ShapeError, DTypeError, IndexError for a label outside [0, C) or a length that is too long; OptionError,
 *   ArgumentError
 */
export function ctc(
  logProbs: Tensor,
  target: Tensor,
  inputLengths: Tensor,
  targetLengths: Tensor,
  options: CTCOptions = {},
): Tensor {
  const reduction = readReduction("ctc", options, ["blank", "zeroInfinity"]);
  const zeroInfinity = checkFlag("ctc", "zeroInfinity", options.zeroInfinity ?? false);
  const [steps, samples, classes] = checkShapes(logProbs, target, inputLengths, targetLengths);
  const ends = inRange("ctc", "input length", inputLengths, steps + 1);
  const counts = inRange("ctc", "target length", targetLengths, (target.shape[1] as number) + 1);
  const blank = checkNumber("ctc", "blank", options.blank ?? 0, { min: 0, below: classes, integer: true });
  const { dtype } = logProbs;

  const labels = withBlanks(target, blank); // [B, L]
  const length = labels.shape[1] as number;
  const heard = gather(logProbs, 2, expand(unsqueeze(labels, 0), [steps, samples, length])); // [T, B, L]
  const at = (t: number): Tensor => squeeze(slice(heard, 0, { start: t, end: t + 1 }), { dim: 0 });
  const never = (columns: number): Tensor => full([samples, columns], NEVER, { dtype });
  const later = (alpha: Tensor, by: number): Tensor =>
    by >= length ? never(length) : concat([never(by), slice(alpha, 1, { end: length - by })], 1);

  const skips = where(mayBeSkippedTo(labels, blank), full([], 0, { dtype }), NEVER);
  const begins = Math.min(2, length);
  const first = concat([full([samples, begins], 0, { dtype }), never(length - begins)], 1);
  let alpha = add(first, at(0));
  for (let t = 1; t < steps; t++) {
    const ways = stack([alpha, later(alpha, 1), add(later(alpha, 2), skips)]);
    const next = add(logsumexp(ways, { dim: 0 }), at(t));
    alpha = where(unsqueeze(greater(ends, t), 1), next, alpha);
  }
  const lastBlank = mul(counts, 2);
  const end = (index: Tensor): Tensor => squeeze(gather(alpha, 1, unsqueeze(index, 1)), { dim: 1 });
  const onLabel = where(greater(counts, 0), end(maximum(sub(lastBlank, 1), 0)), NEVER);
  const all = neg(logsumexp(stack([end(lastBlank), onLabel]), { dim: 0 }));
  const costs = where(less(all, -NEVER / 2), all, zeroInfinity ? 0 : Number.POSITIVE_INFINITY);
  const isMean = reduction === "mean";
  return reduced("ctc", isMean ? div(costs, to(maximum(counts, 1), dtype)) : costs, reduction);
}

/** A blank before, between and after the labels. */
function withBlanks(target: Tensor, blank: number): Tensor {
  const [samples, count] = target.shape as [number, number];
  const blanks = (columns: number): Tensor => full([samples, columns], blank, { dtype: "int32" });
  const pairs = reshape(stack([blanks(count), target], 2), [samples, 2 * count]);
  return concat([pairs, blanks(1)], 1);
}

/** Whether the way may come from two places before: from another label over a blank. */
function mayBeSkippedTo(labels: Tensor, blank: number): Tensor {
  const [samples, length] = labels.shape as [number, number];
  const before = concat(
    [
      full([samples, Math.min(2, length)], blank, { dtype: "int32" }),
      slice(labels, 1, { end: Math.max(0, length - 2) }),
    ],
    1,
  );
  return logicalAnd(notEqual(labels, blank), notEqual(labels, before));
}

function checkShapes(
  logProbs: Tensor,
  target: Tensor,
  inputLengths: Tensor,
  targetLengths: Tensor,
): readonly [steps: number, samples: number, classes: number] {
  checkFloats("ctc", logProbs, {});
  const integers = { target, inputLengths, targetLengths };
  for (const [name, tensor] of Object.entries(integers)) {
    if (checkTensor("ctc", name, tensor).dtype === "int32") continue;
    throw new DTypeError(`ctc: expected ${name} to be int32, got ${tensor.dtype}`);
  }
  const [steps = 0, samples = 0, classes = 0] = logProbs.shape;
  const isAlike =
    logProbs.rank === 3 && target.rank === 2 && target.shape[0] === samples && steps > 0 && classes > 0;
  const areLengths = [inputLengths, targetLengths].every(
    ({ rank, shape }) => rank === 1 && shape[0] === samples,
  );
  if (!isAlike || !areLengths) {
    const shapes = [logProbs, target, inputLengths, targetLengths].map(({ shape }) => format(shape));
    throw new ShapeError(
      `ctc: expected logProbs [T, B, C], target [B, S] and lengths [B] and [B], got ${shapes.join(", ")}`,
    );
  }
  checkRange("ctc", "label", target, classes);
  return [steps, samples, classes];
}

registerCost(ctc, {
  torch: "lambda y, *others, **options: F.ctc_loss(F.log_softmax(y, 2), *others, **options)",
  // PyTorch's gradient with respect to the logarithms is right only after a softmax.
  compared: (y: Tensor, target: Tensor, inputLengths: Tensor, targetLengths: Tensor, options: CTCOptions) =>
    ctc(logSoftmax(y, { dim: 2 }), target, inputLengths, targetLengths, options),
  // Repeated labels, an empty target, short inputs, and a target that does not fit into its input.
  cases: ({ values }) => {
    const heard = (target: number[][], inputs: number[], targets: number[]): CostCase["inputs"] => ({
      y: [6, 4, 5],
      target: values(target, "int32"),
      inputLengths: values(inputs, "int32"),
      targetLengths: values(targets, "int32"),
    });
    const said = [
      [1, 2, 2],
      [3, 4, 1],
      [2, 2, 2],
      [1, 1, 1],
    ];
    const other = [
      [0, 2, 2],
      [1, 0, 1],
      [2, 0, 2],
      [1, 1, 1],
    ];
    return [
      { note: "2-D", inputs: heard(said, [6, 4, 5, 6], [3, 2, 3, 0]) },
      { note: "blank", inputs: heard(other, [6, 4, 5, 6], [3, 2, 3, 0]), options: { blank: 4 } },
      {
        note: "too short",
        inputs: heard(said, [6, 4, 3, 1], [3, 2, 3, 1]),
        options: { zeroInfinity: true },
      },
    ];
  },
});
