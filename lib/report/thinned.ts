/** A point of a thinned curve: its place, the mean of the values that it stands for, the least and the greatest. */
export type ThinPoint = readonly [x: number, mean: number, least: number, greatest: number];

/** The most points of a curve. */
export const MOST_POINTS = 2000;

/**
 * A curve of any number of points, kept as at most `MOST_POINTS`: each stands for the same number of given points, which
 * doubles when there would be more. So what it keeps follows from the points alone, not from when they came.
 */
export class Thinned {
  #points: ThinPoint[] = [];
  /** How many given points a kept one stands for. */
  #stride = 1;
  /** The given points that wait to become one. */
  #waiting: { x: number; sum: number; count: number; least: number; greatest: number } | null = null;
  #halvings = 0;

  add(x: number, value: number): void {
    const own = this.#waiting ?? { x, sum: 0, count: 0, least: value, greatest: value };
    own.x = x;
    own.sum += value;
    own.count++;
    own.least = Math.min(own.least, value);
    own.greatest = Math.max(own.greatest, value);
    this.#waiting = own;
    if (own.count < this.#stride) return;
    this.#points.push(pointOf(own));
    this.#waiting = null;
    if (this.#points.length === MOST_POINTS) this.#halve();
  }

  #halve(): void {
    const halved: ThinPoint[] = [];
    for (let at = 0; at < this.#points.length; at += 2) {
      const [, first, low, high] = this.#points[at] as ThinPoint;
      const [x, second, least, greatest] = this.#points[at + 1] as ThinPoint;
      halved.push([x, (first + second) / 2, Math.min(low, least), Math.max(high, greatest)]);
    }
    this.#points = halved;
    this.#stride *= 2;
    this.#halvings++;
  }

  /** Changes when points that were given out are no longer right. */
  get version(): number {
    return this.#halvings;
  }

  /** The whole points from a position on. */
  from(position: number): readonly ThinPoint[] {
    return this.#points.slice(position);
  }

  /** All points, with the last one of those that are not whole yet. */
  points(): readonly ThinPoint[] {
    return this.#waiting === null ? this.#points : [...this.#points, pointOf(this.#waiting)];
  }
}

const pointOf = (of: {
  x: number;
  sum: number;
  count: number;
  least: number;
  greatest: number;
}): ThinPoint => [of.x, of.sum / of.count, of.least, of.greatest];
