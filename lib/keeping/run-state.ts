// What a run is made of, its state as one tree, and how that state is put back: all or nothing.

import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { type AnyModule, Module } from "../nn/module.js";
import { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedulers/registry.js";
import { WeightAverage } from "../optim/weight-average.js";
import { checkList, describe, isInstance, isPlainObject } from "../options.js";
import { defaultGenerator, Generator, type GeneratorState } from "../random/generator.js";
import { copyOf } from "../tensor/copy.js";
import { format } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { isModelModes, type ModelModes, modeDifferences, modesOf, putModes } from "./modes.js";
import { copyArrays, readTree, writeTree } from "./tree.js";

/** What has a state that can be taken and put back: modules, optimizers, strategies, games, objects of your own. */
export interface Stateful {
  stateDict(): unknown;
  loadStateDict(state: never): unknown;
}

/** What the state of a run is taken from and put back into. All are optional. */
export interface RunParts {
  readonly model?: AnyModule;
  readonly optimizer?: Optimizer<object>;
  readonly schedules?: readonly Schedule[];
  readonly averages?: readonly WeightAverage[];
  /** Generators besides the default one and those in fields of the model's modules, also in lists and plain objects. */
  readonly generators?: readonly Generator[];
  /** Anything else, by names of your own. */
  readonly parts?: Readonly<Record<string, Stateful>>;
}

/** The names of `RunParts`. */
export const RUN_PARTS = ["model", "optimizer", "schedules", "averages", "generators", "parts"] as const;

/** The state of a run as a checkpoint holds it. */
export interface RunState {
  readonly model?: Readonly<Record<string, Tensor>>;
  /** There with `model`. */
  readonly modes?: ModelModes;
  readonly optimizer?: { readonly kind: string; readonly state: OptimizerState };
  readonly schedules?: readonly {
    readonly kind: string;
    readonly state: Readonly<Record<string, unknown>>;
  }[];
  readonly averages?: readonly { readonly n_averaged: number; readonly averages: readonly Tensor[] }[];
  readonly generators: {
    readonly default: GeneratorState;
    readonly model: Readonly<Record<string, GeneratorState>>;
    readonly given: readonly GeneratorState[];
  };
  readonly parts?: Readonly<Record<string, unknown>>;
}

type OptimizerState = ReturnType<Optimizer["stateDict"]>;

/** Checked parts. @throws ArgumentError */
export function checkRunParts(where: string, given: RunParts): RunParts {
  const { model, optimizer, schedules, averages, generators, parts } = given;
  const list = <T>(name: string, value: unknown, what: string, isOne: (one: unknown) => one is T): T[] => {
    const all = checkList(where, `${name} to be a list`, value);
    all.forEach((one, i) => {
      if (!isOne(one)) {
        throw new ArgumentError(`${where}: expected ${name}[${i}] to be ${what}, got ${describe(one)}`);
      }
    });
    return all as T[];
  };
  if (model !== undefined && !isInstance(model, Module)) {
    throw new ArgumentError(`${where}: expected model to be a Module, got ${describe(model)}`);
  }
  if (optimizer !== undefined && !isInstance(optimizer, Optimizer)) {
    throw new ArgumentError(`${where}: expected optimizer to be an Optimizer, got ${describe(optimizer)}`);
  }
  if (parts !== undefined && (typeof parts !== "object" || parts === null || Array.isArray(parts))) {
    throw new ArgumentError(`${where}: expected parts to be objects by name, got ${describe(parts)}`);
  }
  for (const [name, part] of Object.entries(parts ?? {})) {
    if (!isStateful(part)) {
      throw new ArgumentError(
        `${where}: expected part ${name} to have stateDict() and loadStateDict(), got ${describe(part)}`,
      );
    }
  }
  const isSchedule = (one: unknown): one is Schedule => isStateful(one) && "step" in one;
  const isAverage = (one: unknown): one is WeightAverage => isInstance(one, WeightAverage);
  const isGenerator = (one: unknown): one is Generator => isInstance(one, Generator);
  return {
    ...(model === undefined ? {} : { model }),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...(schedules === undefined ? {} : { schedules: list("schedules", schedules, "a schedule", isSchedule) }),
    ...(averages === undefined ? {} : { averages: list("averages", averages, "a WeightAverage", isAverage) }),
    ...(generators === undefined
      ? {}
      : { generators: list("generators", generators, "a Generator", isGenerator) }),
    ...(parts === undefined ? {} : { parts: { ...parts } }),
  };
}

function isStateful(value: unknown): value is Stateful {
  if (typeof value !== "object" || value === null) return false;
  const { stateDict, loadStateDict } = value as Partial<Stateful>;
  return typeof stateDict === "function" && typeof loadStateDict === "function";
}

const formOf = (schedule: Schedule): string => schedule.form ?? schedule.constructor.name;

/** The generators in fields of a model's modules, also in lists and plain objects there, by their dotted names. */
function generatorsOf(model: AnyModule | undefined): [name: string, generator: Generator][] {
  const found: [string, Generator][] = [];
  const seen = new Set<object>();
  for (const [path, module] of model?.namedModules() ?? []) {
    const holders: [name: string, holder: object][] = [[path, module]];
    // It grows meanwhile.
    for (const [place, holder] of holders) {
      for (const [field, value] of Array.isArray(holder) ? holder.entries() : Object.entries(holder)) {
        if (typeof value !== "object" || value === null || types.isProxy(value)) continue;
        const name = place === "" ? String(field) : `${place}.${field}`;
        if (isInstance(value, Generator)) found.push([name, value]);
        if (seen.has(value) || !(Array.isArray(value) || isPlainObject(value))) continue;
        seen.add(value);
        holders.push([name, value]);
      }
    }
  }
  return found;
}

/** The state of all parts. Tensors are over the parts' own memory. */
export function stateOf({ model, optimizer, schedules, averages, generators, parts }: RunParts): RunState {
  const ofModel = generatorsOf(model).map(([name, one]) => [name, one.getState()] as const);
  return {
    ...(model === undefined ? {} : { model: model.stateDict(), modes: modesOf(model) }),
    ...(optimizer === undefined ? {} : { optimizer: { kind: optimizer.kind, state: optimizer.stateDict() } }),
    ...(schedules === undefined
      ? {}
      : { schedules: schedules.map((one) => ({ kind: formOf(one), state: one.stateDict() })) }),
    ...(averages === undefined ? {} : { averages: averages.map((one) => ({ ...one.stateDict() })) }),
    generators: {
      default: defaultGenerator.getState(),
      model: Object.fromEntries(ofModel),
      given: (generators ?? []).map((one) => one.getState()),
    },
    ...(parts === undefined ? {} : { parts: mapped(parts, (part) => part.stateDict()) }),
  };
}

const mapped = <T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

/**
 * What of the parts does not fit a state, in words.
 * @param isWhole Whether it also counts if the state has something for which there is no part.
 */
export function differences(state: RunState, own: RunParts, isWhole: boolean): string[] {
  const found: string[] = [];
  for (const name of ["model", "optimizer", "schedules", "averages", "parts"] as const) {
    if (own[name] !== undefined && state[name] === undefined) found.push(`the checkpoint has no ${name}`);
    if (isWhole && own[name] === undefined && !isEmpty(state[name])) {
      found.push(`the checkpoint has ${name}, for which none are given`);
    }
  }
  const { model, optimizer, schedules, averages, parts } = own;
  if (model !== undefined && state.model !== undefined) {
    const ofTensors = tensorDifferences("model", model.stateDict(), state.model);
    // Another option often makes other tensors, which are told already.
    const isAlike = ofTensors.length === 0 && state.modes !== undefined;
    found.push(...(isAlike ? mostNamed("model", modeDifferences(model, state.modes)) : ofTensors));
  }
  if (optimizer !== undefined && state.optimizer !== undefined) {
    const { kind, state: saved } = state.optimizer;
    compare(found, "optimizer", optimizer.kind, kind);
    const sizes = (groups: OptimizerState["paramGroups"]): string =>
      groups.map(({ params }) => (Array.isArray(params) ? params.length : 0)).join(" + ");
    const now = sizes(optimizer.groups.map(({ parameters }) => ({ params: parameters })));
    compare(found, "parameters of the optimizer's groups", now, sizes(saved.paramGroups));
  }
  if (schedules !== undefined && state.schedules !== undefined) {
    compare(
      found,
      "schedules",
      schedules.map(formOf),
      state.schedules.map(({ kind }) => kind),
    );
  }
  if (averages !== undefined && state.averages !== undefined) {
    const shapes = (all: readonly { readonly averages: readonly Tensor[] }[]): string[] =>
      all.map((one) => one.averages.map(formatTensor).join(" "));
    compare(found, "averages", shapes(averages), shapes(state.averages));
  }
  const generators = generatorsOf(model).map(([name]) => name);
  if (model !== undefined) {
    compare(found, "generators of the model", generators, Object.keys(state.generators.model));
  }
  if (own.generators !== undefined || isWhole) {
    compare(found, "number of generators", own.generators?.length ?? 0, state.generators.given.length);
  }
  if (parts !== undefined && state.parts !== undefined) {
    compare(found, "parts", Object.keys(parts).sort(), Object.keys(state.parts).sort());
  }
  return found;
}

const isEmpty = (value: object | undefined): boolean =>
  value === undefined || Object.keys(value).length === 0;

function compare<T extends string | number | readonly string[]>(
  found: string[],
  what: string,
  own: T,
  saved: T,
): void {
  const text = (value: T): string => (Array.isArray(value) ? value.join(", ") || "none" : String(value));
  if (text(own) !== text(saved)) found.push(`${what}: ${text(own)}; the checkpoint has ${text(saved)}`);
}

const formatTensor = ({ dtype, shape }: Tensor): string => `${dtype} ${format(shape)}`;

const MOST_NAMED = 8;

function tensorDifferences(
  what: string,
  own: Readonly<Record<string, Tensor>>,
  saved: Readonly<Record<string, Tensor>>,
): string[] {
  const names = [...new Set([...Object.keys(own), ...Object.keys(saved)])];
  const text = (tensors: typeof own, name: string): string => {
    const one = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    return one === undefined ? "nothing" : formatTensor(one);
  };
  const differing = names.filter((name) => text(own, name) !== text(saved, name));
  return mostNamed(
    what,
    differing.map(
      (name) => `${what}: ${name} is ${text(own, name)}; the checkpoint has ${text(saved, name)}`,
    ),
  );
}

function mostNamed(what: string, differing: readonly string[]): string[] {
  const told = differing.slice(0, MOST_NAMED);
  const more = differing.length - told.length;
  return more > 0 ? [...told, `${what}: ${more} more differ`] : told;
}

/** Whether a tree from a file has the form of a run's state. What is in the states is checked when they are put back. */
export function isRunState(value: unknown): value is RunState {
  if (!isRecord(value)) return false;
  const { model, modes, optimizer, schedules, averages, generators, parts } = value;
  const every = (list: unknown, check: (one: Record<string, unknown>) => boolean): boolean =>
    list === undefined || (Array.isArray(list) && list.every((one) => isRecord(one) && check(one)));
  return (
    (model === undefined ||
      (isRecord(model) && Object.values(model).every(isTensor) && isModelModes(modes))) &&
    (optimizer === undefined ||
      (isRecord(optimizer) &&
        typeof optimizer["kind"] === "string" &&
        isRecord(optimizer["state"]) &&
        Array.isArray(optimizer["state"]["paramGroups"]) &&
        optimizer["state"]["paramGroups"].every(isRecord))) &&
    every(schedules, ({ kind, state }) => typeof kind === "string" && isRecord(state)) &&
    every(averages, ({ averages: all }) => Array.isArray(all) && all.every(isTensor)) &&
    isRecord(generators) &&
    Array.isArray(generators["default"]) &&
    isRecord(generators["model"]) &&
    Array.isArray(generators["given"]) &&
    (parts === undefined || isRecord(parts))
  );
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isTensor(value);

/**
 * Puts a state into the parts. If one of them refuses, all are what they were.
 * @throws what the parts throw
 */
export function putState(where: string, state: RunState, own: RunParts): void {
  const undo = remember(where, own);
  try {
    const { model, optimizer, schedules, averages, generators, parts } = own;
    if (model !== undefined) {
      model.loadStateDict(state.model ?? {});
      if (state.modes !== undefined) putModes(model, state.modes);
    }
    if (optimizer !== undefined && state.optimizer !== undefined) {
      optimizer.loadStateDict(state.optimizer.state);
    }
    schedules?.forEach((one, i) => {
      one.loadStateDict(state.schedules?.[i]?.state ?? {});
    });
    averages?.forEach((one, i) => {
      one.loadStateDict(state.averages?.[i] as NonNullable<RunState["averages"]>[number]);
    });
    for (const [name, part] of Object.entries(parts ?? {})) {
      part.loadStateDict(state.parts?.[name] as never);
    }
    // Last: to load may draw.
    for (const [name, one] of generatorsOf(model)) {
      one.setState(state.generators.model[name] as GeneratorState);
    }
    generators?.forEach((one, i) => {
      one.setState(state.generators.given[i] as GeneratorState);
    });
    defaultGenerator.setState(state.generators.default);
  } catch (error) {
    undo();
    throw error;
  }
}

/** Copies the state of all parts. @returns what puts it back. */
function remember(
  where: string,
  { model, optimizer, schedules, averages, generators, parts }: RunParts,
): () => void {
  const undo: (() => void)[] = [];
  if (model !== undefined) {
    const [before, modes] = [mapped(model.stateDict(), copyOf), modesOf(model)];
    undo.push(() => {
      model.loadStateDict(before);
      putModes(model, modes);
    });
  }
  if (optimizer !== undefined) undo.push(optimizer.snapshot());
  for (const one of schedules ?? []) {
    const before = one.stateDict();
    undo.push(() => one.loadStateDict(before));
  }
  for (const one of averages ?? []) {
    const before = copied(where, one.stateDict());
    undo.push(() => one.loadStateDict(before));
  }
  for (const one of Object.values(parts ?? {})) {
    const before = copied(where, one.stateDict());
    undo.push(() => void one.loadStateDict(before as never));
  }
  for (const one of rememberedGenerators(model, generators)) undo.push(one);
  return () => {
    for (const each of undo) each();
  };
}

/** What puts the generators back that a checkpoint of these parts holds. */
export function rememberedGenerators(
  model: AnyModule | undefined,
  generators: readonly Generator[] = [],
): (() => void)[] {
  const all = [defaultGenerator, ...generatorsOf(model).map(([, one]) => one), ...generators];
  return all.map((one) => {
    const before = one.getState();
    return () => one.setState(before);
  });
}

/** A copy of a state. */
function copied<T>(where: string, state: T): T {
  const { text, arrays } = writeTree(where, state);
  return readTree(where, text, copyArrays(where, arrays)) as T;
}
