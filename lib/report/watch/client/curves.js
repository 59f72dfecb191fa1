// The curves of runs.
import { runs, view } from "./state.js";
import { number } from "./text.js";

const keyOf = ({ kind, name, set }) => JSON.stringify([kind, name, set]);

export function takePoints({ id, curves }) {
  const run = runs.get(id);
  if (run === undefined) return;
  for (const curve of curves) {
    const key = keyOf(curve);
    const own = run.curves.get(key) ?? { ...curve, points: [] };
    run.curves.set(key, own);
    const fresh = curve.points.map(([x, mean, least = mean, greatest = mean]) => ({
      x,
      y: number(mean),
      least: number(least),
      greatest: number(greatest),
    }));
    own.points = own.points.slice(0, curve.from).concat(fresh);
    own.smooth = null;
  }
}

/** The debiased exponential average of a curve. */
export function smoothed(curve) {
  if (view.smoothing === 0 || curve.kind === "rate") return curve.points;
  if (curve.smooth?.by === view.smoothing) return curve.smooth.points;
  let [average, weight] = [0, 1];
  const points = curve.points.map((point) => {
    if (!Number.isFinite(point.y)) return point;
    average = view.smoothing * average + (1 - view.smoothing) * point.y;
    weight *= view.smoothing;
    return { ...point, y: average / (1 - weight) };
  });
  curve.smooth = { by: view.smoothing, points };
  return points;
}

/** The point next to a step, by bisection. */
export function pointAt(points, step) {
  if (points.length === 0) return null;
  if (step === null) return points.at(-1);
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].x < step) low = middle + 1;
    else high = middle;
  }
  const before = points[Math.max(0, low - 1)];
  return step - before.x < points[low].x - step ? before : points[low];
}
