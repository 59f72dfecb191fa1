// One run of CMA-ES, from its start until it has come to rest. A strategy with restarts makes one after the other.

import type { Draws } from "../draws.js";
import type { StopReason } from "../limits.js";
import type { StateReader, StrategyState } from "../state.js";
import type { Boundary, Distribution } from "./boundary.js";
import { Covariance } from "./covariance.js";
import { Histories, type ValueTolerances } from "./histories.js";
import { type Kind, type Parameters, parametersOf } from "./parameters.js";

/** What a run is made of. */
export interface RunSetup {
  readonly kind: Kind;
  readonly size: number;
  readonly active: boolean;
  /** Where it starts, within the bounds. */
  readonly x0: Float64Array;
  readonly sigma: number;
  /** The standard deviations of the coordinates, to be multiplied by sigma. */
  readonly scale: Float64Array;
  readonly boundary: Boundary | null;
  /** The greatest standard deviation of each coordinate; null for no limit. */
  readonly widest: Float64Array | null;
  readonly tolerances: ValueTolerances & { readonly tolx: number };
  /** It ends after this many generations. */
  readonly maxGenerations: number;
}

/** σ may grow by this factor over the root of the greatest eigenvalue (pycma's tolupsigma). */
const CREEPING = 1e20;
/** A standard deviation may grow by this factor (pycma's tolfacupx). */
const DIVERGING = 1e3;
const MAX_CONDITION = 1e14;
/** Beyond this ratio of variances C is scaled to a matrix of correlations. */
const MAX_COORDINATE_CONDITION = 1e8;
/** The mean rests if it moves less than this in 20 generations and a tenth of all (pycma's tolxstagnation). */
const REST = { distance: 1e-9, generations: 20, fraction: 0.1 };

/** The distribution N(m, σ²·S·C·S) with S = diag(scale), and what it learns from a generation. */
export class Run implements Distribution {
  readonly dimension: number;
  readonly setup: RunSetup;
  /** m */
  readonly mean: Float64Array;
  readonly #parameters: Parameters;
  /** null for the identity: the separable method learns `scale` alone. */
  readonly #covariance: Covariance | null;
  readonly #histories: Histories;
  readonly #scale: Float64Array;
  #sigma: number;
  #generation = 0;
  /** The evolution paths of σ and of C [d]. */
  readonly #ps: Float64Array;
  readonly #pc: Float64Array;
  /** The draws z ~ N(0, I) [λ, d] of this generation, and y = C^½·z. */
  readonly #z: Float64Array;
  readonly #y: Float64Array;
  /** The rows of the generation, the best first. */
  readonly #order: Int32Array;
  /** The values of the rows, with what the bounds add; and the values in ascending order. */
  readonly #ranked: Float64Array;
  readonly #sorted: Float64Array;
  /** Learning rates of the path and of the points, the best first [λ + 1]. */
  readonly #rates: Float64Array;
  readonly #work: readonly [Float64Array, Float64Array];
  /** E ‖N(0, I)‖ */
  readonly #expectedNorm: number;
  /** Where the mean was when it last moved, and the generation of that. */
  readonly #rest: Float64Array;
  #restsSince = 0;

  constructor(setup: RunSetup) {
    const { kind, size, active, x0, tolerances } = setup;
    const d = x0.length;
    this.dimension = d;
    this.setup = setup;
    this.#parameters = parametersOf(d, size, kind, active);
    this.#covariance = kind === "full" ? new Covariance(d, this.#parameters) : null;
    this.#histories = new Histories(d, size, tolerances);
    this.mean = setup.boundary?.inverse(x0) ?? x0.slice();
    this.#rest = this.mean.slice();
    this.#scale = setup.scale.slice();
    this.#sigma = setup.sigma;
    this.#ps = new Float64Array(d);
    this.#pc = new Float64Array(d);
    this.#z = new Float64Array(size * d);
    this.#y = this.#covariance === null ? this.#z : new Float64Array(size * d);
    this.#order = new Int32Array(size);
    this.#ranked = new Float64Array(size);
    this.#sorted = new Float64Array(size);
    const { c1, cmu, weights } = this.#parameters;
    this.#rates = Float64Array.of(c1, ...weights.map((w) => cmu * w));
    this.#work = [new Float64Array(d), new Float64Array(d)];
    this.#expectedNorm = Math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d));
    this.#limitDeviations();
  }

  get size(): number {
    return this.setup.size;
  }

  get mueff(): number {
    return this.#parameters.mueff;
  }

