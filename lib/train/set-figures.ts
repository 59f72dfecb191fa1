import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { runOnce } from "./collect.js";
import type { CompiledModel } from "./compiled-model.js";
import type { Forks } from "./forks.js";
import { Figures } from "./metrics.js";
import type { Objective } from "./objective.js";
import { inTurn } from "./turn.js";

/** A program of the figures of a whole set. */
export interface SetFigures {
  readonly where: string;
  readonly program: CompiledModel;
  readonly objective: Objective;
}

/** The figures from the outputs and the targets of all samples, by their parts. */
export async function figuresOfSet(
  { where, program, objective }: SetFigures,
  scores: readonly Tensor[],
  targets: readonly Tensor[],
  forks: Forks,
): Promise<Figures> {
  const all = [...scores, ...targets];
  const length = all[0]?.shape[0] as number;
  const figures = new Figures(objective.figures);
  await inTurn(
    () => program.specialization(where, length, all),
    async (now) => {
      const results = now.results.map(zerosLike);
      const inputs = all.map(({ storage }) => storage.forReading());
      const arrays = results.map(({ storage }) => storage.forReading());
      await runOnce(where, program, now, inputs, arrays, forks);
      const log = joined(arrays);
      figures.add({ layout: program.layout(now), results, log, steps: 1, samplesAStep: length });
    },
  );
  return figures;
}

/** The arrays as the log of a step, where an empty one takes one number. */
function joined(arrays: readonly ArrayLike<number>[]): Float64Array {
  const log = new Float64Array(arrays.reduce((sum, { length }) => sum + Math.max(1, length), 0));
  let begin = 0;
  for (const array of arrays) {
    log.set(array, begin);
    begin += Math.max(1, array.length);
  }
  return log;
}
