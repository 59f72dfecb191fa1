import { ArgumentError } from "../errors.js";
import type { PassName } from "../plan/index.js";
import { zeros } from "../tensor/create.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type Structure, type TensorTree, takeApart, together } from "../tensor/tree.js";
import { Specializations } from "./specialization.js";

/** A function's arguments as tensors, and its specializations for arguments of that form. */
export interface Arguments {
  readonly tensors: readonly Tensor[];
  /** What each tensor is called, for error messages. */
  name(at: number): string;
  readonly specializations: Specializations;
}

/** A function's specializations, by the form of its arguments: tensors, or lists and objects of them. */
export class Signatures {
  readonly #fn: (...inputs: TensorTree[]) => unknown;
  readonly #passes: readonly PassName[];
  /** For arguments that are tensors, as most are. */
  readonly #plain: Specializations;
  readonly #others = new Map<string, Specializations>();

  constructor(fn: (...inputs: TensorTree[]) => unknown, passes: readonly PassName[]) {
    this.#fn = fn;
    this.#passes = passes;
    this.#plain = new Specializations(fn, passes);
  }

  /** @throws ArgumentError unless the inputs are tensors, or lists and objects of them */
  of(where: string, noun: string, inputs: readonly unknown[]): Arguments {
    if (inputs.every(isTensor)) {
      return { tensors: inputs, name: (at) => `${noun} ${at}`, specializations: this.#plain };
    }
    const whole = apart(where, noun, inputs);
    const { leaves, names } = whole;
    return { tensors: leaves, name: (at) => names[at] as string, specializations: this.#of(whole) };
  }

  #of({ form, leaves, build }: Structure): Specializations {
    const known = this.#others.get(form);
    if (known !== undefined) return known;
    // A structure keeps its leaves: this one has none of the call's tensors.
    const none = zeros([0]);
    const inputs = build(leaves.map(() => none)) as readonly TensorTree[];
    const own = apart("compile", "input", inputs);
    const made = new Specializations(
      (...tensors) => this.#fn(...(own.build(tensors) as TensorTree[])),
      this.#passes,
    );
    this.#others.set(form, made);
    return made;
  }
}

function apart(where: string, noun: string, inputs: readonly unknown[]): Structure {
  const parts = inputs.map((input, i) => takeApart(where, `${noun} ${i}`, input));
  const module = parts.findIndex(({ hasModule }) => hasModule);
  if (module < 0) return together(parts, (list) => list);
  throw new ArgumentError(
    `${where}: expected ${noun} ${module} to be of tensors, got a module; the function uses modules without taking them`,
  );
}
