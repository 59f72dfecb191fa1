// What is there, and what of it is shown.
import { number } from "./text.js";

/** The runs by their ids: what is said of each, its colour, its curves, and whether it is shown. */
export const runs = new Map();

export const COLOURS = 8;

/** The folder of a run, and its time where the folder has several. */
export function labelOf({ about: { id, name, begin } }) {
  const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const folder = folderOf(name);
  const isAlone = ![...runs.values()].some(({ about }) => about.id !== id && folderOf(about.name) === folder);
  if (begin === null || (isAlone && folder !== "")) return folder === "" ? name : folder;
  return `${folder} ${new Date(number(begin.time)).toLocaleString("sv")}`.trim();
}

export const view = {
  smoothing: 0,
  isLog: false,
  /** The run whose layers are shown, and whether a person chose it. */
  chosen: null,
  isChosen: false,
  /** The step that the pointer is at; null for the last one. */
  cursor: null,
};

let draw = () => {};
let isWaiting = false;

/** @param all draws all that follows from what is kept here. */
export function drawBy(all) {
  draw = all;
}

/** Draws once before the next frame, however much has changed. */
export function changed() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    draw();
  });
}
