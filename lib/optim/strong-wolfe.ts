/** A function along a line: its value and derivative at t. */
export interface Along {
  readonly t: number;
  readonly value: number;
  readonly derivative: number;
}

const C1 = 1e-4;
const C2 = 0.9;
// How much farther each try is while the function still falls.
const GROWTH = 10;
// A try this near to an end of its interval, as a share of it, is no progress if the last was none either.
const MARGIN = 0.1;

/**
 * Looks for a t with value(t) ≤ value(0) + c₁·t·derivative(0) and |derivative(t)| ≤ c₂·|derivative(0)| (Nocedal and Wright, 2006,
 * algorithms 3.5 and 3.6, with cubic interpolation as in torch.optim.LBFGS): first for an interval that has one, and
 * then within it.
 * @param at The function at t.
 * @param origin The function at 0, where it falls.
 * @param first The t to begin with.
 * @param limits `most`: how often `at` may be called; `least`: no interval is made smaller.
 * @returns the best of what was tried, and how often that was.
 */
export function findStep<P extends Along>(
  at: (t: number) => P,
  origin: P,
  first: number,
  { most, least }: { readonly most: number; readonly least: number },
): { readonly best: P; readonly tried: number } {
  const isTooHigh = ({ t, value }: Along): boolean => !(value <= origin.value + C1 * t * origin.derivative);
  const isFlat = ({ derivative }: Along): boolean => Math.abs(derivative) <= C2 * Math.abs(origin.derivative);
  let tried = 0;
  const take = (t: number): P => {
    tried++;
    return at(t);
  };

  let low = origin;
  let now = take(first);
  let high = null as P | null;
  while (high === null) {
    if (tried >= most) return { best: ordered(origin, now)[0], tried };
    if (isTooHigh(now) || (low !== origin && now.value >= low.value)) high = now;
    else if (isFlat(now)) return { best: now, tried };
    else if (now.derivative >= 0) high = now;
    else {
      const next = within(minimumOf(low, now), now.t + 0.01 * (now.t - low.t), GROWTH * now.t);
      [low, now] = [now, take(next)];
    }
  }
  // `low` is the lesser end of an interval with a t that satisfies both conditions.
  [low, high] = ordered(low, high);
  let isStuck = false;
  while (tried < most && Math.abs(high.t - low.t) >= least) {
    const [from, to] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    const edge = MARGIN * (to - from);
    let next = within(minimumOf(low, high), from, to);
    const isNear = Math.min(to - next, next - from) < edge;
    const mustMove: boolean = isNear && (isStuck || next >= to || next <= from);
    isStuck = isNear && !mustMove;
    if (mustMove) next = to - next < next - from ? to - edge : from + edge;
    now = take(next);
    if (isTooHigh(now) || now.value >= low.value) {
      [low, high] = ordered(low, now);
      continue;
    }
    if (isFlat(now)) return { best: now, tried };
    if (now.derivative * (high.t - low.t) >= 0) high = low;
    low = now;
  }
  return { best: low, tried };
}

const ordered = <P extends Along>(a: P, b: P): [lesser: P, other: P] => (b.value < a.value ? [b, a] : [a, b]);

const within = (t: number, least: number, most: number): number =>
  Number.isFinite(t) ? Math.min(Math.max(t, least), most) : (least + most) / 2;

/** Where the cubic through two points with their derivatives is least; NaN where it has no minimum. */
function minimumOf(a: Along, b: Along): number {
  const bend = a.derivative + b.derivative - (3 * (a.value - b.value)) / (a.t - b.t);
  const root = Math.sign(b.t - a.t) * Math.sqrt(bend * bend - a.derivative * b.derivative);
  return b.t - ((b.t - a.t) * (b.derivative + root - bend)) / (b.derivative - a.derivative + 2 * root);
}