  get generation(): number {
    return this.#generation;
  }

  get sigma(): number {
    return this.#sigma;
  }

  deviation(i: number): number {
    const variance = this.#covariance?.variance(i) ?? 1;
    return this.#sigma * (this.#scale[i] as number) * Math.sqrt(variance);
  }

  /** Draws a generation into `points` [λ, d]. */
  sample(points: Float64Array, draws: Draws): void {
    draws.fillNormal(this.#z, 0, this.#z.length);
    this.#place(0, this.size, points);
  }

  /** Draws the point of that row again. */
  resample(row: number, points: Float64Array, draws: Draws): void {
    const d = this.dimension;
    draws.fillNormal(this.#z, row * d, (row + 1) * d);
    this.#place(row, row + 1, points);
  }

  /** x = m + σ·S·y, moved into the bounds, for these rows. */
  #place(begin: number, end: number, points: Float64Array): void {
    const d = this.dimension;
    const { boundary } = this.setup;
    this.#covariance?.sample(this.#z, this.#y, begin, end);
    for (let row = begin; row < end; row++) {
      const from = row * d;
      for (let i = 0; i < d; i++) {
        const x = this.#before(from, i);
        points[from + i] = boundary === null ? x : boundary.repair(x, i);
      }
    }
  }

  /** Coordinate i of the point at `begin`, before it is moved into the bounds. */
  #before(begin: number, i: number): number {
    const step = this.#sigma * (this.#scale[i] as number) * (this.#y[begin + i] as number);
    return (this.mean[i] as number) + step;
  }

