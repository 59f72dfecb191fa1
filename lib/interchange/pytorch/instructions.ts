// What each instruction of a pickle does, as Python's Lib/pickletools.py describes them.
import { decimal, latin1, quoted, real, unescaped } from "./scalars.js";
import type { Machine } from "./unpickle.js";
import { Dict, Items, Tuple, type Value } from "./values.js";

type Instruction = (machine: Machine) => void;

const refused =
  (what: string): Instruction =>
  (machine) => {
    throw machine.error(`${what}, which is refused`);
  };

const BY_CHARACTER: Readonly<Record<string, Instruction>> = {
  // Numbers, truths and None
  N: (m) => m.push(null),
  I: (m) => {
    const line = latin1(m.line());
    m.push(line === "00" ? false : line === "01" ? true : m.right(decimal(line), "a whole number"));
  },
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.byte()),
  M: (m) => m.push(m.uint16()),
  L: (m) => m.push(m.right(decimal(latin1(m.line())), "a whole number")),
  F: (m) => m.push(m.right(real(latin1(m.line())), "a number")),
  G: (m) => m.push(m.float64()),
  "\x8a": (m) => m.push(m.integer(m.byte())),
  "\x8b": (m) => m.push(m.integer(m.uint32())),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  // Text and bytes
  S: (m) => m.push(m.right(quoted(latin1(m.line())), "text in quotes")),
  T: (m) => m.push(m.textOrBytes(m.uint32())),
  U: (m) => m.push(m.textOrBytes(m.byte())),
  V: (m) => m.push(m.right(unescaped(latin1(m.line())), "text")),
  X: (m) => m.push(m.text(m.uint32())),
  "\x8c": (m) => m.push(m.text(m.byte())),
  "\x8d": (m) => m.push(m.text(m.uint64())),
  B: (m) => m.push(m.take(m.uint32()).slice()),
  C: (m) => m.push(m.take(m.byte()).slice()),
  "\x8e": (m) => m.push(m.take(m.uint64()).slice()),
  "\x96": (m) => m.push(m.take(m.uint64()).slice()),
  // Containers
  "]": (m) => m.push([]),
  l: (m) => m.push(m.popMark()),
  a: (m) => {
    const item = m.pop();
    m.append([item]);
  },
  e: (m) => m.append(m.popMark()),
  ")": (m) => m.push(new Tuple([])),
  t: (m) => m.push(new Tuple(m.popMark())),
  "\x85": (m) => m.push(new Tuple(m.popMany(1))),
  "\x86": (m) => m.push(new Tuple(m.popMany(2))),
  "\x87": (m) => m.push(new Tuple(m.popMany(3))),
  "}": (m) => m.push(new Dict()),
  d: (m) => {
    const dict = new Dict();
    m.setItems(m.popMark(), dict);
    m.push(dict);
  },
  s: (m) => m.setItems(m.popMany(2)),
  u: (m) => m.setItems(m.popMark()),
  "\x8f": (m) => m.push(new Items()),
  "\x90": (m) => m.add(m.popMark()),
  "\x91": (m) => {
    const items = m.popMark();
    m.push(new Items());
    m.add(items);
  },
  // Stack and memo
  "(": (m) => m.mark(),
  "0": (m) => m.drop(),
  "1": (m) => m.popMark(),
  "2": (m) => m.push(m.top()),
  p: (m) => m.remember(m.key()),
  q: (m) => m.remember(m.byte()),
  r: (m) => m.remember(m.uint32()),
  "\x94": (m) => m.rememberNext(),
  g: (m) => m.recall(m.key()),
  h: (m) => m.recall(m.byte()),
  j: (m) => m.recall(m.uint32()),
  // Names
  c: (m) => m.push(m.find(m.decode(m.line()), m.decode(m.line()))),
  "\x93": (m) => {
    const name = m.popText();
    m.push(m.find(m.popText(), name));
  },
  R: (m) => {
    const args = m.pop();
    m.call(m.pop(), args);
  },
  "\x81": (m) => {
    const args = m.pop();
    m.call(m.pop(), args);
  },
  "\x92": (m) => {
    const [callable, args, named] = m.popMany(3) as [Value, Value, Value];
    if (!(named instanceof Dict) || named.pairs.length > 0) throw m.error("calls with arguments by name");
    m.call(callable, args);
  },
  i: (m) => {
    const callable = m.find(m.decode(m.line()), m.decode(m.line()));
    m.call(callable, new Tuple(m.popMark()));
  },
  o: (m) => {
    const [callable = null, ...args] = m.popMark();
    m.call(callable, new Tuple(args));
  },
  b: (m) => m.build(),
  P: refused("has a persistent id in text"),
  Q: (m) => m.persistent(),
  "\x82": refused("has a code of copyreg's extension registry"),
  "\x83": refused("has a code of copyreg's extension registry"),
  "\x84": refused("has a code of copyreg's extension registry"),
  "\x97": refused("has a buffer outside the file"),
  "\x98": refused("has a buffer outside the file"),
  // Form
  "\x80": (m) => {
    const protocol = m.byte();
    if (protocol > 5) throw m.error(`expected a protocol of at most 5, got ${protocol}`);
  },
  "\x95": (m) => {
    m.take(8);
  },
};

/** By their codes. */
export const INSTRUCTIONS: readonly (Instruction | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => BY_CHARACTER[String.fromCharCode(code)],
);
