// What ways go around, found by place.
import type { Rect } from "./boxes.js";
import type { Point } from "./smooth.js";

export interface Obstacle {
  readonly id: string;
  readonly rect: Rect;
}

/** Rectangles by the strips of the plane that they stand in. */
export class Obstacles {
  readonly #strips = new Map<number, Obstacle[]>();
  readonly #isHorizontal: boolean;

  /** @param isHorizontal whether the strips follow each other along x. */
  constructor(all: readonly Obstacle[], isHorizontal: boolean) {
    this.#isHorizontal = isHorizontal;
    for (const obstacle of all) {
      const { x, y, width, height } = obstacle.rect;
      const [from, length] = isHorizontal ? [x, width] : [y, height];
      for (let strip = stripOf(from); strip <= stripOf(from + length); strip++) {
        const own = this.#strips.get(strip) ?? [];
        own.push(obstacle);
        this.#strips.set(strip, own);
      }
    }
  }

  /** Whether a point is in no obstacle but those that do not count. */
  isClear({ x, y }: Point, without: ReadonlySet<string>): boolean {
    const strip = this.#strips.get(stripOf(this.#isHorizontal ? x : y)) ?? [];
    return strip.every(
      ({ id, rect }) =>
        x < rect.x || x > rect.x + rect.width || y < rect.y || y > rect.y + rect.height || without.has(id),
    );
  }
}

const STRIP = 64;

const stripOf = (along: number): number => Math.floor(along / STRIP);
