// Tables that a seed makes, as CSV: customers who leave or stay, flats with their rents, payments of which few are
// fraud.
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
    return numbersOf(this.#generator.normal([this.#rows], { dtype: "float64" }));
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

const countries = ["home", "north", "east", "south", "west", "overseas"];
const shops = ["food", "fuel", "clothes", "travel", "electronics", "games"];

/** Payments by card. `fraud` is yes for about one in thirty. */
export function cardPayments(seed: number, rows = 20_000): string {
  const draws = new Draws(seed, rows);
  const [amount, hour, days, recent, online] = [
    draws.normal().map((z) => 40 * Math.exp(0.9 * z)),
    draws.uniform(0, 24).map(Math.floor),
    draws.uniform(0, 1).map((u) => 3000 * u ** 2),
    draws.uniform(0, 1).map((u) => Math.floor(-1.2 * Math.log(1 - u))),
    draws.uniform(0, 1).map((u) => (u < 0.4 ? "true" : "false")),
  ];
  const [country, shop, chance] = [draws.names(countries), draws.names(shops), draws.uniform(0, 1)];
  const fraud = chance.map((u, i) => {
    const isOnline = online[i] === "true";
    const night = (hour[i] as number) < 6 ? (isOnline ? 1.8 : 0.3) : 0;
    const resold = shop[i] === "electronics" || shop[i] === "games" ? 1 : -0.3;
    const large = resold * Math.log((amount[i] as number) / 40);
    const young = country[i] === "home" ? 0 : 2.5 * Math.exp(-(days[i] as number) / 250);
    const score = -4.4 + night + 1.2 * large + young + 0.6 * (recent[i] as number) + (isOnline ? 0.5 : 0);
    return u < 1 / (1 + Math.exp(-4 * score)) ? "yes" : "no";
  });
  return csv({
    amount: amount.map((value) => value.toFixed(2)),
    hour,
    days: days.map((value) => value.toFixed(0)),
    recent,
    online,
    country,
    shop,
    fraud,
  });
}
