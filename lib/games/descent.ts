import { adjusting, type Method } from "./method.js";

/**
 * Each player goes down its own gradient:
 *
 *     w_i ← w_i − η_i·∂L_i/∂w_i          as often as the player has moves
 */
export const descent: Method<object> = adjusting(
  { options: [], read: () => ({}), severalMoves: true },
  ({ costs, point }, _, players, before) => costs.field(point, players, before),
);
