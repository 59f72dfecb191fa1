// Tables that a seed makes, as CSV: customers who leave or stay, and flats with their rents.
import { Generator, type Tensor } from "thalweg";

const numbersOf = (x: Tensor): number[] => [...x.data] as number[];

/** Independent draws of a table's columns. */
class Draws {
  readonly #generator: Generator;
  readonly #rows: number;

  constructor(seed: number, rows: number) {
    this.#generator = new Generator(seed);
    this.#rows = rows;
  }

  uniform(low: number, high: number): number[] {
    return numbersOf(this.#generator.uniform([this.#rows], { low, high }));
  }

  normal(): number[] {
    return numbersOf(this.#generator.normal([this.#rows]));
  }

  /** One of the names each, the first ones more often. */
  names(of: readonly string[]): string[] {
    return this.uniform(0, 1).map((u) => of[Math.floor(u ** 1.5 * of.length)] as string);
  }
}

const csv = (columns: Readonly<Record<string, readonly (string | number)[]>>): string => {
  const lists = Object.values(columns);
  const lines = (lists[0] ?? []).map((_, row) => lists.map((list) => list[row]).join(","));
  return [Object.keys(columns).join(","), ...lines].join("\n");
};

const regions = Array.from({ length: 25 }, (_, i) => `region ${String.fromCharCode(65 + i)}`);
const plans = ["basic", "plus", "family", "business"];
const payments = ["card", "transfer", "cash"];

/** Customers of a telephone company: a tenth of the ages and incomes are missing. `left` is yes for about a third. */
export function customers(seed: number, rows = 4000): string {
  const draws = new Draws(seed, rows);
  const [age, income, months, calls] = [
    draws.uniform(18, 80),
    draws.normal().map((z) => 30_000 * Math.exp(0.5 * z)),
    draws.uniform(1, 72),
    draws.uniform(0, 10).map(Math.floor),
  ];
  const [region, plan, payment] = [draws.names(regions), draws.names(plans), draws.names(payments)];
  const [chance, ageMissing, incomeMissing] = [draws.uniform(0, 1), draws.uniform(0, 1), draws.uniform(0, 1)];
  const left = chance.map((u, i) => {
    const place = Math.sin(3.7 * regions.indexOf(region[i] as string));
    const annoyed = (calls[i] as number) > 5 && plan[i] !== "business" ? 2 : 0;
    const settled = -0.06 * (months[i] as number) * (plan[i] === "family" ? 1.5 : 0.7);
    const young = 1.5 * Math.exp(-((((age[i] as number) - 25) / 12) ** 2));
    const score = 0.4 + 1.6 * place + annoyed + settled + young + (payment[i] === "cash" ? 0.8 : 0);
    return u < 1 / (1 + Math.exp(-1.5 * score)) ? "yes" : "no";
  });
  const some = (values: readonly number[], missing: readonly number[]): string[] =>
    values.map((value, i) => ((missing[i] as number) < 0.1 ? "" : value.toFixed(0)));
  return csv({
    age: some(age, ageMissing),
    income: some(income, incomeMissing),
    months: months.map((value) => value.toFixed(0)),
    calls,
    region,
    plan,
    payment,
    left,
  });
}

const districts = ["centre", "harbour", "old town", "station", "hills", "meadows", "outskirts"];

/** Flats and what they cost a month. */
export function flats(seed: number, rows = 2000): string {
  const draws = new Draws(seed, rows);
  const [area, built, floor, balcony] = [
    draws.uniform(20, 140),
    draws.uniform(1900, 2020),
    draws.uniform(0, 8).map(Math.floor),
    draws.uniform(0, 1).map((u) => (u < 0.4 ? "true" : "false")),
  ];
  const [district, noise] = [draws.names(districts), draws.normal()];
  const rent = noise.map((z, i) => {
    const perMetre = 9 + 7 * Math.exp(-0.5 * districts.indexOf(district[i] as string));
    const age = 0.0012 * ((built[i] as number) - 1960) ** 2;
    const view = 12 * Math.sqrt(floor[i] as number) * (district[i] === "harbour" ? 4 : 1);
    return (
      perMetre * (area[i] as number) ** 0.95 + age * 40 + view + (balcony[i] === "true" ? 45 : 0) + 40 * z
    );
  });
  return csv({
    area: area.map((value) => value.toFixed(1)),
    built: built.map((value) => value.toFixed(0)),
    floor,
    district,
    balcony,
    rent: rent.map((value) => value.toFixed(0)),
  });
}