  /** Learns from the values of the generation. @returns why the run has ended, or null. */
  update(values: Float64Array): StopReason | null {
    this.#generation++;
    this.#rank(values);
    const byValues = this.#histories.note(this.#sorted, this.#generation);
    const isSteady = this.#move();
    if (this.#covariance === null) this.#adaptScale(isSteady);
    else this.#adaptCovariance(this.#covariance, isSteady);
    this.#adaptSigma();
    this.#limitDeviations();
    return byValues ?? this.#reason() ?? (this.#refresh() ? null : "conditioncov");
  }

  /** Orders the rows by value, with what the bounds add. */
  #rank(values: Float64Array): void {
    const { size, dimension: d } = this;
    const { boundary } = this.setup;
    const ranked = this.#ranked;
    for (let row = 0; row < size; row++) ranked[row] = values[row] as number;
    if (boundary?.penalizes !== true) {
      orderRows(this.#order, ranked);
      for (let k = 0; k < size; k++) this.#sorted[k] = ranked[this.#order[k] as number] as number;
      return;
    }
    this.#sorted.set(ranked);
    boundary.learn(this.#sorted.sort(), this);
    for (let row = 0; row < size; row++) {
      let value = ranked[row] as number;
      for (let i = 0; i < d; i++) value += boundary.penalty(this.#before(row * d, i), i);
      ranked[row] = value;
    }
    orderRows(this.#order, ranked);
  }

  /** Moves the mean and the evolution paths. @returns whether σ is steady enough for C to learn from its path. */
  #move(): boolean {
    const d = this.dimension;
    const { mueff, cs, cc } = this.#parameters;
    const [zw, work] = this.#work;
    const ps = this.#ps;
    const pc = this.#pc;
    // z_w is along the axes of C. In the coordinates it is C^-½·y_w.
    this.#weigh(this.#z, zw);
    if (this.#covariance !== null) this.#covariance.rotate(zw, work);
    const shift = this.#covariance === null ? zw : work;
    const gain = Math.sqrt(cs * (2 - cs) * mueff);
    let squared = 0;
    for (let i = 0; i < d; i++) {
      const p = (1 - cs) * (ps[i] as number) + gain * (shift[i] as number);
      ps[i] = p;
      squared += p * p;
    }
    const expected = 1 - (1 - cs) ** (2 * this.#generation);
    const isSteady = squared / expected / d - 1 < 1 + 4 / (d + 1);
    const learnt = isSteady ? Math.sqrt(cc * (2 - cc) * mueff) : 0;
    if (this.#covariance !== null) this.#weigh(this.#y, zw);
    for (let i = 0; i < d; i++) {
      const y = zw[i] as number;
      pc[i] = (1 - cc) * (pc[i] as number) + learnt * y;
      this.mean[i] = (this.mean[i] as number) + this.#sigma * (this.#scale[i] as number) * y;
    }
    return isSteady;
  }

  /** out = Σ wₖ·rowₖ over the parents. */
  #weigh(rows: Float64Array, out: Float64Array): void {
    const d = this.dimension;
    const { parents, weights } = this.#parameters;
    for (let i = 0; i < d; i++) out[i] = 0;
    for (let k = 0; k < parents; k++) {
      const w = weights[k] as number;
      const begin = (this.#order[k] as number) * d;
      for (let i = 0; i < d; i++) out[i] = (out[i] as number) + w * (rows[begin + i] as number);
    }
  }

  /** The rate of the path. If the path stalls, C would lose variance at the full rate. */
  #rateOfPath(isSteady: boolean): number {
    const { c1, cc } = this.#parameters;
    return isSteady ? c1 : c1 * (1 - cc * (2 - cc));
  }

  #adaptCovariance(covariance: Covariance, isSteady: boolean): void {
    const rate = this.#rateOfPath(isSteady);
    this.#rates[0] = rate;
    const scale = Math.sqrt(this.#parameters.c1 / (rate + 1e-23));
    const generation = { z: this.#z, y: this.#y, order: this.#order };
    covariance.update(this.#rates, this.#pc, scale, generation);
  }

  /** scaleᵢ ← scaleᵢ·2^(Σ rₖ·(zₖᵢ² − 1) / 2), over the path and the points. */
  #adaptScale(isSteady: boolean): void {
    const { size, dimension: d } = this;
    const [sums, most] = this.#work;
    const rates = this.#rates;
    rates[0] = this.#rateOfPath(isSteady);
    for (let i = 0; i < d; i++) {
      const excess = (this.#pc[i] as number) ** 2 - 1;
      sums[i] = (rates[0] as number) * excess;
      most[i] = Math.abs(excess);
    }
    for (let k = 0; k < size; k++) {
      const rate = rates[k + 1] as number;
      const begin = (this.#order[k] as number) * d;
      for (let i = 0; i < d; i++) {
        const excess = (this.#z[begin + i] as number) ** 2 - 1;
        sums[i] = (sums[i] as number) + rate * excess;
        if (Math.abs(excess) > (most[i] as number)) most[i] = Math.abs(excess);
      }
    }
    for (let i = 0; i < d; i++) {
      // At most as large as the farthest point suggests.
      const factor = Math.min(Math.exp((Math.LN2 * (sums[i] as number)) / 2), (most[i] as number) / 2 + 1);
      this.#scale[i] = (this.#scale[i] as number) * factor;
    }
  }

  #adaptSigma(): void {
    const { cs, damps } = this.#parameters;
    let squared = 0;
    for (let i = 0; i < this.dimension; i++) squared += (this.#ps[i] as number) ** 2;
    const change = (cs / damps) * (Math.sqrt(squared) / this.#expectedNorm - 1);
    this.#sigma *= Math.exp(Math.min(Math.max(change, -1), 1));
  }

  #limitDeviations(): void {
    const { widest } = this.setup;
    if (widest === null) return;
    for (let i = 0; i < this.dimension; i++) {
      const deviation = this.deviation(i);
      if (!(deviation > (widest[i] as number))) continue;
      this.#scale[i] = ((this.#scale[i] as number) * (widest[i] as number)) / deviation;
    }
  }

  /** Why the distribution cannot or need not go on, or null. */
  #reason(): StopReason | null {
    const { tolerances, sigma, scale, maxGenerations } = this.setup;
    const d = this.dimension;
    let isSmall = true;
    let hasDiverged = false;
    let hasNoEffect = false;
    let isFinite = Number.isFinite(this.#sigma);
    for (let i = 0; i < d; i++) {
      const deviation = this.deviation(i);
      const mean = this.mean[i] as number;
      const path = this.#sigma * (this.#scale[i] as number) * Math.abs(this.#pc[i] as number);
      if (deviation >= tolerances.tolx || path >= tolerances.tolx) isSmall = false;
      if (deviation > sigma * (scale[i] as number) * DIVERGING) hasDiverged = true;
      if (mean === mean + 0.2 * deviation) hasNoEffect = true;
      if (!Number.isFinite(mean) || !Number.isFinite(deviation)) isFinite = false;
    }
    if (isSmall) return "tolx";
    if (hasDiverged) return "tolfacupx";
    if (hasNoEffect) return "noeffectcoord";
    if (!isFinite) return "conditioncov";
    if (this.#hasComeToRest()) return "tolxstagnation";
    if (this.#covariance !== null) {
      const { least, greatest } = this.#covariance;
      if (this.#sigma / greatest > sigma * CREEPING) return "tolupsigma";
      if (greatest > Math.sqrt(MAX_CONDITION) * least) return "conditioncov";
      if (this.#axisHasNoEffect(this.#covariance)) return "noeffectaxis";
    }
    return this.#generation >= maxGenerations ? "maxGenerations" : null;
  }

  /** Whether a tenth of σ along one axis, another one in each generation, leaves the mean where it is. */
  #axisHasNoEffect(covariance: Covariance): boolean {
    const d = this.dimension;
    const axis = this.#generation % d;
    for (let i = 0; i < d; i++) {
      const mean = this.mean[i] as number;
      const step = 0.1 * this.#sigma * (this.#scale[i] as number) * covariance.axis(axis, i);
      if (mean !== mean + step) return false;
    }
    return true;
  }

  #hasComeToRest(): boolean {
    const patience = REST.generations + REST.fraction * this.#generation;
    const waited = this.#generation - this.#restsSince;
    let squared = 0;
    for (let i = 0; i < this.dimension; i++) {
      squared += ((this.mean[i] as number) - (this.#rest[i] as number)) ** 2;
    }
    if (!(Math.sqrt(squared) <= REST.distance * Math.sqrt(Math.max(1, waited / patience)))) {
      this.#rest.set(this.mean);
      this.#restsSince = this.#generation;
    }
    return this.#generation - this.#restsSince > patience;
  }

  /** Makes C ready to be drawn from. @returns false if it has no square root any more. */
  #refresh(): boolean {
    const covariance = this.#covariance;
    if (covariance === null) return true;
    const deviations = covariance.equalize(MAX_COORDINATE_CONDITION);
    if (deviations === null) return covariance.refresh();
    deviations.forEach((deviation, i) => {
      this.#scale[i] = (this.#scale[i] as number) * deviation;
      this.#pc[i] = (this.#pc[i] as number) / deviation;
    });
    return true;
  }

  /** @param isOpen Whether the values of some points of the generation are missing. */
  save(isOpen: boolean): StrategyState {
    return {
      size: this.size,
      sigma0: this.setup.sigma,
      maxGenerations: this.setup.maxGenerations,
      generation: this.#generation,
      mean: this.mean.slice(),
      sigma: this.#sigma,
      scale: this.#scale.slice(),
      ps: this.#ps.slice(),
      pc: this.#pc.slice(),
      rest: this.#rest.slice(),
      restsSince: this.#restsSince,
      z: isOpen ? this.#z.slice() : null,
      y: isOpen && this.#y !== this.#z ? this.#y.slice() : null,
      covariance: this.#covariance?.save() ?? null,
      histories: this.#histories.save(),
      boundary: this.setup.boundary?.save() ?? null,
    };
  }

  /** Reads a state and changes nothing. @returns what goes on from it. */
  prepare(state: StateReader): () => void {
    const d = this.dimension;
    const whole = { min: 0, integer: true };
    const generation = state.number("generation", whole);
    const restsSince = state.number("restsSince", whole);
    const sigma = state.number("sigma", { min: 0 });
    const names = ["mean", "scale", "ps", "pc", "rest"] as const;
    const vectors = names.map((name) => state.numbers(name, d));
    const open = state.isNull("z") ? null : state.numbers("z", this.size * d);
    const openY = state.isNull("y") ? open : state.numbers("y", this.size * d);
    const parts = [
      this.#covariance?.prepare(state.inner("covariance")),
      this.#histories.prepare(state.inner("histories")),
      this.setup.boundary?.prepare(state.inner("boundary")),
    ];
    return () => {
      for (const restore of parts) restore?.();
      [this.mean, this.#scale, this.#ps, this.#pc, this.#rest].forEach((target, i) => {
        target.set(vectors[i] as Float64Array);
      });
      this.#generation = generation;
      this.#restsSince = restsSince;
      this.#sigma = sigma;
      if (open === null || openY === null) return;
      this.#z.set(open);
      this.#y.set(openY);
    };
  }
}

/** Fills `order` with the rows in ascending order of their values; equal ones in their own order. */
function orderRows(order: Int32Array, values: Float64Array): void {
  const count = order.length;
  if (count > 64) {
    for (let row = 0; row < count; row++) order[row] = row;
    order.sort((a, b) => (values[a] as number) - (values[b] as number));
    return;
  }
  for (let row = 0; row < count; row++) {
    const value = values[row] as number;
    let k = row;
    for (; k > 0 && (values[order[k - 1] as number] as number) > value; k--)
      order[k] = order[k - 1] as number;
    order[k] = row;
  }
}
