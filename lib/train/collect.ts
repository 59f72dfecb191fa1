import { performance } from "node:perf_hooks";
import type { Specialization } from "../compiler/specialization.js";
import type { Part } from "../data/parts.js";
import { copied, slice } from "../data/samples.js";
import type { NativeArray } from "../native/binding.js";
import { allocate } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { type CompiledModel, inOrder } from "./compiled-model.js";
import { Forks } from "./forks.js";
import { ofRun } from "./refusal.js";
import { gaveWay, giveWay, inTurn, mustWait } from "./turn.js";

/** A run that takes less than this is done at once, while the event loop waits. */
const AT_ONCE_MILLISECONDS = 2;

interface CollectOptions {
  readonly isCopied?: boolean;
  readonly forks?: Forks;
  readonly names?: readonly string[] | undefined;
}

/**
 * The program's results for all samples, batch after batch. Uses the values of the samples at the call.
 * Shapes: samples [P, ...] each → [P, ...] each.
 * `isCopied`: the samples are already a copy that only this run has. `forks`: the random numbers of the enclosing run.
 * `names`: the order of the results. Default: that of the first mini-batch.
 * @throws ArgumentError if the results of a mini-batch are called otherwise
 */
export async function collect(
  where: string,
  program: CompiledModel,
  samples: readonly Part[],
  batchSize: number,
  { isCopied = false, forks = new Forks(), names }: CollectOptions = {},
): Promise<readonly Tensor[]> {
  const length = samples[0]?.shape[0] as number;
  const first = program.specialization(where, Math.min(batchSize, length), samples);
  const { executable } = first;
  const order = names ?? program.names(first);
  forks.begin(executable);
  const isAtOnce = length <= batchSize && !mustWait(executable);
  const own = isCopied || isAtOnce ? samples : samples.map(copied);
  let all: readonly Tensor[] | undefined;
  for (let begin = 0; begin < length; begin += batchSize) {
    const end = Math.min(begin + batchSize, length);
    const inputs = own.map((part) => slice(part, begin, end).storage.forReading());
    const specialization = () => program.specialization(where, end - begin, samples);
    const wasAtOnce = await inTurn(specialization, (now) => {
      const own = program.names(now);
      all ??= inOrder(where, own, now.results, order).map((result) => resultFor(result, end - begin, length));
      const outputs = inOrder(where, order, all, own).map(({ size, storage }) => {
        const inSample = size / length;
        return storage.forReading().subarray(begin * inSample, end * inSample);
      });
      return runOnce(where, program, now, inputs, outputs, forks);
    });
    if (wasAtOnce) await giveWay();
    else gaveWay();
  }
  return all as readonly Tensor[];
}

/** An empty tensor for `length` samples of a result for `batch` samples. */
const resultFor = ({ size, dtype, shape }: Tensor, batch: number, length: number): Tensor =>
  new Tensor(allocate(dtype, (size / batch) * length), [length, ...shape.slice(1)], dtype);

/** One run of a specialization: at once if it is short, else on the engine's own thread. @returns whether at once. */
export async function runOnce(
  where: string,
  { nameOf }: Pick<CompiledModel, "nameOf">,
  { executable }: Specialization,
  inputs: readonly NativeArray[],
  outputs: readonly NativeArray[],
  { sourceFor }: Pick<Forks, "sourceFor">,
): Promise<boolean> {
  const isAtOnce = executable.duration < AT_ONCE_MILLISECONDS;
  try {
    const started = performance.now();
    if (isAtOnce) executable.run(inputs, outputs, sourceFor);
    else await executable.runAsync(inputs, outputs, { name: where, nameOf }, sourceFor);
    executable.noteDuration(isAtOnce ? performance.now() - started : executable.milliseconds);
    return isAtOnce;
  } catch (error) {
    throw ofRun(error);
  }
}
