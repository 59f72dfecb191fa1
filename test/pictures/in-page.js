// Runs in the page that is looked at, not in Node: a classic script that leaves `pictures` in its window.
//
// A run is the text of one text node on one line. Its corners are those of its ink, not of its line: from the top of the
// highest glyph to the bottom of the lowest, and as wide as the glyphs advance. They turn with the text.
globalThis.pictures = (() => {
  const pen = new OffscreenCanvas(64, 64).getContext("2d", { willReadFrequently: true });

  /** [r, g, b, a], each 0 to 255, of anything that CSS calls a colour; null for a gradient or a pattern. */
  function toRgba(colour) {
    if (colour.startsWith("url(")) return null;
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  }

  /** Its parents, itself first; out of shadow trees too. */
  function* lineage(element) {
    for (let at = element; at instanceof Element; at = at.parentElement ?? at.getRootNode().host) yield at;
  }

  /** "svg.diagram > g.node > text", after the name of the picture that it is in. */
  function place(element) {
    const picture = element.closest("[data-picture]")?.dataset.picture;
    const names = Array.from(lineage(element), (at) => {
      const kinds = typeof at.className === "string" ? at.className : (at.getAttribute("class") ?? "");
      const id = at.id === "" ? "" : `#${at.id}`;
      return at.localName + id + (kinds.trim() === "" ? "" : `.${kinds.trim().split(/\s+/).join(".")}`);
    });
    return (picture === undefined ? "" : `${picture}: `) + names.slice(0, 4).reverse().join(" > ");
  }

  /** Ascent and descent of the font, and of the ink of this text. Lengths are in the font's own unit. */
  function measure(style, text) {
    pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const found = pen.measureText(text.trim());
    return {
      ascent: found.fontBoundingBoxAscent,
      descent: found.fontBoundingBoxDescent,
      inkAscent: found.actualBoundingBoxAscent,
      inkDescent: found.actualBoundingBoxDescent,
    };
  }

  const cornersOf = (left, top, right, bottom) => [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];

  /** How many characters each text node of an SVG text adds to it, after white space has collapsed. */
  function countCharacters(root, nodes) {
    let afterSpace = true;
    const counts = nodes.map((node) => {
      const keeps = getComputedStyle(node.parentElement).whiteSpaceCollapse === "preserve";
      let count = 0;
      for (const character of node.data.split("")) {
        const isSpace = /\s/.test(character);
        if (!isSpace || keeps || !afterSpace) count++;
        afterSpace = isSpace && !keeps;
      }
      return count;
    });
    const total = counts.reduce((sum, count) => sum + count, 0);
    // White space at the very end does not count.
    return total - root.getNumberOfChars() <= 1 ? counts : null;
  }

  /** The corners of each text node of an SVG text, with the size of its letters in pixels. */
  function* svgRuns(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    const counts = countCharacters(root, nodes);
    const matrix = root.getScreenCTM();
    if (matrix === null || root.getNumberOfChars() === 0) return;
    const toScreen = ([x, y]) => {
      const point = new DOMPoint(x, y).matrixTransform(matrix);
      return [point.x, point.y];
    };
    const scale = Math.sqrt(Math.abs(matrix.a * matrix.d - matrix.b * matrix.c));
    let at = 0;
    for (const [index, node] of nodes.entries()) {
      const count = counts === null ? root.getNumberOfChars() : counts[index];
      const first = at;
      const last = Math.min(at + count, root.getNumberOfChars()) - 1;
      at += count;
      if (node.data.trim() === "" || last < first) continue;
      const style = getComputedStyle(node.parentElement);
      const { inkAscent, inkDescent } = measure(style, node.data);
      const start = root.getStartPositionOfChar(first);
      const end = root.getEndPositionOfChar(last);
      const box = cornersOf(start.x, start.y - inkAscent, end.x, start.y + inkDescent);
      yield { node, corners: box.map(toScreen), size: Number.parseFloat(style.fontSize) * scale };
      if (counts === null) return;
    }
  }

  /** The corners of each line of a text node of HTML. */
  function* htmlRuns(node) {
    const style = getComputedStyle(node.parentElement);
    const { ascent, descent, inkAscent, inkDescent } = measure(style, node.data);
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      if (right - left < 0.5) continue;
      // The rectangle of a line is as high as the font, not as the line.
      const unit = (bottom - top) / (ascent + descent);
      const box = cornersOf(
        left,
        top + (ascent - inkAscent) * unit,
        right,
        bottom - (descent - inkDescent) * unit,
      );
      yield { node, corners: box, size: Number.parseFloat(style.fontSize) };
    }
  }

  /** The rectangle of the clipPath that an element names, on the screen; null where it names none. */
  function clipPathBox(element) {
    const name = /^url\(["']?#(.*?)["']?\)$/.exec(getComputedStyle(element).clipPath)?.[1];
    const shapes = name === undefined ? [] : [...(document.getElementById(name)?.children ?? [])];
    const matrix = element.getScreenCTM?.();
    if (shapes.length !== 1 || !matrix) return null;
    const { x, y, width, height } = shapes[0].getBBox();
    const start = new DOMPoint(x, y).matrixTransform(matrix);
    const end = new DOMPoint(x + width, y + height).matrixTransform(matrix);
    return { left: start.x, top: start.y, right: end.x, bottom: end.y };
  }

  /** What cuts off text outside of it: `scrolls` where the reader can bring that text into view. */
  function* windowsOf(element) {
    for (const at of lineage(element)) {
      const path = clipPathBox(at);
      if (path !== null) yield { box: path, scrolls: false, by: at };
      if (at === document.body || at === document.documentElement) continue;
      const { overflowX, overflowY } = getComputedStyle(at);
      if (overflowX === "visible" && overflowY === "visible") continue;
      if (at instanceof SVGElement && at.localName !== "svg") continue;
      const { left, top, right, bottom } = at.getBoundingClientRect();
      const scrolls = [overflowX, overflowY].some((kind) => kind === "auto" || kind === "scroll");
      yield { box: { left, top, right, bottom }, scrolls, by: at };
    }
  }

  const isOutside = (box, window) =>
    box.left < window.left - 0.75 ||
    box.right > window.right + 0.75 ||
    box.top < window.top - 0.75 ||
    box.bottom > window.bottom + 0.75;

  function boundsOf(corners) {
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  }

  /** Text that only screen readers get: it lies in a box of no size. */
  const isForReaders = (element) =>
    Array.from(lineage(element)).some((at) => {
      const style = getComputedStyle(at);
      if (style.position !== "absolute" && style.position !== "fixed") return false;
      const { width, height } = at.getBoundingClientRect();
      return (width <= 1 && height <= 1) || /inset\(50%\)|rect\(0px/.test(style.clipPath + style.clip);
    });

  function describeRun({ node, corners, size }, page) {
    const element = node.parentElement;
    const style = getComputedStyle(element);
    const isSvg = element instanceof SVGElement;
    const opacity = Array.from(lineage(element)).reduce(
      (all, at) => all * Number(getComputedStyle(at).opacity),
      1,
    );
    const own = isSvg ? Number(style.fillOpacity) : 1;
    const colour = toRgba(isSvg ? style.fill : style.color);
    const halo =
      isSvg && style.stroke !== "none" && style.paintOrder.startsWith("stroke") ? toRgba(style.stroke) : null;
    const box = boundsOf(corners);
    let clippedBy = null;
    let inView = true;
    for (const { box: window, scrolls, by } of windowsOf(element)) {
      if (!isOutside(box, window)) continue;
      inView = false;
      if (scrolls) break;
      clippedBy ??= place(by);
    }
    if (inView && (box.left < -0.75 || box.top + scrollY < -0.75 || box.right > page.width + 0.75)) {
      clippedBy = "the window";
    }
    return {
      text: node.data.trim().replace(/\s+/g, " "),
      place: place(element),
      corners: corners.map(([x, y]) => [x + scrollX, y + scrollY]),
      size,
      isBold: Number(style.fontWeight) >= 700,
      isSvg,
      colour: colour === null ? null : [...colour.slice(0, 3), (colour[3] / 255) * opacity * own],
      halo: halo === null ? null : halo.slice(0, 3),
      clippedBy,
      inView,
    };
  }

  /** All text that a reader sees. */
  function readRuns() {
    const page = { width: document.documentElement.clientWidth };
    const runs = [];
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const done = new Set();
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const element = node.parentElement;
      if (node.data.trim() === "" || element === null) continue;
      const isSeen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      if (
        !isSeen ||
        element.closest("defs, title, desc, script, style, option") !== null ||
        isForReaders(element)
      )
        continue;
      const root = element.closest("text");
      if (root === null) {
        for (const run of htmlRuns(node)) runs.push(describeRun(run, page));
      } else if (!done.has(root)) {
        done.add(root);
        for (const run of svgRuns(root)) runs.push(describeRun(run, page));
      }
    }
    return runs;
  }

  /** The characters that no font has: they look like a character that there cannot be. */
  function missingGlyphs() {
    const looks = new Map();
    const look = (font, character) => {
      const key = `${font}/${character}`;
      if (!looks.has(key)) {
        pen.font = font;
        pen.fillStyle = "black";
        pen.clearRect(0, 0, 64, 64);
        pen.fillText(character, 16, 44);
        looks.set(key, `${pen.measureText(character).width} ${pen.getImageData(0, 0, 64, 64).data}`);
      }
      return looks.get(key);
    };
    const missing = new Map();
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement: element } = walker.currentNode;
      if (element === null || element.closest("script, style, title, desc") !== null) continue;
      const style = getComputedStyle(element);
      const font = `${style.fontStyle} ${style.fontWeight} 24px ${style.fontFamily}`;
      for (const character of data) {
        if (/^[\s\p{Default_Ignorable_Code_Point}\p{Cc}]$/u.test(character) || missing.has(character))
          continue;
        if (look(font, character) === look(font, "\uffff"))
          missing.set(character, { text: data.trim(), place: place(element) });
      }
    }
    return Array.from(missing, ([character, where]) => ({ character, ...where }));
  }

  // Not an element, which a page's own policy may forbid.
  const noText = new CSSStyleSheet();
  noText.replaceSync(`text, text * { fill: transparent !important; text-decoration-color: transparent !important }
    * { -webkit-text-fill-color: transparent !important; text-decoration-color: transparent !important }
    ::marker { color: transparent !important }`);

  /** Makes all text invisible, with its place, its halo and what surrounds it unchanged; or visible again. */
  function hideText(isHidden) {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== noText);
    if (isHidden) document.adoptedStyleSheets.push(noText);
  }

  /** What stands at a point of the page besides text, the topmost first. */
  function shapesAt(x, y) {
    scrollTo(0, Math.max(0, y - 100));
    const found = document.elementsFromPoint(x - scrollX, y - scrollY);
    scrollTo(0, 0);
    return found
      .filter((at) => at.closest("text") === null)
      .slice(0, 1)
      .map(place);
  }

  /** The size of the page, and by how much it is wider than the window. */
  function pageSize() {
    const { scrollWidth: width, scrollHeight: height, clientWidth } = document.documentElement;
    return { width, height, excess: width - clientWidth };
  }

  /** The places of the first elements that these selectors find. */
  const places = (selectors) =>
    selectors.map((selector) => {
      const found = document.querySelector(selector);
      return found === null ? selector : place(found);
    });

  /** The places of all pictures, in the order of `svg:not(svg svg)`. */
  const svgs = () => Array.from(document.querySelectorAll("svg:not(svg svg)"), place);

  /** Why an SVG is not well-formed XML; null where it is. */
  function parseError(svg) {
    const root = new DOMParser().parseFromString(svg, "image/svg+xml");
    return root.querySelector("parsererror")?.textContent.replace(/\s+/g, " ") ?? null;
  }

  return { readRuns, missingGlyphs, hideText, shapesAt, pageSize, places, svgs, parseError };
})();
