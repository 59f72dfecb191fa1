// Calls of native instructions as the library makes them: each op of the oracle with its derivatives, random
// numbers, and what the passes make of losses and updates.
import { traceProgram } from "../../lib/compiler/specialization.js";
import { writeRows } from "../../lib/eager/write-rows.js";
import {
  cost,
  detectAnomaly,
  Generator,
  noGrad,
  ones,
  ops,
  optim,
  randn,
  type Tensor,
  tensor,
  vjp,
  zeros,
} from "../../lib/index.js";
import { binding, executeAny, type NativeArray } from "../../lib/native/binding.js";
import { instructionId } from "../../lib/native/instructions.js";
import { PASSES, type PassName } from "../../lib/plan/index.js";
import type { Value } from "../../lib/plan/ir.js";
import { allocate } from "../../lib/tensor/dtype.js";
import { callOp, differentiable, inputsOf } from "../oracle/call.js";
import { fromOracle } from "../oracle/compare.js";
import { hasValue, isDifferentiated, readOps } from "../oracle/read.js";

export interface Call {
  readonly params: readonly number[];
  /** As they were before the call. */
  readonly operands: readonly (NativeArray | null)[];
}

/** Calls of one instruction that differ in their parameters, dtypes or what is left out, up to so many. */
const ENOUGH = 40;

export type Recorded = ReadonlyMap<string, readonly Call[]>;

/** Calls by instruction, for all that the library was made to do. */
export function record(): Recorded {
  const found = new Map<string, Map<string, Call>>();
  const keep = (id: number, params: readonly number[], operands: readonly (NativeArray | null)[]): void => {
    const name = binding.instructions[id]?.name as string;
    const calls = found.get(name) ?? new Map<string, Call>();
    found.set(name, calls);
    const key = JSON.stringify([params, operands.map((one) => one?.constructor.name)]);
    if (calls.has(key) || calls.size >= ENOUGH) return;
    calls.set(key, { params, operands: operands.map((one) => one?.slice() ?? null) });
  };
  const { execute, executeMany } = binding;
  const watched = binding as { -readonly [K in keyof typeof binding]: (typeof binding)[K] };
  watched.execute = (id, count, ...operands) => {
    keep(id, [...binding.params.subarray(0, count)], operands);
    execute(id, count, ...operands);
  };
  watched.executeMany = (id, params, operands) => {
    keep(id, [...params], operands);
    executeMany(id, params, operands);
  };
  try {
    runPrograms();
    runDraws();
    runWrites();
    runOps();
  } finally {
    Object.assign(watched, { execute, executeMany });
  }
  return new Map([...found].map(([name, calls]) => [name, [...calls.values()]]));
}

function runOps(): void {
  for (const row of readOps()) {
    if (!hasValue(row)) continue;
    callOp(
      row,
      inputsOf(row).map((input) => fromOracle(input)),
    );
    if (!isDifferentiated(row)) continue;
    const { primals, f } = differentiable(row);
    const [, pullback] = vjp(f, ...primals);
    pullback(fromOracle(row.dy));
  }
  for (const dtype of ["float32", "float64", "int32", "bool"] as const) ops.to(tensor([0, 1, 2]), dtype);
  // No op is this kernel: a user's may be.
  ops.defineOp("product", {
    inputs: ["x"],
    kernel: "prod",
    shape: ({ x }) => ({ shape: [], dtype: x.dtype }),
    params: ({ x }) => [1, x.size, 1],
  })([tensor([1, 2, 3])], {});
  const scores = randn([4, 5]);
  const [, pullback] = vjp(
    (y: Tensor) => ops.crossEntropy(y, tensor([0, 4, 2, 1], { dtype: "int32" })),
    scores,
  );
  pullback(tensor([1, 2, 3, 4]));
}

function runWrites(): void {
  const index = tensor([2, 0, 2], { dtype: "int32" });
  for (const dtype of ["float32", "float64", "int32", "bool"] as const) {
    writeRows("write", zeros([5, 2], { dtype }), index, ones([3, 2], { dtype }));
  }
}

