// What PyTorch's own samples of its operators are held to: value, derivatives of both orders, vmap, compiled.
import { compile, DTypeError, ops, type Tensor, ThalwegError, tensor, vjp, vmap } from "../../lib/index.js";
import { isPlainObject } from "../../lib/options.js";
import { type DType, isFloat } from "../../lib/tensor/dtype.js";
import { apply, tensorsOf as listOf, opOf } from "./call.js";

/** Row-major, with the dtype that PyTorch has; its int64 is int32 here. */
export interface SampleTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly number[];
}

/** A sample as `op_samples.py` writes it. */
export interface Sample {
  readonly op: string;
  readonly note: string;
  readonly args: readonly unknown[];
  readonly y: readonly SampleTensor[];
  /** Numbers of the tensors to differentiate by, among all of the arguments. */
  readonly moving?: readonly number[];
  /** A cotangent of each result of floats. */
  readonly dy?: readonly SampleTensor[];
  readonly gradients?: readonly SampleTensor[];
  readonly tangents?: readonly SampleTensor[];
  /** Of Σ gradient · tangent. */
  readonly hvp?: readonly SampleTensor[];
}

/** What came of a sample. */
export interface Outcome {
  /** Our error, where the op takes no tensors of these dtypes. */
  readonly refused?: string;
  readonly failures: readonly string[];
  /** The largest |x − r| / (|r| + ATOL), over values and derivatives. */
  readonly worst: number;
}

/** |x − r| ≤ rtol · (|r| + ATOL). */
const ATOL = 0.05;
const RTOL: Readonly<Record<DType, number>> = { float64: 1e-10, float32: 1e-4, int32: 0, bool: 0 };
// In float32 the second derivatives of singular vectors have fewer digits, and still fewer the exponentials of numbers near
// 10,000, of which the next is 0.001 away.
const SECOND = { ...RTOL, float32: 1e-3 };
const LARGE = new Map([["logcumsumexp", { ...RTOL, float32: 1e-2 }]]);

/** The dtype that a sample was asked for. */
export const kindOf = (sample: Sample): DType => sample.note.split(" ")[1] as DType;

/** Whether it is one of PyTorch's reference inputs, which have no derivatives here. */
export const isReference = (sample: Sample): boolean => / r\d+$/.test(sample.note);

/** All tensors of a sample. */
export const tensorsOf = ({ args, y, gradients = [] }: Sample): SampleTensor[] => {
  const all: SampleTensor[] = [...y, ...gradients];
  replaced(args, (given) => all.push(given));
  return all;
};

const isSampleTensor = (value: unknown): value is SampleTensor =>
  isPlainObject(value) && "data" in value && "shape" in value;

/** A value of a sample's arguments with each tensor replaced, in order. */
function replaced(value: unknown, by: (given: SampleTensor) => unknown): unknown {
  if (isSampleTensor(value)) return by(value);
  if (Array.isArray(value)) return value.map((one) => replaced(one, by));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one, by)]));
}

function ours({ shape, dtype, data }: SampleTensor): Tensor {
  return tensor(data.length === 0 ? [] : [...data], { shape, dtype });
}

/** Runs one sample in every way. */
export function checkSample(sample: Sample): Outcome {
  const failures: string[] = [];
  let worst = 0;
  const near = (found: Tensor | undefined, expected: SampleTensor, what: string, isSecond = false): void => {
    const rtol = LARGE.get(sample.op) ?? (isSecond ? SECOND : RTOL);
    const { error, failure } = compared(found, expected, rtol[expected.dtype]);
    worst = Math.max(worst, error);
    if (failure !== null) failures.push(`${what}: ${failure}`);
  };
  const attempt = (what: string, run: () => void): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(`${what}: ${error.name}: ${error.message}`);
    }
  };

  const inputs: Tensor[] = [];
  replaced(sample.args, (given) => inputs.push(ours(given)));
  const call = (tensors: readonly Tensor[]): Tensor[] => {
    const left = [...tensors];
    return listOf(apply(opOf(sample), replaced(sample.args, () => left.shift()) as unknown[]));
  };
  let results: Tensor[];
  try {
    results = call(inputs);
  } catch (error) {
    if (error instanceof DTypeError) return { refused: error.message, failures, worst };
    const { name, message } = error as Error;
    const kind = error instanceof ThalwegError ? "" : " (foreign)";
    return { failures: [`value: ${name}${kind}: ${message}`], worst };
  }
  sample.y.forEach((y, i) => {
    near(results[i], y, `result ${i}`);
  });
  if (opOf(sample).eager === true) return { failures, worst };

  attempt("compiled", () => {
    const compiled = compile((...tensors: Tensor[]) => call(tensors))(...inputs);
    compiled.forEach((y, i) => {
      sameBits(y, results[i] as Tensor, `result ${i}, compiled`, failures);
    });
  });
  const { moving, dy, gradients, tangents, hvp } = sample;
  if (moving === undefined || dy === undefined || gradients === undefined) return { failures, worst };
  const cotangents = dy.map(ours);
  const total = (...moved: Tensor[]): Tensor =>
    weighted(
      call(inputs.map((x, i) => (moving.includes(i) ? (moved[moving.indexOf(i)] as Tensor) : x))).filter(
        ({ dtype }) => isFloat(dtype),
      ),
      cotangents,
    );
  const slopes = (...moved: Tensor[]): Tensor[] => {
    const [y, pullback] = vjp(total, ...moved);
    return pullback(ops.detach(one(y)));
  };
  const primals = moving.map((i) => inputs[i] as Tensor);
  attempt("gradients", () => {
    const found = slopes(...primals);
    gradients.forEach((gradient, i) => {
      near(found[i], gradient, `gradient of tensor ${moving[i]}`);
    });
    const compiled = compile(slopes)(...primals);
    compiled.forEach((gradient, i) => {
      sameBits(gradient, found[i] as Tensor, `gradient of tensor ${moving[i]}, compiled`, failures);
    });
  });
  if (hvp !== undefined && tangents !== undefined) {
    attempt("second derivatives", () => {
      const directions = tangents.map(ours);
      const along = (...moved: Tensor[]): Tensor => weighted(slopes(...moved), directions);
      const [y, pullback] = vjp(along, ...primals);
      pullback(one(y)).forEach((second, i) => {
        near(second, hvp[i] as SampleTensor, `second derivative of tensor ${moving[i]}`, true);
      });
    });
  }
  return { failures, worst };
}

