import { checkChoice, checkFlag, checkOptions } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { argsort } from "./argsort.js";
import { asList, checkAxisPerElement, isScalar } from "./axis-index.js";
import { checkDTypes, defineOp } from "./define.js";
import { div } from "./div.js";
import { equal } from "./equal.js";
import { expand } from "./expand.js";
import { floor } from "./floor.js";
import { greater } from "./greater.js";
import { addElements, gatherElements } from "./index-maps.js";
import { frontOf, sourceFor, withFront } from "./index-source.js";
import { logicalOr } from "./logical-or.js";
import { maximum } from "./maximum.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { notEqual } from "./not-equal.js";
import { scalar } from "./operand.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { positions, SCATTER, scatter } from "./scatter.js";
import { join, shifted } from "./slice-and-concat.js";
import { sub } from "./sub.js";
import { to } from "./to.js";
import { where } from "./where.js";

const REDUCTIONS = ["sum", "prod", "mean", "amax", "amin"] as const;

/** What `scatterReduce` reduces. */
export interface ScatterReduceOptions {
  /** Whether an element of x is reduced with those that meet there, and not replaced by them. Default: true. */
  readonly includeSelf?: boolean;
}

/** A front part of x, and what an index of the same sizes, but along the axis, puts into it. */
interface Parts {
  readonly x: Tensor;
  readonly dim: number;
  readonly index: Tensor;
  readonly source: Tensor;
  readonly includeSelf: boolean;
}

/**
 * Reduces the elements that meet along an axis, each element where its index says (torch.scatter_reduce). Of equal
 * largest or smallest ones each has an equal share of the gradient. Elements of x that nothing meets stay.
 * Shapes: as `scatter`. index: int32. Dtypes: float32, float64, int32, whose mean is rounded down.
 * @param reduce "sum", "prod", "mean", "amax" or "amin".
 * @example scatterReduce(zeros([2]), 0, tensor([0, 1, 0], { dtype: "int32" }), tensor([1, 2, 3]), "amax")   // [3, 2]
 * @throws IndexError for an index outside [0, size); ShapeError, DTypeError, ArgumentError, OptionError
 */
export function scatterReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: (typeof REDUCTIONS)[number],
  options: ScatterReduceOptions = {},
): Tensor {
  if (isScalar(x)) {
    return reshape(scatterReduce(asList(x), dim, asList(index), asList(source), reduce, options), []);
  }
  const axis = checkAxisPerElement("scatterReduce", x, dim, index);
  checkDTypes("scatterReduce", ["x"], [x], "number");
  const values = sourceFor("scatterReduce", x, index, source);
  checkChoice("scatterReduce", "reduce", reduce, REDUCTIONS);
  checkOptions("scatterReduce", options, ["includeSelf"]);
  const includeSelf = checkFlag("scatterReduce", "includeSelf", options.includeSelf ?? true);
  const front = frontOf(x, index.shape, axis);
  return withFront(x, BY_NAME[reduce]({ x: front, dim: axis, index, source: values, includeSelf }));
}

const BY_NAME: Readonly<Record<(typeof REDUCTIONS)[number], (parts: Parts) => Tensor>> = {
  sum: sums,
  prod: products,
  mean: means,
  amax: largest,
  amin: (parts) => {
    // −1 − x turns the order of whole numbers around without an overflow.
    const turned = (x: Tensor): Tensor => (isFloat(x.dtype) ? neg(x) : sub(-1, x));
    return turned(largest({ ...parts, x: turned(parts.x), source: turned(parts.source) }));
  },
};

/** How many elements of the source meet at each place of x. */
function counts(x: Tensor, dim: number, index: Tensor): Tensor {
  return addElements(expand(scalar(1, "int32"), index.shape), dim, index, x.shape[dim] as number);
}

/** x, or its derivative, where the count of what meets it is 0; 0 elsewhere. */
function unmet(x: Tensor, count: Tensor): Tensor {
  return where(greater(count, 0), 0, x);
}

function sums({ x, dim, index, source, includeSelf }: Parts): Tensor {
  const base = includeSelf ? x : unmet(x, counts(x, dim, index));
  return add(base, addElements(source, dim, index, x.shape[dim] as number));
}

function means(parts: Parts): Tensor {
  const { x, dim, index, includeSelf } = parts;
  const met = counts(x, dim, index);
  const count = includeSelf ? add(met, 1) : maximum(met, 1);
  const total = sums(includeSelf ? parts : { ...parts, x: unmet(x, met), includeSelf: true });
  if (isFloat(total.dtype)) return div(total, to(count, total.dtype));
  return to(floor(div(to(total, "float64"), to(count, "float64"))), "int32");
}

