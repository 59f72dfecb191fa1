import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { isas } from "../../native/sources.mjs";
import { gypFolder, run } from "./helpers.js";

function library(name: string): string {
  return join(gypFolder, "Release", `${name}.a`);
}

interface Symbols {
  /** The symbols that the linker may share with other objects, as "T name". */
  readonly external: string[];
  readonly undefined: string[];
  readonly local: string[];
}

function symbols(name: string): Symbols {
  const found: Symbols = { external: [], undefined: [], local: [] };
  for (const line of run("nm", ["--demangle", library(name)]).split("\n")) {
    const match = /^[0-9a-f ]{16} (\S) (.*)$/.exec(line);
    if (match === null) continue;
    const [, kind = "", symbol = ""] = match;
    if (kind === "U") found.undefined.push(symbol);
    else if (kind === kind.toLowerCase() && !"vwu".includes(kind)) found.local.push(symbol);
    else found.external.push(`${kind} ${symbol}`);
  }
  return found;
}

function disassembly(name: string): string {
  return run("objdump", ["--disassemble", "--no-show-raw-insn", library(name)]);
}

const names = isas().map((isa) => isa.name);

describe.skipIf(process.platform !== "linux" || !existsSync(library("engine")))(
  "the compiled kernels",
  () => {
    // If AVX-512 objects emit an inline function or template, the linker may keep this copy for all callers. An older
    // CPU would then stop with an illegal instruction.
    test.each(names)("of %s share only their table with the linker", (isa) => {
      const { external, undefined: wanted, local } = symbols(`kernels_${isa}`);
      const own = new RegExp(`^T thalweg::${isa}::(add_\\w+|fill_table)\\(thalweg::Table&\\)$`);
      expect(external.filter((symbol) => !own.test(symbol))).toEqual([]);
      expect(external).toContain(`T thalweg::${isa}::fill_table(thalweg::Table&)`);

      // Except for their own table, they call only plain C functions (memcpy, expf).
      const ownNames = new Set(external.map((symbol) => symbol.slice(2)));
      const cFunction = /^\w+$/;
      expect(wanted.filter((symbol) => !ownNames.has(symbol) && !cFunction.test(symbol))).toEqual([]);

      // A constructor would run at load, on any CPU.
      expect(local.filter((symbol) => symbol.startsWith("_GLOBAL__sub_I"))).toEqual([]);
    });

    describe.skipIf(process.arch !== "x64")("on x86-64", () => {
      test("use no wider registers than those of their instruction set", () => {
        expect(disassembly("kernels_x86_64_v2")).not.toMatch(/%[yz]mm|%k[1-7]\b/);
        const v3 = disassembly("kernels_x86_64_v3");
        expect(v3).toMatch(/%ymm/);
        expect(v3).not.toMatch(/%zmm|%k[1-7]\b/);
        expect(disassembly("kernels_x86_64_v4")).toMatch(/%zmm/);
      });

      test("are the only code with vector registers that not every CPU has", () => {
        expect(disassembly("engine")).not.toMatch(/%[yz]mm|%k[1-7]\b/);
        expect(disassembly("kernels_reference")).not.toMatch(/%[yz]mm|%k[1-7]\b/);
        const addon = join(gypFolder, "Release", "obj.target", "thalweg", "native", "addon", "addon.o");
        expect(run("objdump", ["--disassemble", "--no-show-raw-insn", addon])).not.toMatch(
          /%[yz]mm|%k[1-7]\b/,
        );
      });
    });
  },
);
