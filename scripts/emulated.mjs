// Has what Node starts of itself run on the emulated processor too. Loaded by the Node that scripts/emulate.mjs
// starts, with --import.
import process from "node:process";

if (process.env.THALWEG_EMULATED_NODE !== undefined) process.execPath = process.env.THALWEG_EMULATED_NODE;
