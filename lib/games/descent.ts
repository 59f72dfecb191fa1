import { adjusting, type Method } from "./method.js";

/**
 * Each player goes down its own gradient:
 *
 *     w_i ← w_i − η_i·∂L_i/∂w_i
 */
export const descent: Method<object> = adjusting(
  { options: [], read: () => ({}) },
  ({ costs, point }, _, players) => costs.field(point, players),
);
