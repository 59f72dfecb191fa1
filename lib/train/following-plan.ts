// What followers of a training need, read from the options of `fit`.
import { types } from "node:util";
import { type AnyDataset, formsOf } from "../data/dataset.js";
import type { Schema, SchemaInputs } from "../data/schema/schema.js";
import type { FilePath } from "../files/path.js";
import type { AnyModule } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { isPlainObject } from "../options.js";
import type { FollowingPlan } from "./followed.js";
import { type Fact, type Follower, followers } from "./following.js";
import { GradientNorms } from "./gradient-norms.js";
import { keepSamples } from "./kept-samples.js";
import type { Objective } from "./objective.js";
import { originOf } from "./row-options.js";
import type { WeightedSet } from "./sample-options.js";

/** The sets of a training, and what they were made of. */
export interface FollowedSets {
  readonly isStream: boolean;
  /** The samples that were given, of which those of the training are all or a part. */
  readonly data: object;
  readonly training: WeightedSet;
  readonly validation: {
    /** What was given; null for a part of the data. */
    readonly given: object | null;
    readonly set: WeightedSet;
  } | null;
  readonly streamsValidation: boolean;
}

interface Followable {
  readonly model: AnyModule;
  readonly optimizer: Optimizer<object>;
  readonly objective: Objective;
  readonly options: Readonly<Record<string, unknown>>;
  readonly sets: FollowedSets;
  readonly part: number;
  readonly size: { readonly batchSize: number; readonly steps: number };
  readonly firstEpoch: number;
  readonly epochs: number;
}

/** What follows the training; null unless the options `report` or `watch` ask for it. Copies the samples that it takes. */
export function readFollowing(from: Followable): FollowingPlan | null {
  const { model, optimizer, objective, options, sets, part, size, firstEpoch, epochs } = from;
  const [report, watch] = [options["report"], options["watch"]];
  if (report === undefined && watch === undefined) return null;
  const { isStream, training, validation, streamsValidation } = sets;
  const validated = streamsValidation ? null : validation?.set.dataset.length;
  return {
    facts: {
      model,
      optimizer,
      objective,
      forms: formsOf(training.dataset),
      samples: {
        training: isStream ? null : training.dataset.length,
        ...(validated === undefined ? {} : { validation: validated }),
      },
      kept: keepSamples(keptSet(sets, options["schema"] as Schema<SchemaInputs> | undefined)),
      options: { ...factsOf(options), optimizer: optimizerFact(optimizer) },
      firstEpoch,
      epochs,
      batchSize: size.batchSize,
      steps: size.steps,
    },
    norms: new GradientNorms(model, objective, optimizer, training, part),
    open: () => openFollowers(report as FilePath | undefined, watch as FilePath | undefined),
  };
}

/** The validation set, or the training set where there is none in memory, and the rows that it was made of. */
function keptSet({ isStream, data, training, validation }: FollowedSets, schema?: Schema<SchemaInputs>) {
  const own = validation?.set ?? training;
  const rows = originOf(validation?.given ?? data)?.[0] ?? null;
  return {
    set: validation === null ? ("training" as const) : ("validation" as const),
    dataset: own.dataset as AnyDataset,
    isStream: isStream && validation === null,
    rows,
    rowPlaces: own.places?.storage.forReading() ?? null,
    schema: schema ?? null,
  };
}

/** What is told by other means. */
const TOLD = new Set(["data", "validation", "schema", "report", "watch", "signal"]);

/** The options in words. */
function factsOf(options: Readonly<Record<string, unknown>>): Record<string, Fact> {
  const given = Object.entries(options).filter(([name, value]) => value !== undefined && !TOLD.has(name));
  return Object.fromEntries(given.map(([name, value]) => [name, factOf(value)]));
}

const MOST_CHARACTERS = 200;

function factOf(value: unknown): Fact {
  if (typeof value === "number" || typeof value === "boolean") return value;
  const text = textOf(value, 0);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** The optimizer with the settings of its groups. */
const optimizerFact = ({ kind, groups }: Optimizer<object>): Fact =>
  factOf(
    `${kind}: ${groups.map(({ lr, settingsNow }) => textOf({ lr, ...(settingsNow as object) }, 0)).join("; ")}`,
  );

const MOST_LEVELS = 3;

function textOf(value: unknown, level: number): string {
  if (typeof value === "function") return value.name === "" ? "a function" : value.name;
  if (typeof value !== "object" || value === null) return String(value);
  if (level < MOST_LEVELS && Array.isArray(value)) {
    return value.map((one) => textOf(one, level + 1)).join(", ");
  }
  if (level < MOST_LEVELS && isPlainObject(value)) {
    return Object.entries(value)
      .map(([name, one]) => `${name}: ${textOf(one, level + 1)}`)
      .join(", ");
  }
  return nameOf(value);
}

/** An object by its class; a regular expression as it is written. */
function nameOf(value: object): string {
  if (types.isRegExp(value)) return String(value);
  if ("kind" in value && typeof value.kind === "string") return value.kind;
  return value.constructor?.name ?? "an object";
}

/** Loads what follows the training. @throws PackageError, FileError */
async function openFollowers(report: FilePath | undefined, watch: FilePath | undefined): Promise<Follower> {
  const { openReport, openRunFile } = await import("../report/followers.js");
  return followers([
    ...(report === undefined ? [] : [await openReport(report)]),
    ...(watch === undefined ? [] : [openRunFile(watch)]),
  ]);
}
