import { performance } from "node:perf_hooks";
import type { Bytes } from "../data/bytes.js";
import { slice } from "../data/samples.js";
import { allocate } from "../graph/dtype.js";
import type { Executable } from "../graph/program.js";
import { Tensor } from "../graph/tensor.js";
import type { Module } from "../nn/module.js";
import type { ModelProgram } from "./program.js";
import { gaveWay, giveWay, inTurn } from "./turn.js";

/** What takes less than this is done at once, while the event loop waits. */
const AT_ONCE_MILLISECONDS = 2;

/** What a run of each program took last, in milliseconds. */
const pace = new WeakMap<Executable, number>();

/**
 * The program's one result for all samples, batch after batch.
 * Shapes: samples [P, ...] each → [P, ...].
 */
export async function collect(
  where: string,
  model: Module,
  program: ModelProgram,
  samples: readonly (Tensor | Bytes)[],
  batchSize: number,
): Promise<Tensor> {
  const length = samples[0]?.shape[0] as number;
  let all: Tensor | undefined;
  for (let begin = 0; begin < length; begin += batchSize) {
    const end = Math.min(begin + batchSize, length);
    const { executable, results } = program.version(where, end - begin, samples);
    const [result] = results as [Tensor];
    const inSample = result.size / (end - begin);
    all ??= new Tensor(
      allocate(result.dtype, length * inSample),
      [length, ...result.shape.slice(1)],
      result.dtype,
    );
    const inputs = samples.map((part) => slice(part, begin, end).storage.readOnly);
    const outputs = [all.storage.readOnly.subarray(begin * inSample, end * inSample)];
    const atOnce = (pace.get(executable) ?? Number.POSITIVE_INFINITY) < AT_ONCE_MILLISECONDS;
    const started = performance.now();
    await inTurn(model, () =>
      atOnce ? executable.run(inputs, outputs) : executable.runAsync(inputs, outputs),
    );
    pace.set(executable, performance.now() - started);
    if (atOnce) await giveWay();
    else gaveWay();
  }
  return all as Tensor;
}
