// What a module's file says of it for tests: how it is made and called. It imports nothing for that. Classes of a user
// need none of this.
import type { CaseTensors, Draw, Draws } from "../ops/cases.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Module } from "./module.js";

/** A module among the arguments of another. */
export interface ModulePart {
  /** Its name in `nn`. */
  readonly module: string;
  /** Default: none. */
  readonly arguments?: readonly unknown[];
}

/** One way to make a module and to call it. */
export interface ModuleCase<Arguments extends readonly unknown[] = readonly unknown[]> {
  /** What is special about it. Default: its arguments. */
  readonly note?: string;
  /** Of the constructor. Default: none. */
  readonly arguments?: Arguments;
  /** Of `forward`. Default: those of the description. */
  readonly inputs?: CaseTensors;
  /** Parameters and buffers that it begins with, by their names in the state dict. The others are random. */
  readonly state?: CaseTensors;
  /** Default: true. */
  readonly training?: boolean;
  /** How often it is called, each time with inputs twice as large. Default: 1. */
  readonly calls?: number;
  /** Whether its gradients are the derivatives; not where rows are left out of them. Default: true. */
  readonly hasDerivatives?: boolean;
}

export interface ModuleDescription {
  /** PyTorch's class, a Python expression. Default: the one in torch.nn of the same name. */
  readonly torch?: string;
  /** Of `forward`; null where the class has none of its own. Default: x [3, 4]. */
  readonly inputs?: CaseTensors | null;
  /** Each is a list of arguments, or says more. Default: one without arguments. */
  readonly cases?: (draws: Draws) => readonly (readonly unknown[] | ModuleCase)[];
}

type ModuleClass = new (...args: never[]) => Module;

/** An argument of a case: tensors by what they are drawn from, modules by name. */
type Argument<T> = T extends Tensor
  ? Draw
  : T extends Module
    ? ModulePart
    : T extends Iterable<Module>
      ? readonly ModulePart[]
      : T extends Readonly<Record<string, Module>>
        ? Readonly<Record<string, ModulePart>>
        : T;
type ArgumentsOf<A extends readonly unknown[]> = { readonly [I in keyof A]: Argument<A[I]> };

// A conditional type: TypeScript knows the class before it looks at the cases.
type CasesOf<C> = C extends new (
  ...args: infer Arguments
) => Module
  ? (draws: Draws) => readonly (ArgumentsOf<Arguments> | ModuleCase<ArgumentsOf<Arguments>>)[]
  : never;

type DescriptionOf<C> = Omit<ModuleDescription, "cases"> & { readonly cases?: CasesOf<C> };

const descriptions = new Map<unknown, ModuleDescription>();

/** Says how a module is made and called. */
export function registerModule<C extends ModuleClass>(kind: C, description?: DescriptionOf<C>): void;
export function registerModule(kind: unknown, description: ModuleDescription = {}): void {
  descriptions.set(kind, description);
}

/** What a module's file says of it; undefined where it says nothing. */
export function moduleDescription(kind: unknown): ModuleDescription | undefined {
  return descriptions.get(kind);
}