const one = (y: Tensor): Tensor => tensor(1, { dtype: y.dtype });

function weighted(values: readonly Tensor[], weights: readonly Tensor[]): Tensor {
  return values
    .map((y, i) => ops.sum(ops.mul(y, weights[i] as Tensor)))
    .reduce((a, b) => ops.add(a, b.dtype === a.dtype ? b : ops.to(b, a.dtype)));
}

function compared(
  found: Tensor | undefined,
  { shape, dtype, data }: SampleTensor,
  rtol: number,
): { error: number; failure: string | null } {
  if (found === undefined) return { error: 0, failure: "there is none" };
  if (found.shape.join() !== shape.join()) {
    return { error: 0, failure: `shape [${found.shape}], expected [${shape}]` };
  }
  if (found.dtype !== dtype) return { error: 0, failure: `dtype ${found.dtype}, expected ${dtype}` };
  let error = 0;
  for (const [i, r] of data.entries()) {
    const x = found.data[i] as number;
    if (x === r || (Number.isNaN(x) && Number.isNaN(r))) continue;
    const own = Number.isFinite(r) ? Math.abs(x - r) / (Math.abs(r) + ATOL) : Number.POSITIVE_INFINITY;
    if (own <= rtol) error = Math.max(error, own);
    else return { error, failure: `element ${i} is ${x}, expected ${r}` };
  }
  return { error, failure: null };
}

function sameBits(found: Tensor, expected: Tensor, what: string, failures: string[]): void {
  const bad = expected.data.findIndex((r, i) => !Object.is(found.data[i], r));
  if (found.shape.join() !== expected.shape.join() || found.dtype !== expected.dtype) {
    failures.push(`${what}: ${found.dtype} [${found.shape}], not ${expected.dtype} [${expected.shape}]`);
  } else if (bad >= 0) {
    failures.push(`${what}: element ${bad} is ${found.data[bad]}, as called ${expected.data[bad]}`);
  }
}

const SAMPLES = 3;

const at = (x: Tensor, i: number): Tensor => ops.select(x, 0, i);

/** Three samples of an input: itself, and others of the same kind. */
function samplesOf(x: Tensor): Tensor {
  return ops.stack(isFloat(x.dtype) ? [x, ops.mul(x, 0.75), ops.mul(x, 1.25)] : [x, x, x]);
}

/** Where `vmap` over a leading axis gives another result than sample by sample: of all tensors, and of each alone. */
export function checkVmap(sample: Sample): string[] {
  const failures: string[] = [];
  const inputs: Tensor[] = [];
  replaced(sample.args, (given) => inputs.push(ours(given)));
  const call = (...tensors: Tensor[]): Tensor[] => {
    const left = [...tensors];
    return listOf(apply(opOf(sample), replaced(sample.args, () => left.shift()) as unknown[]));
  };
  const subsets = [inputs.map(() => true), ...inputs.map((_, i) => inputs.map((__, j) => i === j))];
  for (const mapped of inputs.length === 1 ? subsets.slice(1) : subsets) {
    const given = inputs.map((x, i) => (mapped[i] ? samplesOf(x) : x));
    const what = `vmap over ${mapped}`;
    try {
      const found = vmap(call, { inDims: mapped.map((is) => (is ? 0 : null)) })(...given);
      for (let s = 0; s < SAMPLES; s++) {
        call(...given.map((x, i) => (mapped[i] ? at(x, s) : x))).forEach((y, k) => {
          const expected = { shape: y.shape, dtype: y.dtype, data: [...y.data] };
          const { failure } = compared(at(found[k] as Tensor, s), expected, RTOL[y.dtype]);
          if (failure !== null) failures.push(`${what}, sample ${s}, result ${k}: ${failure}`);
        });
      }
    } catch (error) {
      failures.push(`${what}: ${(error as Error).name}: ${(error as Error).message}`);
    }
  }
  return failures;
}
