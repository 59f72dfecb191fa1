// The order of the boxes in each layer of a large graph, by sweeps of barycenters like dagre's own (Sugiyama, Tagawa and
// Toda, 1981), but on arrays of numbers. dagre makes a graph of each layer. A long edge has a node in each layer that it
// passes, so there are 10,000 nodes in a sum of 99 branches: dagre takes ten times as long for them.

/** A graph in layers, of which each edge leads to the next one. */
export interface LayeredGraph {
  nodes(): readonly string[];
  edges(): readonly { readonly v: string; readonly w: string }[];
  node(id: string): { readonly rank: number; order: number };
}

type Neighbours = readonly (readonly number[])[];

/** Sweeps without fewer crossings before the best order so far is taken. */
const PATIENCE = 4;

/** Gives each node its place in its layer, with few crossings. */
export function orderLayers(graph: LayeredGraph): void {
  const ids = graph.nodes();
  const labels = ids.map((id) => graph.node(id));
  const numbers = new Map(ids.map((id, i) => [id, i]));
  const [before, after] = [ids.map((): number[] => []), ids.map((): number[] => [])];
  for (const { v, w } of graph.edges()) {
    const [from, to] = [numbers.get(v) as number, numbers.get(w) as number];
    after[from]?.push(to);
    before[to]?.push(from);
  }
  const layers = firstLayers(
    labels.map(({ rank }) => rank),
    after,
  );
  const place = new Float64Array(ids.length);
  for (const layer of layers) putInPlace(layer, place);

  let best = place.slice();
  let fewest = crossings(layers, place, after);
  for (let sweep = 0, idle = 0; fewest > 0 && idle < PATIENCE; sweep++, idle++) {
    const isDown = sweep % 2 === 0;
    const ordered = isDown ? layers.slice(1) : layers.slice(0, -1).reverse();
    // Nodes that pull alike change places in half of the sweeps.
    for (const layer of ordered) sortLayer(layer, isDown ? before : after, place, sweep % 4 >= 2);
    const count = crossings(layers, place, after);
    if (count >= fewest) continue;
    [fewest, best, idle] = [count, place.slice(), -1];
  }
  labels.forEach((label, i) => {
    label.order = at(best, i);
  });
}

/** The layers in the order in which a search in depth comes to the nodes: a tree has no crossings. */
function firstLayers(ranks: readonly number[], after: Neighbours): number[][] {
  const layers: number[][] = Array.from({ length: Math.max(...ranks) + 1 }, () => []);
  const isSeen = ranks.map(() => false);
  const stack = [...ranks.keys()].sort((a, b) => at(ranks, b) - at(ranks, a));
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (isSeen[node]) continue;
    isSeen[node] = true;
    layers[at(ranks, node)]?.push(node);
    stack.push(...(after[node] as readonly number[]).toReversed());
  }
  return layers;
}

/** Nodes come in the order of their neighbours' means; those without neighbours stay where they are. */
function sortLayer(layer: number[], neighbours: Neighbours, place: Float64Array, isTieTurned: boolean): void {
  const pulled = layer.flatMap((node) => {
    const own = neighbours[node] as readonly number[];
    if (own.length === 0) return [];
    let sum = 0;
    for (const other of own) sum += at(place, other);
    return { node, mean: sum / own.length, was: at(place, node) };
  });
  pulled.sort((a, b) => a.mean - b.mean || (isTieTurned ? b.was - a.was : a.was - b.was));
  let next = 0;
  layer.forEach((node, i) => {
    if ((neighbours[node] as readonly number[]).length > 0) layer[i] = pulled[next++]?.node as number;
  });
  putInPlace(layer, place);
}

function putInPlace(layer: readonly number[], place: Float64Array): void {
  layer.forEach((node, i) => {
    place[node] = i;
  });
}

/** Number of pairs of edges that cross, by a tree of sums for each layer (Barth, Jünger and Mutzel, 2002). */
function crossings(layers: readonly (readonly number[])[], place: Float64Array, after: Neighbours): number {
  let count = 0;
  layers.slice(1).forEach((layer, i) => {
    const sums = new Int32Array(layer.length + 1);
    let seen = 0;
    for (const node of layers[i] as readonly number[]) {
      const ends = (after[node] as readonly number[]).map((to) => at(place, to));
      for (const end of ends) {
        // Edges that began earlier and end no later do not cross this one.
        count += seen;
        for (let k = end + 1; k > 0; k -= k & -k) count -= at(sums, k);
      }
      for (const end of ends) {
        for (let k = end + 1; k <= layer.length; k += k & -k) sums[k] = at(sums, k) + 1;
        seen++;
      }
    }
  });
  return count;
}

const at = (values: { readonly [i: number]: number | undefined }, i: number): number => values[i] as number;
