import { AnomalyError } from "../../errors.js";

/**
 * Looks at the losses and the like of updates.
 * @throws AnomalyError that names the first one that is NaN or infinite
 */
export function checkFigures(agent: string, figures: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(figures)) {
    if (Number.isFinite(value)) continue;
    throw new AnomalyError(
      `${agent}.learn: ${name} is ${value}, and weights may be NaN now; go on from a state of before, with a lower lr, or rewards and observations of smaller size`,
    );
  }
}
