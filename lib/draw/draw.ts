import { ArgumentError } from "../errors.js";
import { checkChoice, checkOptions, describe } from "../options.js";
import type { TensorTree } from "../tensor/tree.js";
import { Picture } from "./picture.js";
import { DIRECTIONS, type Direction, type Drawable, type DrawOptions, styleNamed } from "./style.js";
import { type Drawing, writeSvg } from "./svg.js";
import { THEMES } from "./theme.js";

const COMMON = ["style", "theme", "direction", "open", "title", "id"] as const;

/**
 * A diagram of a model, from a run of its own `forward`.
 * @param model a module; for the style `"program"` what `compile` gave.
 * @param input what `forward` takes: a tensor, or a list of them.
 * @throws ArgumentError, OptionError, and what the model throws; PackageError without `@dagrejs/dagre`
 * @example
 * const picture = draw(new nn.Linear(3, 2), zeros([1, 3]));
 * await picture.toFile("linear.svg");
 */
export function draw(model: Drawable, input?: TensorTree, options: DrawOptions = {}): Picture {
  const style = styleNamed("draw", options?.style ?? "block");
  checkOptions("draw", options, [...COMMON, ...style.options]);
  const common = checkCommon("draw", options, style.direction);
  return pictureOf(style.render({ where: "draw", model, input, options: { ...options, ...common } }), common);
}

/** The options that every function that draws has. */
export type PictureOptions = Pick<DrawOptions, "theme" | "direction" | "title" | "id">;

/** @throws ArgumentError */
export function checkCommon(where: string, options: PictureOptions, flow: Direction = "right") {
  const { theme = "auto", direction = flow, title, id } = options;
  if (title !== undefined && typeof title !== "string")
    throw new ArgumentError(`${where}: expected title to be a text, got ${describe(title)}`);
  if (id !== undefined && (typeof id !== "string" || !/^[A-Za-z][\w-]*$/.test(id))) {
    throw new ArgumentError(
      `${where}: expected id to be a letter and then letters, digits, _ and -, got ${describe(id)}`,
    );
  }
  return {
    theme: checkChoice(where, "theme", theme, THEMES),
    direction: checkChoice(where, "direction", direction, DIRECTIONS),
    ...(title === undefined ? {} : { title }),
    ...(id === undefined ? {} : { id }),
  };
}

/** The picture of a drawing. */
export function pictureOf(drawing: Drawing, { theme, title, id }: ReturnType<typeof checkCommon>): Picture {
  const titled = title === undefined ? drawing : { ...drawing, title, body: drawing.body.bind(drawing) };
  return new Picture({ ...titled, svg: writeSvg(titled, theme, id) });
}
