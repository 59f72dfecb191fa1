// What a module's file says of it besides its class: how it is made and called in the tests that hold for all modules.
// Classes of a user need none of this.
import type { CaseTensors, Draws } from "../ops/cases.js";
import type { Module } from "./module.js";

/** One way to make a module and to call it. */
export interface ModuleCase<Arguments extends readonly unknown[] = readonly unknown[]> {
  /** What is special about it. Default: its arguments. */
  readonly note?: string;
  /** Of the constructor. Default: none. */
  readonly arguments?: Arguments;
  /** A Python expression of PyTorch's module, where these arguments do not make it. */
  readonly torch?: string;
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

// A conditional type: TypeScript knows the class before it looks at the cases.
type CasesOf<C> = C extends new (
  ...args: infer Arguments
) => Module
  ? (draws: Draws) => readonly (Arguments | ModuleCase<Arguments>)[]
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
