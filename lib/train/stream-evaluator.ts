// Evaluating and predicting over a stream.

import { checkFinite } from "../data/dataset.js";
import {
  type Apart,
  formOf,
  inForm,
  type Part,
  partNames,
  putTogether,
  takePartsApart,
} from "../data/parts.js";
import { asTensor } from "../data/samples.js";
import { numbered } from "../data/stream/stream.js";
import { DataError } from "../errors.js";
import type { AnyModule } from "../nn/module.js";
import { concat } from "../ops/concat.js";
import type { Tensor } from "../tensor/tensor.js";
import { BatchUse, type BatchUseOptions } from "./batch-use.js";
import { checkData } from "./check.js";
import { collect } from "./collect.js";
import { evaluationProgram, outputProgram, setProgram } from "./compiled-model.js";
import type { Evaluator } from "./evaluator.js";
import { Forks } from "./forks.js";
import { Figures } from "./metrics.js";
import type { Outputs } from "./objective.js";
import { figuresOfSet } from "./set-figures.js";
import { runSteps } from "./steps.js";
import { type AnyStream, EVALUATED, type OpenedStream, StreamFeed } from "./stream-feed.js";

/** An evaluation of a stream with checked options. */
export interface StreamTask extends BatchUseOptions {
  readonly model: AnyModule;
  readonly opened: OpenedStream;
  readonly signal?: AbortSignal | undefined;
}

/** @throws as `checkData` */
export function makeStreamEvaluator(task: StreamTask): Evaluator {
  const { where, name, model, objective, first, opened, signal } = task;
  const use = new BatchUse(task);
  const feed = new StreamFeed(opened, { accumulate: 1, take: use.take });
  const x = formOf(first.x);
  const inputs = x.names.length;
  const program = objective.isMean ? evaluationProgram(model, objective, x) : outputProgram(model, x);
  checkData(where, name, program, objective, first, first.length, use.weightsOf(first));
  const specs = objective.isMean ? feed.specs : feed.specs.slice(0, inputs);
  const specialization = program.specialization(where, first.length, specs);
  const outputs = program.outputs(specialization);
  use.outputs = outputs;
  const names = program.names(specialization);
  const forks = new Forks();
  forks.begin(specialization.executable);
  const overBatches = async (): Promise<Figures> => {
    const figures = new Figures(objective.figures);
    for await (const { set, order, batchSize } of feed.portions({ pass: EVALUATED }, 0, signal)) {
      await runSteps({ where, program, set, order, batchSize, forks, report: (log) => figures.add(log) });
    }
    return figures;
  };
  const overAll = async (): Promise<Figures> => {
    const scores: (readonly Part[])[] = [];
    const targets: (readonly Part[])[] = [];
    for await (const parts of feed.batches({ pass: EVALUATED }, signal)) {
      const all = Object.values(parts);
      const own = all.slice(0, inputs);
      scores.push(await collect(where, program, own, samplesOf(own), { isCopied: true, forks, names }));
      targets.push(all.slice(inputs));
    }
    const whole = { where, program: setProgram(model, objective, outputs.form), objective };
    return figuresOfSet(whole, joined(scores), joined(targets), forks);
  };
  return {
    executables: [specialization.executable],
    forks,
    evaluate: objective.isMean ? overBatches : overAll,
    close: () => feed.close(),
  };
}

const samplesOf = (parts: readonly Part[]): number => parts[0]?.shape[0] as number;

/** The parts of mini-batches as those of all samples. */
const joined = (batches: readonly (readonly Part[])[]): Tensor[] =>
  (batches[0] ?? []).map((_, at) => concat(batches.map((parts) => asTensor(parts[at] as Part))));

/** The model's outputs for all rows of a stream, in their form. */
export async function predictStream(where: string, model: AnyModule, stream: AnyStream): Promise<unknown> {
  const forks = new Forks();
  const results: (readonly Tensor[])[] = [];
  let first: Apart | null = null;
  let form: Outputs<unknown>["form"] | null = null;
  let names: readonly string[] | undefined;
  for await (const { batch } of stream[numbered](EVALUATED, { inputsOnly: true, inOrder: true }).batches) {
    const given = takePartsApart(where, "x", (batch as { readonly x?: unknown } | null)?.x);
    first ??= given;
    const parts = inForm(given, first.form);
    if (parts === null) {
      const [expected, got] = [first, given].map((one) => partNames("x", one.form));
      throw new DataError(
        `${where}: expected all mini-batches of x to have the parts of the first one, ${expected}, got ${got}`,
      );
    }
    checkFinite(where, "x", given);
    const program = outputProgram(model, first.form);
    const samples = samplesOf(parts);
    if (form === null) {
      const specialization = program.specialization(where, samples, parts);
      form = program.outputs(specialization).form;
      names = program.names(specialization);
    }
    results.push(await collect(where, program, parts, samples, { isCopied: true, forks, names }));
  }
  return putTogether(form as Outputs<unknown>["form"], joined(results));
}
