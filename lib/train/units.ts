import type { Schema, SchemaInputs } from "../data/schema/schema.js";
import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { to } from "../ops/to.js";
import { tensor } from "../tensor/create.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { NamedMetric } from "./metrics.js";

/** By schema, the same object for the same metric, so that its program is made once. */
const identities = new WeakMap<Schema<SchemaInputs>, WeakMap<object, object>>();

/** Metrics that get outputs and targets in the units of a schema's numbers. */
export function inUnits(
  where: string,
  schema: Schema<SchemaInputs>,
  metrics: readonly NamedMetric[],
): readonly NamedMetric[] {
  const { target } = schema.toJSON();
  if (target?.task !== "regression") return metrics;
  const { scalings } = target;
  if (scalings.every(({ scale }) => scale === "none")) return metrics;
  const [factor, center] = (["factor", "center"] as const).map((part) =>
    tensor(Float64Array.from(scalings, (scaling) => scaling[part])),
  ) as [Tensor, Tensor];
  const restored = (scaled: Tensor): Tensor => add(mul(to(scaled, "float64"), factor), center);
  const known = identities.get(schema) ?? new WeakMap<object, object>();
  identities.set(schema, known);
  return metrics.map((metric) => {
    const { name, identity, definition } = metric;
    const both = (y: Tensor, target: Tensor): [Tensor, Tensor] => {
      if (sameShape(y.shape, target.shape)) return [restored(y), restored(target)];
      throw new ShapeError(
        `${where}: metric ${name}: expected outputs ${format(target.shape)}, which have the units of the targets, got ${format(y.shape)}`,
      );
    };
    const own = known.get(identity) ?? {};
    known.set(identity, own);
    return { ...metric, identity: own, definition: after(both, definition) };
  });
}

/** A definition that gets what `both` makes of outputs and targets. */
function after(
  both: (y: Tensor, target: Tensor) => [Tensor, Tensor],
  definition: NamedMetric["definition"],
): NamedMetric["definition"] {
  if (typeof definition === "function") return (y, target) => definition(...both(y, target));
  const { update, collect } = definition;
  return {
    ...definition,
    ...(update && { update: (y, target, weight) => update(...both(y, target), weight) }),
    ...(collect && { collect: (y, target, weight) => collect(...both(y, target), weight) }),
  };
}
