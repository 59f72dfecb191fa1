// What Embedding and EmbeddingBag have in common: a table whose rows are looked up.

import { noGrad } from "../context/grad-mode.js";
import { write } from "../eager/apply.js";
import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkIndex } from "../ops/axis-index.js";
import { detach } from "../ops/detach.js";
import { div } from "../ops/div.js";
import { expand } from "../ops/expand.js";
import { greater } from "../ops/greater.js";
import { indexAdd } from "../ops/index-add.js";
import { indexSelect } from "../ops/index-select.js";
import { mul } from "../ops/mul.js";
import { norm } from "../ops/norm.js";
import { notEqual } from "../ops/not-equal.js";
import { reshape } from "../ops/reshape.js";
import { scatter } from "../ops/scatter.js";
import { sub } from "../ops/sub.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { ones, zeros } from "../tensor/create.js";
import type { DType } from "../tensor/dtype.js";
import { format, type Shape, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Parameter } from "./parameter.js";

export interface TableOptions {
  /** The row of this index is padding: it is 0 at first and has no gradient. */
  readonly paddingIdx?: number;
  /** Rows whose norm is larger are made that long when they are looked up, in the table too. */
  readonly maxNorm?: number;
  /** The p of that norm. Default: 2. */
  readonly normType?: number;
  /** Divide a row's gradient by how often it is looked up. Default: false. */
  readonly scaleGradByFreq?: boolean;
}

export interface TableSettings {
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
}

export const TABLE_OPTIONS = ["paddingIdx", "maxNorm", "normType", "scaleGradByFreq"] as const;

export function readTable(name: string, numEmbeddings: number, options: TableOptions): TableSettings {
  const { paddingIdx, maxNorm, normType = 2, scaleGradByFreq = false } = options;
  const row = { min: 0, below: numEmbeddings, integer: true };
  return {
    paddingIdx: paddingIdx === undefined ? null : checkNumber(name, "paddingIdx", paddingIdx, row),
    maxNorm: maxNorm === undefined ? null : checkNumber(name, "maxNorm", maxNorm, { min: 0 }),
    normType: checkNumber(name, "normType", normType, { above: 0 }),
    scaleGradByFreq: checkFlag(name, "scaleGradByFreq", scaleGradByFreq),
  };
}

/** The options that give these settings, without those that are as by default. */
export function tableOptions({
  paddingIdx,
  maxNorm,
  normType,
  scaleGradByFreq,
}: TableSettings): TableOptions {
  return {
    ...(paddingIdx === null ? {} : { paddingIdx }),
    ...(maxNorm === null ? {} : { maxNorm }),
    ...(normType === 2 ? {} : { normType }),
    ...(scaleGradByFreq ? { scaleGradByFreq } : {}),
  };
}

/** Rows from N(0, 1), that of the padding 0. */
export function newTable(
  numEmbeddings: number,
  embeddingDim: number,
  dtype: DType,
  { paddingIdx }: TableSettings,
): Parameter {
  const rows = defaultGenerator.normal([numEmbeddings, embeddingDim], { dtype });
  if (paddingIdx !== null)
    rows.storage.forWriting().fill(0, paddingIdx * embeddingDim, (paddingIdx + 1) * embeddingDim);
  return new Parameter(rows);
}

/** @throws ShapeError unless it is a table of that shape. */
export function checkTable(name: string, table: unknown, shape: Shape): Tensor {
  const checked = checkTensor(name, "weight", table);
  if (sameShape(checked.shape, shape)) return checked;
  throw new ShapeError(`${name}: expected weight ${format(shape)}, got ${format(checked.shape)}`);
}

/** The rows of a table at an index of any shape, one after the other: [n, D]. */
export function lookUp(name: string, weight: Tensor, index: Tensor, settings: TableSettings): Tensor {
  checkIndex(name, index);
  const { paddingIdx, maxNorm, normType, scaleGradByFreq } = settings;
  const list = reshape(index, [index.size]);
  if (maxNorm !== null) noGrad(() => shorten(name, weight, list, maxNorm, normType));
  const rows = indexSelect(weight, 0, list);
  const counted = scaleGradByFreq ? withGradientTimes(rows, shares(list, weight)) : rows;
  if (paddingIdx === null) return counted;
  return where(unsqueeze(notEqual(list, paddingIdx), 1), counted, detach(rows));
}

/** Makes the rows of the list no longer than that. */
function shorten(name: string, weight: Tensor, list: Tensor, most: number, p: number): void {
  const rows = indexSelect(weight, 0, list);
  const length = norm(rows, { dim: 1, keepdim: true, p });
  const shorter = where(greater(length, most), mul(rows, div(most, add(length, 1e-7))), rows);
  write(name, weight, scatter(weight, 0, expand(unsqueeze(list, 1), rows.shape), shorter));
}

/** One over how often each index is in the list: [n, 1]. */
function shares(list: Tensor, { shape, dtype }: Tensor): Tensor {
  const n = shape[0] as number;
  const counts = indexAdd(zeros([n], { dtype }), 0, list, ones([list.size], { dtype }));
  return unsqueeze(div(1, indexSelect(counts, 0, list)), 1);
}

/** x, with its gradient multiplied by a factor. */
function withGradientTimes(x: Tensor, factor: Tensor): Tensor {
  const held = detach(x);
  return add(held, mul(sub(x, held), factor));
}