function runDraws(): void {
  const random = new Generator(7);
  random.uniform([9]);
  random.normal([9]);
  random.permutation(9);
  const positive = tensor([0.25, 3, 20]);
  random.standardGamma(positive, { shape: [2, 3] });
  random.logStandardGamma(positive);
  random.poisson(positive);
  random.binomial(tensor([[40], [2]]), tensor([0.25, 0.5, 0.75]));
  for (const draw of [random.standardGamma.bind(random), random.logStandardGamma.bind(random)]) {
    vjp(draw, positive)[1](positive);
  }
}

/** A program run one instruction after the other, each as a call of its own. */
function interpret(
  fn: (...inputs: Tensor[]) => Tensor | Tensor[],
  inputs: readonly Tensor[],
  passes: readonly PassName[] = PASSES,
): void {
  const { program } = traceProgram(fn, inputs, passes).planned;
  const arrays = new Map<Value, NativeArray>();
  const arrayOf = (value: Value): NativeArray => {
    const known = arrays.get(value);
    if (known !== undefined) return known;
    const from =
      value.kind === "input"
        ? inputs[value.argument as number]?.data
        : (value.contents ?? value.storage?.forReading());
    const made = (from?.slice() as NativeArray | undefined) ?? allocate(value.dtype, value.size);
    arrays.set(value, made);
    return made;
  };
  for (const { name, params, operands } of program.instructions) {
    executeAny(
      instructionId(name),
      params,
      operands.map((value) => (value === null ? null : arrayOf(value))),
    );
  }
}

type Make = (parameters: Tensor[]) => { zeroGrad(): void; step(): void };

const RULES: readonly Make[] = [
  (w) => new optim.SGD(w, { lr: 0.01 }),
  (w) => new optim.SGD(w, { lr: 0.01, momentum: 0.9, weightDecay: 0.1 }),
  (w) => new optim.Adam(w, { lr: 0.01 }),
  (w) => new optim.AdamW(w, { lr: 0.01, amsgrad: true }),
  (w) => new optim.RMSprop(w, { lr: 0.01 }),
];

/** Steps of each optimizer with weights [rows, columns] and a bias, at a number of samples. */
function runUpdates(samples: number, rows: number, columns: number, passes: readonly PassName[]): void {
  for (const make of RULES) {
    const parameters = [randn([rows, columns]), randn([rows])];
    for (const parameter of parameters) parameter.requiresGrad = true;
    const optimizer = make(parameters);
    const step = (x: Tensor): Tensor => {
      optimizer.zeroGrad();
      const [w, b] = parameters as [Tensor, Tensor];
      const loss = ops.sum(ops.square(ops.tanh(ops.add(ops.matmul(x, w, { transposeB: true }), b))));
      loss.backward();
      optimizer.step();
      return loss;
    };
    const x = randn([samples, columns]);
    for (let warm = 0; warm < 2; warm++) step(x);
    interpret(step, [x], passes);
  }
}

function runPrograms(): void {
  interpret((x) => ops.add(ops.exp(ops.mul(x, 2)), x), [randn([5])]);
  const labels = tensor([0, 3, 2], { dtype: "int32" });
  const scores = randn([3, 4]);
  interpret(
    (y) => {
      const own = noGrad(() => ops.mul(y, 1));
      own.requiresGrad = true;
      const loss = cost.crossEntropy(own, labels);
      loss.backward();
      return [loss, own.grad as Tensor];
    },
    [scores],
  );
  detectAnomaly(() => interpret((x) => ops.exp(x), [randn([3])]));
  runUpdates(3, 4, 9, PASSES);
  runUpdates(1, 4, 9, PASSES);
  runUpdates(1, 4, 9, ["fuseUpdates"]);
  runUpdates(1, 4, 9, []);
  runUpdates(3, 512, 300, PASSES);
}
