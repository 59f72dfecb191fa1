import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { describe, isPlainObject } from "../options.js";
import { isTensor, type Tensor } from "./tensor.js";

/** The key of the method that gives the tensors of an object, such as a module's parameters. */
export const partsOf = Symbol("parts");

/** Tensors by name that can be replaced temporarily. */
export interface Parts {
  readonly names: readonly string[];
  readonly tensors: readonly Tensor[];
  /** Runs `run` with other tensors in the places of these. */
  during<T>(others: readonly Tensor[], run: () => T): T;
}

export interface HasParts {
  [partsOf](): Parts;
}

/** A tensor, or a list or a plain object of such trees. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [name: string]: TensorTree };

/** A tensor, a list or a plain object of trees, or a module, which stands for its parameters. */
export type Tree = Tensor | HasParts | readonly Tree[] | { readonly [name: string]: Tree };

/** A tree of the same form with one tensor per tensor. A module becomes an object by parameter name. */
export type Like<T> = T extends Tensor
  ? Tensor
  : T extends HasParts
    ? Record<string, Tensor>
    : { -readonly [K in keyof T]: Like<T[K]> };

/** A tree taken apart. */
export interface Structure {
  readonly leaves: readonly Tensor[];
  /** What each leaf is called: the tree's name, and where in it the leaf is. */
  readonly names: readonly string[];
  /** Equal for trees of the same form. */
  readonly form: string;
  /** The tree with other tensors as its leaves. A module becomes an object by parameter name. */
  build(leaves: readonly Tensor[]): unknown;
  /** Whether it contains a module. The tensors of a module can be replaced only during a call: see `within`. */
  readonly hasModule: boolean;
  /** Calls `use` with the tree while other tensors are in the leaves' places. */
  within<T>(leaves: readonly Tensor[], use: (tree: unknown) => T): T;
}

// Deeper than trees in practice, and far below the limit of the stack.
const MAX_DEPTH = 100;

/**
 * Takes a tree apart.
 * @param above the lists and objects that contain it.
 * @throws ArgumentError if it contains anything else or itself, or if it is too deep.
 */
export function takeApart(
  where: string,
  name: string,
  tree: unknown,
  above: readonly unknown[] = [],
): Structure {
  if (isTensor(tree)) {
    return {
      leaves: [tree],
      names: [name],
      form: "tensor",
      hasModule: false,
      build: ([only]) => only,
      within: ([only], use) => use(only),
    };
  }
  if (above.length > MAX_DEPTH || above.includes(tree)) {
    const what =
      above.length > MAX_DEPTH ? `at most ${MAX_DEPTH} deep` : "a tree, which does not hold itself";
    throw new ArgumentError(`${where}: expected lists and objects of tensors to be ${what}`);
  }
  const within = [...above, tree];
  if (Array.isArray(tree)) {
    return together(
      Array.from(tree, (part, i) => takeApart(where, `${name}[${i}]`, part, within)),
      (parts) => parts,
    );
  }
  if (hasParts(tree)) {
    const { names, tensors, during } = tree[partsOf]();
    return {
      leaves: tensors,
      names: names.map((key) => `${name}.${key}`),
      form: JSON.stringify(names),
      hasModule: true,
      build: (leaves) => Object.fromEntries(names.map((key, i) => [key, leaves[i]])),
      within: (leaves, use) => during(leaves, () => use(tree)),
    };
  }
  if (isPlainObject(tree)) {
    const keys = Object.keys(tree);
    return together(
      keys.map((key) => takeApart(where, `${name}.${key}`, tree[key], within)),
      (parts) => Object.fromEntries(keys.map((key, i) => [key, parts[i]])),
      JSON.stringify(keys),
    );
  }
  throw new ArgumentError(
    `${where}: expected ${name} to be a tensor, or a list, an object or a module of tensors, got ${describe(tree)}`,
  );
}

/**
 * Several trees as one. `join` makes the whole from the parts, for `build` and `within`.
 * @param kind Equal for wholes that are made from their parts in the same way.
 */
export function together(
  parts: readonly Structure[],
  join: (parts: readonly unknown[]) => unknown,
  kind = "list",
): Structure {
  const starts = [0];
  for (const { leaves } of parts) starts.push((starts.at(-1) as number) + leaves.length);
  const own = (leaves: readonly Tensor[], i: number): readonly Tensor[] =>
    leaves.slice(starts[i], starts[i + 1]);
  return {
    leaves: parts.flatMap(({ leaves }) => leaves),
    names: parts.flatMap(({ names }) => names),
    form: `${kind}(${parts.map(({ form }) => form).join()})`,
    hasModule: parts.some(({ hasModule }) => hasModule),
    build: (leaves) => join(parts.map((part, i) => part.build(own(leaves, i)))),
    within: (leaves, use) => {
      const made: unknown[] = [];
      // Nests one call per module only: with one per part, a long list would overflow the stack.
      const from = (start: number): ReturnType<typeof use> => {
        for (let i = start; i < parts.length; i++) {
          const part = parts[i] as Structure;
          if (!part.hasModule) {
            made[i] = part.build(own(leaves, i));
            continue;
          }
          return part.within(own(leaves, i), (tree) => {
            made[i] = tree;
            return from(i + 1);
          });
        }
        return use(join(made));
      };
      return from(0);
    },
  };
}

function hasParts(value: unknown): value is HasParts {
  return typeof value === "object" && value !== null && !types.isProxy(value) && partsOf in value;
}
