import { ops, rand, randn, type Tensor, tensor } from "thalweg";

type Point = readonly [x: number, y: number];

/** How well points [P, 2] fit a mixture. */
export interface Fit {
  /** Modes that at least a fifth of their share of the points are close to. */
  readonly modes: number;
  /** The share of the points within three standard deviations of a mode. */
  readonly close: number;
}

/** Normal distributions in the plane around several modes, all equally likely and equally wide. */
export class Mixture {
  readonly modes: readonly Point[];
  /** Standard deviation along each axis. */
  readonly sigma: number;

  constructor(modes: readonly Point[], sigma: number) {
    this.modes = modes;
    this.sigma = sigma;
  }

  /** Random points: [count, 2]. */
  sample(count: number): Tensor {
    const which = ops.to(ops.mul(rand([count]), this.modes.length), "int32");
    const noise = ops.mul(randn([count, 2]), this.sigma);
    return ops.add(ops.indexSelect(tensor(this.modes.map(([x, y]) => [x, y])), 0, which), noise);
  }

  /** Compares points [P, 2] with the mixture. Of its own points, 1 − exp(−9/2) = 98.9 % are close to a mode. */
  fit(points: Tensor): Fit {
    const closeTo = this.modes.map(() => 0);
    const count = points.size / 2;
    for (let i = 0; i < count; i++) {
      const [x, y] = [points.data[2 * i] as number, points.data[2 * i + 1] as number];
      const mode = this.modes.findIndex(([mx, my]) => Math.hypot(x - mx, y - my) <= 3 * this.sigma);
      if (mode >= 0) closeTo[mode] = (closeTo[mode] as number) + 1;
    }
    const few = count / this.modes.length / 5;
    return {
      modes: closeTo.filter((points) => points >= few).length,
      close: closeTo.reduce((sum, points) => sum + points, 0) / count,
    };
  }
}

/** Eight modes on a circle. The variance along each axis is 1, as also in `grid` (Gulrajani et al., 2017). */
export function ring(): Mixture {
  const angles = Array.from({ length: 8 }, (_, i) => (i * Math.PI) / 4);
  return new Mixture(
    angles.map((angle) => [Math.SQRT2 * Math.cos(angle), Math.SQRT2 * Math.sin(angle)]),
    0.01 * Math.SQRT2,
  );
}

/** Twenty-five modes on a 5 × 5 grid. The distance of neighbours is 40 standard deviations. */
export function grid(): Mixture {
  const places = [-2, -1, 0, 1, 2].map((place) => place * Math.SQRT1_2);
  return new Mixture(
    places.flatMap((y) => places.map((x): Point => [x, y])),
    Math.SQRT1_2 / 40,
  );
}

const SHADES = " .:-=+*#%@";

/** How densely points [P, 2] lie in the square [−2, 2]², as text. A letter with more ink stands for more points. */
export function drawDensity(points: Tensor, { columns = 61, rows = 31 } = {}): string {
  const counts = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const place = (value: number, cells: number): number => Math.floor(((value + 2) / 4) * cells);
  for (let i = 0; i < points.size; i += 2) {
    const row = counts[rows - 1 - place(points.data[i + 1] as number, rows)];
    const column = place(points.data[i] as number, columns);
    if (row?.[column] !== undefined) row[column] += 1;
  }
  const most = Math.max(...counts.flat());
  // The logarithm shows also the few points between the modes.
  const shade = (count: number): string =>
    SHADES[Math.ceil((Math.log1p(count) / Math.log1p(most)) * (SHADES.length - 1))] as string;
  return counts.map((row) => row.map(shade).join("").trimEnd()).join("\n");
}
