// The browser that looks at pictures: Debian's chromium, or the one that CHROMIUM in the environment names.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { afterAll, beforeAll } from "vitest";

/** What is used of playwright-core. Its own types need those of a browser's window, which Node's programs lack. */
export interface Page {
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(media: {
    readonly colorScheme?: "light" | "dark";
    readonly media?: "screen" | "print";
  }): Promise<void>;
  goto(url: string): Promise<unknown>;
  setContent(html: string): Promise<void>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  screenshot(options: { readonly path: string; readonly fullPage?: boolean }): Promise<unknown>;
  on(event: string, listener: (value: never) => void): unknown;
  off(event: string, listener: (value: never) => void): unknown;
  context(): { newCDPSession(page: Page): Promise<Session> };
}

/** Speaks the browser's own protocol. */
export interface Session {
  send<T = unknown>(method: string, parameters?: object): Promise<T>;
  detach(): Promise<void>;
}

interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: { launch(options: { readonly executablePath: string }): Promise<Browser> };
}

const candidates = [process.env["CHROMIUM"], "/usr/bin/chromium"];

/** The program; undefined where there is none. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path));

/** A page for the tests of a file, in a browser that is open while they run. */
export function usePage(): () => Page {
  let browser: Browser | undefined;
  let page: Page | undefined;
  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    const { chromium } = createRequire(import.meta.url)("playwright-core") as Playwright;
    browser = await chromium.launch({ executablePath: chromiumPath });
    page = await browser.newPage();
  });
  afterAll(() => browser?.close());
  return () => page as Page;
}
