// Where a loss that is not finite begins.

import type { SourceFor } from "../compiler/executable.js";
import { noGrad } from "../context/grad-mode.js";
import type { Form } from "../data/parts.js";
import type { AnyModule } from "../nn/module.js";
import { all } from "../ops/all.js";
import { isFinite } from "../ops/is-finite.js";
import { slice } from "../ops/slice.js";
import type { Optimizer } from "../optim/optimizer.js";
import { isFloat } from "../tensor/dtype.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { augmented } from "./augmentation.js";
import { CompiledModel, type Compute } from "./compiled-model.js";
import type { Objective } from "./objective.js";
import type { FailedRun } from "./steps.js";
import type { StepSettings } from "./training-step.js";

/** A step that is looked at again. */
export interface Step {
  readonly model: AnyModule;
  readonly optimizer: Optimizer<object>;
  readonly objective: Objective;
  readonly x: Form;
  readonly settings: StepSettings;
}

/** Where a value that is not finite comes first. */
export interface Origin {
  /** The layer, as "hidden.0 (Linear)"; null: it is not in the model. */
  readonly layer: string | null;
  /** A sentence for people. */
  readonly text: string;
}

/** What computes values: a module by itself, without those below it, or what is around the model. */
interface Place {
  readonly module: AnyModule | null;
  readonly name: string;
}

const around = (name: string): Place => ({ module: null, name });
const INPUTS = around("the inputs");
const TARGETS = around("the targets");
const AUGMENT = around("augment");
const COST = around("the cost: the model's outputs are finite");

/** Some values, and what computed them. */
interface Probe {
  readonly place: Place;
  /** Whether all are finite. */
  readonly isFinite: Tensor;
}

/**
 * Computes the loss of a step again, and looks at what each layer gives. The buffers may change; all else stays. Null
 * if everything is finite, which rounding can make so, or if the model does not let itself be looked at.
 * @param at The step of the run that failed, from 0.
 * @param sourceFor has what the step drew.
 */
export function originOf(step: Step, run: FailedRun, at: number, sourceFor: SourceFor): Origin | null {
  const probes: Probe[] = [];
  const forms = { x: step.x, y: step.objective.form };
  const program = new CompiledModel(step.model, step.optimizer, forms, probed(step, probes));
  const { batchSize, set, rows } = run;
  const broken = brokenOf(step.model);
  try {
    const { executable } = program.specialization("fit", batchSize, Object.values(set.parts));
    const own = rows.subarray(at * batchSize, (at + 1) * batchSize);
    const log = executable.loop(set.sources, own, batchSize, sourceFor);
    const first = log.indexOf(0);
    return first < 0 ? null : told((probes[first] as Probe).place, broken);
  } catch {
    // The error that is told is that of the loss.
    return null;
  }
}

/** The parameters and buffers that are not finite. */
function brokenOf(model: AnyModule): ReadonlySet<Tensor> {
  const held = [...model.namedParameters(), ...model.namedBuffers()].map(([, tensor]) => tensor);
  return new Set(held.filter((tensor) => isFloat(tensor.dtype) && all(isFinite(tensor)).item() === 0));
}

function told({ module, name }: Place, broken: ReadonlySet<Tensor>): Origin {
  if (module === null) return { layer: null, text: `It begins in ${name}` };
  const held = [...module.namedParameters(), ...module.namedBuffers()];
  const [own] = held.find(([, tensor]) => broken.has(tensor)) ?? [];
  const why =
    own === undefined ? "what it is given is finite" : `its ${own} is not finite since an earlier step`;
  return { layer: name, text: `It begins in ${name}: ${why}` };
}

/** The loss of a step, of which only whether the values on the way are finite is kept. */
const probed =
  (
    { model, objective, x: form, settings: { part = Number.POSITIVE_INFINITY, augment } }: Step,
    probes: Probe[],
  ) =>
  (...[where, { x, targets, weight }, output]: Parameters<Compute>): ReturnType<Compute> =>
    noGrad(() => {
      const note = (place: Place, values: unknown): void => {
        const floats = tensorsIn(values).filter(({ dtype, mapped }) => isFloat(dtype) && mapped === null);
        probes.push(...floats.map((tensor) => ({ place, isFinite: all(isFinite(tensor)) })));
      };
      const count = (x[0] as Tensor).shape[0] as number;
      for (let start = 0; start < count; start += part) {
        const end = Math.min(start + part, count);
        const of = (tensor: Tensor): Tensor => slice(tensor, 0, { start, end });
        const [given, wanted] = [x.map(of), targets.map(of)];
        note(INPUTS, given);
        note(TARGETS, wanted);
        const made = augment === undefined ? given : augmented(where, augment, { form, parts: given });
        note(AUGMENT, made);
        const y = noting(model, note, () => output(made));
        const losses = weight === null ? objective.means : objective.perSample;
        note(COST, losses.call(objective, where, y, wanted).loss);
      }
      return probes.map(({ isFinite: tensor }, i) => ({ figure: i, kind: "mean", key: "", tensor }));
    });

/** Runs the model, and notes what each of its modules is given, by the one around it, and what it gives. */
function noting<T>(model: AnyModule, note: (place: Place, values: unknown) => void, run: () => T): T {
  const within: Place[] = [];
  const undo: (() => void)[] = [];
  try {
    for (const [path, module] of model.namedModules()) {
      const kind = module.constructor.name;
      const place = { module, name: path === "" ? kind : `${path} (${kind})` };
      const before = Object.getOwnPropertyDescriptor(module, "forward");
      const { forward } = module;
      const value = (...inputs: unknown[]): unknown => {
        note(within.at(-1) ?? INPUTS, inputs);
        within.push(place);
        const y = forward.apply(module, inputs as never);
        within.pop();
        note(place, y);
        return y;
      };
      Object.defineProperty(module, "forward", { value, configurable: true });
      undo.push(() => {
        if (before === undefined) Reflect.deleteProperty(module, "forward");
        else Object.defineProperty(module, "forward", before);
      });
    }
    return run();
  } finally {
    for (const one of undo) one();
  }
}

/** The tensors of a value: itself, or those of a list or an object. */
function tensorsIn(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(tensorsIn);
}
