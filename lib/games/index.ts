export { Game, type GameOptions } from "./game.js";
export type { MethodOptions } from "./methods.js";
export { type History, type PlayOptions, play, type StepReport } from "./play.js";
export type { Player, Players } from "./players.js";
export type { Order } from "./round.js";
