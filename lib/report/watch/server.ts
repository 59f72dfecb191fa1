// Serves the runs of a folder to a browser on this machine.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FileError, ThalwegError } from "../../errors.js";
import { readCommand } from "../run-events.js";
import { pageOf } from "./page.js";
import { Runs } from "./runs.js";
import { Audience, type Message } from "./updates.js";

const HOST = "127.0.0.1";
const HTTP_PORT = 80;
const MILLISECONDS = 250;
/** Every how many turns new runs are looked for, and a sign of life is sent. */
const TURNS_A_LOOK = 4;
const TURNS_A_BEAT = 60;
const MOST_PAGES = 16;
const MOST_WAITING = 1 << 22;
const MOST_BODY = 4096;

export interface WatchOptions {
  /** Default: one that is free. */
  readonly port?: number;
}

/** A page that is open. */
interface Page {
  readonly response: ServerResponse;
  readonly audience: Audience;
}

/** The server of `thalweg watch`. */
export class Watch {
  readonly #server: Server;
  readonly #runs: Runs;
  readonly #folder: string;
  readonly #token = randomBytes(32).toString("base64url");
  readonly #digest = digestOf(this.#token);
  readonly #pages = new Set<Page>();
  #timer: NodeJS.Timeout | null = null;
  #turns = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#runs = new Runs(folder);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => fail(response, error));
    });
    this.#server.requestTimeout = 10_000;
    this.#server.headersTimeout = 10_000;
  }

  /** @throws FileError unless it is a folder, or if the port is taken */
  static async open(folder: string, { port = 0 }: WatchOptions = {}): Promise<Watch> {
    const watch = new Watch(folder);
    try {
      watch.#server.listen({ host: HOST, port });
      await once(watch.#server, "listening");
    } catch (cause) {
      const why =
        (cause as NodeJS.ErrnoException).code === "EADDRINUSE" ? "it is in use" : (cause as Error).message;
      throw new FileError(`watch: port ${port} cannot be opened: ${why}`, { cause });
    }
    watch.#runs.look();
    watch.#timer = setInterval(() => watch.#turn(), MILLISECONDS);
    return watch;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The address with the token, which is all that lets a page in. */
  get url(): string {
    return `http://${HOST}:${this.port}/?token=${this.#token}`;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const { response } of this.#pages) response.end();
    this.#server.closeAllConnections();
    await closed;
    this.#runs.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setHeaders(response);
    const base = `http://${HOST}`;
    if (!URL.canParse(request.url ?? "", base)) return say(response, 400, "this is no address");
    const url = new URL(request.url ?? "", base);
    const refused = this.#refusal(request, url);
    if (refused !== null) return say(response, ...refused);
    switch (`${request.method} ${url.pathname}`) {
      case "GET /":
        return this.#sendPage(response);
      case "GET /events":
        return this.#sendEvents(response);
      case "POST /commands":
        return this.#takeCommand(request, response);
      default:
        return say(response, 404, "there is no such page");
    }
  }

  /** Why a request is not answered; null if it is. */
  #refusal({ headers, method }: IncomingMessage, url: URL): [status: number, why: string] | null {
    const names = [HOST, "localhost", "[::1]"];
    // Browsers leave out the port that http has by itself.
    const hosts = [...names.map((name) => `${name}:${this.port}`), ...(this.port === HTTP_PORT ? names : [])];
    // A page of another name that was made to lead to this machine (DNS rebinding) still sends that name.
    if (!hosts.includes(headers.host?.toLowerCase() ?? "")) return [421, "this is another host"];
    const { origin } = headers;
    const isOwn = origin !== undefined && hosts.some((host) => origin === `http://${host}`);
    if (origin !== undefined && !isOwn) return [403, "a page of another origin may not ask"];
    if (headers["sec-fetch-site"] === "cross-site") return [403, "a page of another origin may not ask"];
    if (method === "POST" && !isOwn) return [403, "a request that changes something has to say its origin"];
    if (!timingSafeEqual(digestOf(url.searchParams.get("token") ?? ""), this.#digest)) {
      return [401, "the address lacks the token that thalweg watch printed"];
    }
    return null;
  }

  async #sendPage(response: ServerResponse): Promise<void> {
    const nonce = randomBytes(16).toString("base64");
    response.setHeader(
      "content-security-policy",
      `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(pageOf(this.#folder, nonce));
  }

  #sendEvents(response: ServerResponse): void {
    if (this.#pages.size >= MOST_PAGES) {
      say(response, 503, "too many pages are open");
      return;
    }
    response.setHeader("content-type", "text/event-stream");
    response.write("retry: 1000\nevent: begin\ndata: {}\n\n");
    const page: Page = { response, audience: new Audience() };
    this.#pages.add(page);
    response.on("close", () => this.#pages.delete(page));
    this.#tell(page);
  }

  async #takeCommand(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers["content-type"] !== "application/json") {
      return say(response, 415, "expected application/json");
    }
    const body = await bodyOf(request);
    if (body === null) return say(response, 413, `expected at most ${MOST_BODY} bytes`);
    const command = readCommand(body);
    if (command === null) return say(response, 400, "this is no command");
    const run = this.#runs.find((JSON.parse(body) as { run?: unknown }).run);
    if (run === null) return say(response, 404, "there is no such run");
    run.reader.lookForProcess();
    if (run.reader.end !== null || run.reader.isBrokenOff) return say(response, 409, "the run has ended");
    this.#runs.ask(run, command);
    response.statusCode = 204;
    response.end();
  }

  /** Reads what runs have written, and tells the pages. */
  #turn(): void {
    if (this.#pages.size === 0) return;
    this.#turns++;
    const isLookDue = this.#turns % TURNS_A_LOOK === 0;
    if (isLookDue) this.#runs.look();
    for (const { reader } of this.#runs.all) {
      reader.readMore();
      if (isLookDue) reader.lookForProcess();
    }
    for (const page of this.#pages) {
      if (this.#turns % TURNS_A_BEAT === 0) page.response.write(":\n\n");
      this.#tell(page);
    }
  }

  #tell({ response, audience }: Page): void {
    const write = ({ event, data }: Message): void => {
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    // A page that does not keep up is told later.
    const isBehind = (): boolean => response.writableLength > MOST_WAITING;
    if (isBehind()) return;
    audience.newsOfFolder(this.#runs).forEach(write);
    for (const run of this.#runs.all) {
      if (isBehind()) return;
      audience.news(run).forEach(write);
    }
  }
}

/** Digests are compared, which have one length whatever was given. */
const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

function setHeaders(response: ServerResponse): void {
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("cross-origin-opener-policy", "same-origin");
}

function say(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.setHeader("connection", "close");
  response.end(`thalweg watch: ${why}\n`);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else say(response, 500, error instanceof ThalwegError ? error.message : "it failed");
}

/** The body of a request; null if it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MOST_BODY) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
