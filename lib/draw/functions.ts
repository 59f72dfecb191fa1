import { draw as drawModel } from "./draw.js";
import { game } from "./game.js";
import { loss } from "./loss.js";

/**
 * Draws a diagram of a model, from a run of its own `forward`: nothing has to be declared for it. `draw.loss` draws a
 * model with its cost, `draw.game` the players of a game.
 *
 * In the style `"block"`, the lecture's notation, observed variables are shaded circles and computed ones open circles;
 * functions are blocks whose rounded side points the way that is easy to compute; costs are squares with a scalar output
 * that is not drawn. Parameters stand at the function that they belong to; those of several functions stand apart.
 * @param model a module; for the style `"program"` what `compile` gave.
 * @param input what `forward` takes: a tensor, or a list of its arguments. Only shapes and dtypes are read.
 * @param options see `DrawOptions`.
 * @returns a picture: `.svg`, `toFile(path)`.
 * @throws ArgumentError, OptionError, and what the model throws; PackageError without `@dagrejs/dagre`
 * @example
 * const picture = draw(new nn.Linear(3, 2), zeros([1, 3]));
 * await picture.toFile("linear.svg");
 */
export const draw = Object.assign(drawModel, { loss, game });