/** In ascending order, so that of those which meet the largest is written last, and stays. */
function largest({ x, dim, index, source, includeSelf }: Parts): Tensor {
  const all = includeSelf ? join([x, source], dim) : source;
  const places = includeSelf ? join([positions(x.shape, dim), index], dim) : index;
  const order = argsort(all, { dim });
  return lastOp([x, gatherElements(places, dim, order), gatherElements(all, dim, order)], { dim });
}

interface Last {
  readonly index: Tensor;
  readonly source: Tensor;
  readonly y: Tensor;
  readonly dim: number;
}

/** d where the source is what stayed, shared among equal ones; 0 elsewhere. */
function shared(d: Tensor, { index, source, y, dim }: Last): Tensor {
  const isChosen = equal(source, gatherElements(y, dim, index));
  const equals = addElements(to(isChosen, d.dtype), dim, index, y.shape[dim] as number);
  return where(isChosen, div(d, gatherElements(equals, dim, index)), 0);
}

const lastOp = defineOp("scatterReduce", {
  ...SCATTER,
  vjp: {
    x: ({ dy, index, dim }) => unmet(dy, counts(dy, dim, index)),
    source: ({ dy, ...last }) => shared(gatherElements(dy, last.dim, last.index), last),
  },
  jvp: {
    x: ({ dx, index, dim }) => unmet(dx, counts(dx, dim, index)),
    source: ({ dsource, ...last }) =>
      addElements(shared(dsource, last), last.dim, last.index, last.y.shape[last.dim] as number),
  },
});

/** The products of runs of equal indices, by pairs. Each run's last element has the product of the whole run. */
function products({ x, dim, index, source, includeSelf }: Parts): Tensor {
  const count = index.shape[dim] as number;
  if (sizeOf(index.shape) === 0) return x;
  const order = argsort(index, { dim });
  const places = gatherElements(index, dim, order);
  let isWhole = notEqual(places, shifted(places, dim, 1, -1));
  let product = gatherElements(source, dim, order);
  for (let step = 1; step < count; step *= 2) {
    product = mul(product, where(isWhole, 1, shifted(product, dim, step, 1)));
    isWhole = logicalOr(isWhole, shifted(isWhole, dim, step, 1));
  }
  if (!includeSelf) return scatter(x, dim, places, product);
  return mul(x, scatter(expand(scalar(1, x.dtype), x.shape), dim, places, product));
}

register("scatterReduce", scatterReduce, {
  torch: "scatter_reduce",
  cases: ({ floats, integers, values }) => {
    const each = REDUCTIONS.flatMap((reduce) =>
      [true, false].map((includeSelf) => ({ reduce, options: { includeSelf } })),
    );
    const index = values(
      [
        [0, 2, 0, 0, 2],
        [1, 1, 1, 2, 1],
      ],
      "int32",
    );
    return {
      ...Object.fromEntries(
        each.flatMap(({ reduce, options }) => {
          const note = options.includeSelf ? reduce : `${reduce}, without x`;
          return [
            [note, [floats([2, 4]), 1, index, floats([2, 5]), reduce, options]] as const,
            [
              `${note}, int32`,
              [integers([2, 4], 9), 1, index, integers([2, 5], 9), reduce, options],
            ] as const,
          ];
        }),
      ),
      "a smaller index": [floats([3, 4, 2]), 1, integers([2, 3, 1], 4), floats([2, 3, 2]), "sum" as const],
      "a smaller index, amax": [
        floats([3, 4, 2]),
        1,
        integers([2, 3, 1], 4),
        floats([2, 3, 2]),
        "amax" as const,
      ],
      "first dim, amin": [floats([3, 2]), 0, integers([4, 2], 3), floats([4, 2]), "amin" as const],
      "equal ones": [
        values([1, 2, 0]),
        0,
        values([0, 0, 1, 2], "int32"),
        values([1, 1, 2, -1]),
        "amax" as const,
      ],
      "factors of 0": [
        values([1, 2, 3]),
        0,
        values([0, 0, 0, 1], "int32"),
        values([2, 0, 3, 0]),
        "prod" as const,
      ],
      "a scalar": [floats([]), 0, values(0, "int32"), floats([]), "prod" as const],
      "no index": [floats([3]), 0, values([], "int32"), floats([0]), "prod" as const],
    };
  },
});
