import { ArgumentError } from "../errors.js";
import { checkFunction, checkRequired, describe, isPlainObject } from "../options.js";

/** The fields of a definition, by what they must be. */
export interface Fields {
  /** Must be there. */
  readonly functions?: readonly string[];
  /** May be there. */
  readonly optional?: readonly string[];
  /** May be there: objects by input of functions, or of 0. */
  readonly rules?: readonly string[];
  readonly others?: readonly string[];
}

/**
 * Checks what a user defines an op by, so that a mistake is said where it was made and not by a call of the op.
 * @throws ArgumentError, OptionError
 */
export function checkDefinition(where: string, name: unknown, definition: unknown, fields: Fields): void {
  const { functions = [], optional = [], rules = [], others = [] } = fields;
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError(`${where}: expected a name, got ${describe(name)}`);
  }
  const known = ["inputs", "kernel", ...functions, ...optional, ...rules, ...others];
  checkRequired(where, definition, known);
  const given = definition as Readonly<Record<string, unknown>>;
  const { inputs } = given;
  const areNames =
    Array.isArray(inputs) && inputs.length > 0 && inputs.every((one) => typeof one === "string");
  if (!areNames) {
    throw new ArgumentError(`${where}: expected inputs to be a list of names, got ${describe(inputs)}`);
  }
  if (given["kernel"] !== null && typeof given["kernel"] !== "string") {
    throw new ArgumentError(
      `${where}: expected kernel to be the name of an instruction or null, got ${describe(given["kernel"])}`,
    );
  }
  for (const field of functions) checkFunction(where, field, given[field]);
  for (const field of optional) if (given[field] !== undefined) checkFunction(where, field, given[field]);
  for (const field of rules) checkRules(where, field, given[field]);
}

function checkRules(where: string, field: string, rules: unknown): void {
  if (rules === undefined) return;
  if (!isPlainObject(rules)) {
    throw new ArgumentError(`${where}: expected ${field} to be functions by input, got ${describe(rules)}`);
  }
  for (const [input, rule] of Object.entries(rules)) {
    if (rule !== 0) checkFunction(where, `${field}.${input}`, rule);
  }
}
