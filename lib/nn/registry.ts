// What a module's file says of it: how it is made, so that files can describe it and `toString` show it; and for tests
// how it is called. It imports nothing for that. A user's classes come here by `registerClass`.
import type { CaseTensors, Draw, Draws } from "../ops/cases.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AnyModule } from "./module.js";

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

/**
 * How a module is made again from its fields: `new Kind(...takes, ...rest, options)`, of which each part may be absent.
 * What that gives has the same names in its state, and after `loadStateDict` the same outputs.
 */
export interface Making<M extends AnyModule, Field extends string = keyof M & string> {
  /** The constructor's first arguments, which are fields of the module by these names. */
  readonly takes?: readonly Field[];
  /** A field whose elements are the constructor's other arguments. */
  readonly rest?: Field;
  /** The constructor's object of options; undefined ones are left out. Default: it has none. */
  options?(module: M): Readonly<Record<string, unknown>>;
}

export interface ModuleDescription extends Making<AnyModule, string> {
  /** `toString` shows the first arguments without their names, as PyTorch does. Default: false. */
  readonly unnamed?: boolean;
  /** PyTorch's class, a Python expression. Default: the one in torch.nn of the same name. */
  readonly torch?: string;
  /** Of `forward`; null where the class has none of its own. Default: x [3, 4]. */
  readonly inputs?: CaseTensors | null;
  /** Each is a list of arguments, or says more. Default: one without arguments. */
  readonly cases?: (draws: Draws) => readonly (readonly unknown[] | ModuleCase)[];
}

export type ModuleClass = new (...args: never[]) => AnyModule;

/** An argument of a case: tensors by what they are drawn from, modules by name. */
type Argument<T> = T extends Tensor
  ? Draw
  : T extends AnyModule
    ? ModulePart
    : T extends Iterable<AnyModule>
      ? readonly ModulePart[]
      : T extends Readonly<Record<string, AnyModule>>
        ? Readonly<Record<string, ModulePart>>
        : T;
type ArgumentsOf<A extends readonly unknown[]> = { readonly [I in keyof A]: Argument<A[I]> };

// A conditional type: TypeScript knows the class before it looks at the cases.
type CasesOf<C> = C extends new (
  ...args: infer Arguments
) => AnyModule
  ? (draws: Draws) => readonly (ArgumentsOf<Arguments> | ModuleCase<ArgumentsOf<Arguments>>)[]
  : never;

type DescriptionOf<C extends ModuleClass> = Omit<ModuleDescription, "cases" | keyof Making<AnyModule>> &
  Making<InstanceType<C>> & { readonly cases?: CasesOf<C> };

/** A class of modules with its name in files. */
export interface Registered {
  readonly name: string;
  readonly kind: ModuleClass;
  readonly description: ModuleDescription;
}

const byName = new Map<string, Registered>();
const byKind = new Map<unknown, Registered>();

/** Says how a module is made and called, and gives it the name that it has in files. */
export function registerModule<C extends ModuleClass>(
  name: string,
  kind: C,
  description?: DescriptionOf<C>,
): void;
export function registerModule(name: string, kind: ModuleClass, description: ModuleDescription = {}): void {
  const registered = { name, kind, description };
  byName.set(name, registered);
  byKind.set(kind, registered);
}

/** The class of this name; undefined if there is none. */
export const moduleNamed = (name: string): Registered | undefined => byName.get(name);

/** What is known of this class; undefined if it is not registered. Not what is known of the class that it extends. */
export const registeredModule = (kind: unknown): Registered | undefined => byKind.get(kind);

/** What a module's file says of it; undefined where it says nothing. */
export function moduleDescription(kind: unknown): ModuleDescription | undefined {
  return byKind.get(kind)?.description;
}
