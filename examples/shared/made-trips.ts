// A database of taxi trips that a seed makes.
import { createRequire } from "node:module";
import { Generator } from "thalweg";

/** What is used of the package better-sqlite3, which brings no types. */
export interface Database {
  prepare(sql: string): {
    run(...values: readonly unknown[]): unknown;
    all(): Trip[];
    iterate(): IterableIterator<Trip>;
  };
  exec(sql: string): unknown;
  transaction(run: () => void): () => void;
  close(): void;
}

/** A row of the table trips, without its id. */
export type Trip = {
  /** In kilometres. */
  readonly distance: number;
  readonly hour: number;
  readonly weekday: number;
  readonly rain: number;
  readonly zone: string;
  /** In euros. */
  readonly fare: number;
};

type Open = new (file: string, options?: { readonly: boolean }) => Database;

/** The class that opens a database. Ends the process where the package is not installed. */
export function loadSqlite(): Open {
  const require = createRequire(import.meta.url);
  try {
    return require("better-sqlite3") as Open;
  } catch {
    console.error("sqlite: needs the package better-sqlite3, which is not installed: npm run sqlite");
    process.exit(1);
  }
}

const ZONES = ["centre", "harbour", "airport", "north", "east", "south", "west", "hills"];
const PER_KILOMETRE = [2.4, 2.1, 1.7, 1.9, 1.8, 1.9, 2, 2.6];
const AT_ONCE = 50_000;

/** Writes a table of trips with the ids 1 to `rows`. */
export function makeTrips(database: Database, rows: number, seed: number): void {
  database.exec("pragma journal_mode = off; pragma synchronous = off");
  database.exec(
    "create table trips (id integer primary key, distance real, hour integer, weekday integer, rain integer, zone text, fare real)",
  );
  const insert = database.prepare("insert into trips values (?, ?, ?, ?, ?, ?, ?)");
  const generator = new Generator(seed);
  const uniform = () => generator.uniform([AT_ONCE]).data;
  database.transaction(() => {
    for (let first = 1; first <= rows; first += AT_ONCE) {
      const [distance, hour, weekday, rain, zone] = [uniform(), uniform(), uniform(), uniform(), uniform()];
      const noise = generator.normal([AT_ONCE], { dtype: "float64" }).data;
      for (let i = 0; i < AT_ONCE && first + i <= rows; i++) {
        const at = (list: ArrayLike<number>) => list[i] as number;
        const trip = {
          distance: 0.5 - 5 * Math.log(1 - at(distance)),
          hour: Math.floor(24 * at(hour)),
          weekday: Math.floor(7 * at(weekday)),
          rain: at(rain) < 0.2 ? 1 : 0,
          zone: Math.floor(ZONES.length * at(zone)),
        };
        const fare = fareOf(trip) * (1 + 0.05 * at(noise));
        const { distance: kilometres, zone: place } = trip;
        insert.run(
          first + i,
          Number(kilometres.toFixed(2)),
          trip.hour,
          trip.weekday,
          trip.rain,
          ZONES[place],
          Number(fare.toFixed(2)),
        );
      }
    }
  })();
}

/** What a trip costs: more at night, at rush hours of working days, and in rain. */
function fareOf(trip: Omit<Trip, "zone" | "fare"> & { readonly zone: number }): number {
  const night = trip.hour < 6 || trip.hour >= 22 ? 1.3 : 1;
  const isRush = trip.weekday < 5 && (Math.abs(trip.hour - 8) < 2 || Math.abs(trip.hour - 17) < 2);
  const perKilometre = (PER_KILOMETRE[trip.zone] as number) * night * (isRush ? 1.4 : 1);
  return 4 + perKilometre * trip.distance ** 0.95 + (trip.rain === 1 ? 2.5 : 0);
}
