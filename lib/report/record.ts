// What a page shows: recorded during a training, or put together from a history.

import type { AnyModule } from "../nn/module.js";
import type { EpochReport } from "../train/fit.js";
import type { Fact, Outcome, RunFacts } from "../train/following.js";
import type { KeptSamples } from "../train/kept-samples.js";
import type { Judgement } from "./judgement.js";
import type { Thinned } from "./thinned.js";

export interface RunRecord {
  readonly title: string;
  readonly history: readonly EpochReport[];
  /** The learning rate of each group of the optimizer after each epoch of `history` that was recorded. */
  readonly rates: readonly { readonly epoch: number; readonly rates: readonly number[] }[];
  readonly model: AnyModule | null;
  readonly kept: KeptSamples | null;
  readonly samples: RunFacts["samples"] | null;
  /** What the model makes of the samples that were kept; or why it is not known. */
  readonly judgement: Judgement | string | null;
  /** The loss of each step's mini-batch, and the norms of the gradients by layer; null where no run was followed. */
  readonly losses: Thinned | null;
  readonly gradients: ReadonlyMap<string, Thinned> | null;
  readonly options: Readonly<Record<string, Fact>>;
  readonly outcome: Outcome | null;
}
