// Ratings of films that a seed makes: the taste of people and the character of films are vectors whose products, with
// noise, are the ratings.
import { Generator, ops } from "thalweg";

/** One of the ratings. */
export interface Rating {
  /** Positions in the lists of names. */
  readonly user: number;
  readonly item: number;
  /** Stars, most of them from 1 to 5. */
  readonly stars: number;
  /** What the stars would be without noise. */
  readonly expected: number;
}

const NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Greta", "Hugo", "Ida", "Jan"];
const KINDS = ["Silent", "Red", "Last", "Hidden", "Golden", "Broken", "Northern", "Secret", "Long", "Little"];
const THINGS = [
  "Harbour",
  "Garden",
  "Train",
  "Letter",
  "Winter",
  "Island",
  "Orchestra",
  "Bridge",
  "Kitchen",
  "Moon",
];

/** n different names of one list, or of pairs of two. */
const pairs = (first: readonly string[], second: readonly string[], join: string): string[] =>
  second.flatMap((b) => first.map((a) => `${a}${join}${b}`));

export const users = [...NAMES, ...pairs(NAMES, [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"], " ")];
export const films = [...pairs(KINDS, THINGS, " "), ...pairs(KINDS, THINGS, " ").map((name) => `${name} 2`)];

/**
 * rating = 3.3 + a_user + b_film + t_user · c_film + noise, with vectors of `rank` numbers and noise of deviation 0.5,
 * rounded to a tenth. Each pair of a user and a film is rated with a chance of a third.
 */
export function makeRatings(seed: number, rank = 3): Rating[] {
  const generator = new Generator(seed);
  const draw = (shape: number[], std: number) => generator.normal(shape, { std, dtype: "float64" });
  const [userBias, filmBias] = [draw([users.length, 1], 0.4), draw([1, films.length], 0.4)];
  const [taste, character] = [draw([users.length, rank], 0.7), draw([films.length, rank], 0.7)];
  const product = ops.matmul(taste, character, { transposeB: true });
  const expected = ops.add(ops.add(ops.add(product, userBias), filmBias), 3.3).toArray() as number[][];
  const noise = draw([users.length, films.length], 0.5).toArray() as number[][];
  const isRated = generator.uniform([users.length, films.length]).toArray() as number[][];
  return users.flatMap((_, user) =>
    films.flatMap((_, item) => {
      const without = expected[user]?.[item] ?? 0;
      const stars = Number((without + (noise[user]?.[item] ?? 0)).toFixed(1));
      return (isRated[user]?.[item] ?? 1) < 1 / 3 ? [{ user, item, stars, expected: without }] : [];
    }),
  );
}
