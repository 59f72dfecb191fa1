import process from "node:process";

/**
 * The command that runs a program on the emulated processor or system, if scripts/emulate.mjs or scripts/foreign.mjs runs
 * the tests on one.
 */
export const emulator: readonly string[] = (process.env["THALWEG_EMULATOR"] ?? "")
  .split(" ")
  .filter((word) => word !== "");

/** Emulated code takes up to this many times as long. */
export const patience = emulator.length > 0 ? 20 : 1;

/** Whether each instruction of that processor is emulated; what has much to compute takes less of it then. */
export const isSlow = /(^|\/)qemu-/.test(emulator[0] ?? "");
