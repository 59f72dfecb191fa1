import { ArgumentError } from "../errors.js";
import { describe, isPlainObject } from "../options.js";
import { isTensor, type Tensor } from "./tensor.js";

/** How something shows the tensors that it consists of, as a module does its parameters. */
export const partsOf = Symbol("parts");

/** Tensors by name, for which others can stand in. */
export interface Parts {
  readonly names: readonly string[];
  readonly tensors: readonly Tensor[];
  /** Runs `run` with others in the places of the tensors. */
  during<T>(others: readonly Tensor[], run: () => T): T;
}

export interface HasParts {
  [partsOf](): Parts;
}

/** A tensor, a list or a plain object of trees, or a module, which stands for its parameters. */
export type Tree = Tensor | HasParts | readonly Tree[] | { readonly [name: string]: Tree };

/** What belongs to each tensor of a tree, in the same form; of a module, an object by parameter name. */
export type Like<T> = T extends Tensor
  ? Tensor
  : T extends HasParts
    ? Record<string, Tensor>
    : { -readonly [K in keyof T]: Like<T[K]> };

/** A tree taken apart. */
export interface Structure {
  readonly leaves: readonly Tensor[];
  /** The tree with other tensors in the leaves' places; of a module, an object by parameter name. */
  build(leaves: readonly Tensor[]): unknown;
  /** Calls `use` with the tree, in which other tensors stand in the leaves' places. */
  within<T>(leaves: readonly Tensor[], use: (tree: unknown) => T): T;
}

/**
 * Takes a tree apart.
 * @throws ArgumentError for anything else in it.
 */
export function takeApart(where: string, name: string, tree: unknown): Structure {
  if (isTensor(tree)) {
    return {
      leaves: [tree],
      build: ([only]) => only,
      within: ([only], use) => use(only),
    };
  }
  if (Array.isArray(tree)) {
    return together(
      tree.map((part, i) => takeApart(where, `${name}[${i}]`, part)),
      (parts) => parts,
    );
  }
  if (hasParts(tree)) {
    const { names, tensors, during } = tree[partsOf]();
    return {
      leaves: tensors,
      build: (leaves) => Object.fromEntries(names.map((key, i) => [key, leaves[i]])),
      within: (leaves, use) => during(leaves, () => use(tree)),
    };
  }
  if (isPlainObject(tree)) {
    const keys = Object.keys(tree);
    return together(
      keys.map((key) => takeApart(where, `${name}.${key}`, tree[key])),
      (parts) => Object.fromEntries(keys.map((key, i) => [key, parts[i]])),
    );
  }
  throw new ArgumentError(
    `${where}: expected ${name} to be a tensor, or a list, an object or a module of tensors, got ${describe(tree)}`,
  );
}

/** Several trees as one, of which `build` and `within` make something. */
export function together(
  parts: readonly Structure[],
  join: (parts: readonly unknown[]) => unknown,
): Structure {
  const starts = [0];
  for (const { leaves } of parts) starts.push((starts.at(-1) as number) + leaves.length);
  const own = (leaves: readonly Tensor[], i: number): readonly Tensor[] =>
    leaves.slice(starts[i], starts[i + 1]);
  return {
    leaves: parts.flatMap(({ leaves }) => leaves),
    build: (leaves) => join(parts.map((part, i) => part.build(own(leaves, i)))),
    within: (leaves, use) => {
      const from = (i: number, made: readonly unknown[]): ReturnType<typeof use> => {
        const part = parts[i];
        return part === undefined
          ? use(join(made))
          : part.within(own(leaves, i), (tree) => from(i + 1, [...made, tree]));
      };
      return from(0, []);
    },
  };
}

function hasParts(value: unknown): value is HasParts {
  return typeof value === "object" && value !== null && partsOf in value;
}
