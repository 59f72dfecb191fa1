// The functions of Node-API for an addon on Windows. A library there names the program that has a function it calls,
// which would be node.exe for ever: not the program of an application with Node in it, nor Electron's or Bun's. So the
// addon has a jump for each function, whose goal it asks of whatever program it is loaded by.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const { symbols } = createRequire(import.meta.url)("node-api-headers");

/** Writes them as C++ for x64. */
export function writeNodeApi(path) {
  const names = [...symbols.v9.js_native_api_symbols, ...symbols.v9.node_api_symbols];
  const jumps = names.map(
    (name, i) => `    ".globl ${name}\\n${name}: jmpq *thalweg_node_api+${8 * i}(%rip)\\n"`,
  );
  const text = `// Written by scripts/windows-node-api.mjs.
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

extern "C" {
FARPROC thalweg_node_api[${names.length}];
}

namespace {

const char* const kNames[${names.length}] = {
${names.map((name) => `    "${name}",`).join("\n")}
};

// A program with Node in a library of its own has it there.
__attribute__((constructor)) void find() {
  const HMODULE places[] = {GetModuleHandleW(nullptr), GetModuleHandleW(L"libnode.dll"),
                            GetModuleHandleW(L"node.dll")};
  for (int i = 0; i < ${names.length}; ++i) {
    for (const HMODULE place : places) {
      if (thalweg_node_api[i] == nullptr && place != nullptr)
        thalweg_node_api[i] = GetProcAddress(place, kNames[i]);
    }
  }
}

}  // namespace

asm(".text\\n"
${jumps.join("\n")});
`;
  // An unchanged file is not compiled again.
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}
