// The ends of axes, and the numbers at them.
import { smoothed } from "./curves.js";

/** Round numbers between two. */
export function ticks(least, greatest, most) {
  const rough = (greatest - least) / most;
  if (!(rough > 0)) return [least];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((by) => by * power).find((by) => by >= rough);
  const found = [];
  // Counted in whole steps: one that is lost in rounding would otherwise never reach the end.
  const from = Math.ceil(least / step);
  for (let i = 0; i <= 2 * most + 2; i++) {
    const at = (from + i) * step;
    if (at > greatest + step / 1e6) break;
    found.push(Math.abs(at) < step / 1e6 ? 0 : at);
  }
  return found;
}

/** Powers of ten, and over less than two decades 2 and 5 times those. */
export function logTicks(least, greatest) {
  const found = [];
  const every = Math.max(1, Math.ceil((greatest - least) / 5));
  for (let power = Math.floor(least); power <= Math.ceil(greatest); power++) {
    if (power % every !== 0) continue;
    for (const by of greatest - least < 2 ? [1, 2, 5] : [1]) found.push(by * 10 ** power);
  }
  return found.filter((value) => Math.log10(value) >= least && Math.log10(value) <= greatest);
}

/** The ends of the axes of a chart. */
export function rangeOf(lines, isOnLog) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { curve } of lines) {
    for (const { x, y } of smoothed(curve)) {
      if (!Number.isFinite(y) || (isOnLog && y <= 0)) continue;
      const at = isOnLog ? Math.log10(y) : y;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (at < y0) y0 = at;
      if (at > y1) y1 = at;
    }
  }
  if (x0 > x1) return null;
  if (x0 === x1) [x0, x1] = [x0 - 1, x1 + 1];
  // What differs by rounding alone is flat.
  const isFlat = y1 - y0 <= 1e-9 * Math.max(Math.abs(y0), Math.abs(y1));
  const room = isFlat ? Math.abs(y0) * 0.1 || 1 : (y1 - y0) * 0.06;
  return { x0, x1, y0: y0 - room, y1: y1 + room };
}
