import { Generator } from "thalweg";
import { Box, Discrete, type Environment, type ResetOptions } from "thalweg/rl";

const [WIDTH, HEIGHT, BALLS] = [9, 7, 10];

// A game: balls fall one after the other, and a bat at the bottom moves left, not at all, or right to catch them.
// biome-ignore lint/style/noDefaultExport: threads load a game as the default export of its module
export default class Catch implements Environment<ArrayLike<number>, number> {
  readonly observationSpace = new Box(-1, 1, { shape: [2] });
  readonly actionSpace = new Discrete(3);
  readonly #chance = new Generator(0);
  #bat = 4;
  #ball = { x: 0, y: 0 };
  #fallen = 0;

  reset({ seed }: ResetOptions = {}) {
    if (seed !== undefined) this.#chance.seed(seed);
    [this.#bat, this.#fallen] = [4, 0];
    return { observation: this.#drop(), info: {} };
  }

  step(action: number) {
    this.#bat = Math.min(Math.max(this.#bat + action - 1, 0), WIDTH - 1);
    this.#ball.y++;
    const isDown = this.#ball.y === HEIGHT - 1;
    const reward = isDown ? (this.#ball.x === this.#bat ? 1 : -1) : 0;
    const terminated = isDown && ++this.#fallen === BALLS;
    const observation = isDown ? this.#drop() : this.#seen();
    return { observation, reward, terminated, truncated: false, info: {} };
  }

  render(): string {
    const row = (y: number): string =>
      Array.from({ length: WIDTH }, (_, x) =>
        x === this.#ball.x && y === this.#ball.y ? "●" : y === HEIGHT - 1 && x === this.#bat ? "▬" : "·",
      ).join(" ");
    return Array.from({ length: HEIGHT }, (_, y) => row(y)).join("\n");
  }

  #drop() {
    const [chance = 0] = this.#chance.uniform([1]).data;
    this.#ball = { x: Math.floor(Number(chance) * WIDTH), y: 0 };
    return this.#seen();
  }

  /** Where the ball is, seen from the bat. */
  #seen(): number[] {
    return [(this.#ball.x - this.#bat) / (WIDTH - 1), this.#ball.y / (HEIGHT - 1)];
  }
}
