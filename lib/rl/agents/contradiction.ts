import { OptionError } from "../../errors.js";

/**
 * Refuses options that would do nothing.
 * @param cause What another option says, in words: "temperature".
 * @throws OptionError that names the first of `names` that is given
 */
export function refuseWith<T extends object>(
  where: string,
  options: T,
  cause: string,
  names: readonly (keyof T & string)[],
): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined) throw new OptionError(`${where}: expected no ${given} with ${cause}`);
}
