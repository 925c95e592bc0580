/** The pipeline's graph as SVG. */

import type * as Dagre from "@dagrejs/dagre";

import { element, svg } from "./dom.js";

/** A node as the graph shows it. */
export interface GraphNode {
  id: string;
  type: string;
  language: "rust" | "python";
}

/** What the graph shows of a node besides its name and type. */
export interface NodeNote {
  state: "ok" | "error" | "warning";
  text: string;
}

interface Drawing {
  nodes: GraphNode[];
  connections: ReadonlyArray<{ from: string; to: string }>;
  notes: Map<string, NodeNote>;
  onPick(index: number): void;
}

const HEIGHT = 62;
const LETTER = 6.9;
const LEAST_SCALE = 0.75;

/** The last drawing that was asked for, by where it is drawn: the first waits for its library. */
const asked = new WeakMap<HTMLElement, Drawing>();

export async function draw(parent: HTMLElement, drawing: Drawing): Promise<void> {
  asked.set(parent, drawing);
  const dagre = await import("@dagrejs/dagre");
  if (asked.get(parent) === drawing) drawNow(dagre, parent, drawing);
}

function drawNow(dagre: typeof Dagre, parent: HTMLElement, { nodes, connections, notes, onPick }: Drawing): void {
  if (nodes.length === 0) {
    parent.replaceChildren(element("p", { class: "hint" }, "The manifest has no nodes."));
    return;
  }
  const width = parent.clientWidth || 480;
  // Left to right reads best; from above where that is too wide.
  let graph = arrange(dagre, nodes, connections, notes, "LR");
  if (graph.graph().width! > width) graph = arrange(dagre, nodes, connections, notes, "TB");
  const size = { width: graph.graph().width!, height: graph.graph().height! };
  // A little too wide is made smaller, much too wide is scrolled.
  const scale = Math.min(1, Math.max(LEAST_SCALE, width / size.width));
  const marker = svg("marker", {
    id: "arrow",
    viewBox: "0 0 8 8",
    refX: 7,
    refY: 4,
    markerWidth: 7,
    markerHeight: 7,
    orient: "auto-start-reverse",
  });
  marker.append(svg("path", { d: "M0 0 8 4 0 8z", class: "arrow" }));
  const definitions = svg("defs", {});
  definitions.append(marker);
  const picture = svg("svg", {
    viewBox: `0 0 ${size.width} ${size.height}`,
    width: size.width * scale,
    height: size.height * scale,
    role: "group",
    "aria-label": describe(nodes, connections),
  });
  picture.append(definitions);
  for (const edge of graph.edges()) {
    const { points } = graph.edge(edge) as { points: Array<{ x: number; y: number }> };
    picture.append(svg("path", { d: curve(points), class: "edge", "marker-end": "url(#arrow)" }));
  }
  nodes.forEach((node, index) => {
    const place = graph.node(String(index)) as { x: number; y: number; width: number };
    picture.append(box(node, place, notes.get(node.id), () => onPick(index)));
  });
  parent.replaceChildren(picture);
}

function arrange(
  { graphlib, layout }: typeof Dagre,
  nodes: GraphNode[],
  connections: Drawing["connections"],
  notes: Drawing["notes"],
  rankdir: "LR" | "TB",
) {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir, nodesep: 24, ranksep: 44, marginx: 4, marginy: 4 });
  graph.setDefaultEdgeLabel(() => ({}));
  nodes.forEach((node, index) => {
    const longest = Math.max(
      clip(node.id).length * 1.15,
      clip(node.type).length,
      notes.get(node.id)?.text.length ?? 0,
      // Room for what a run will say of it, so that the picture stays as it is.
      22,
    );
    graph.setNode(String(index), { width: longest * LETTER + 34, height: HEIGHT });
  });
  // While a manifest is being written, names can be wrong or there twice.
  const indexOf = (id: string) => nodes.findIndex((node) => node.id === id);
  connections.forEach(({ from, to }, number) => {
    const [source, target] = [indexOf(from), indexOf(to)];
    if (source >= 0 && target >= 0) graph.setEdge(String(source), String(target), {}, String(number));
  });
  layout(graph);
  return graph;
}

function box(
  node: GraphNode,
  { x, y, width }: { x: number; y: number; width: number },
  note: NodeNote | undefined,
  onPick: () => void,
): SVGElement {
  const shown = [clip(node.id), clip(node.type), note?.text ?? node.language];
  const what = `${node.id}: ${node.type}, ${node.language}${note ? `, ${note.text}` : ""}`;
  const group = svg("g", {
    class: `node ${node.language} ${note?.state ?? ""}`,
    transform: `translate(${x - width / 2} ${y - HEIGHT / 2})`,
    tabindex: 0,
    role: "button",
    // Begins with what is seen, for those who say what they see.
    "aria-label": `${shown.join(" ")}. Show it in the manifest`,
    "data-node": node.id,
  });
  group.append(
    svg("rect", { width, height: HEIGHT, rx: 9 }),
    svg("rect", { class: "language", x: 0, y: 12, width: 4, height: HEIGHT - 24, rx: 2 }),
    text(shown[0]!, 16, 21, "name"),
    " ",
    text(shown[1]!, 16, 38, "type"),
    " ",
    text(shown[2]!, 16, 53, "note"),
  );
  const title = svg("title", {});
  title.textContent = what;
  group.prepend(title);
  group.addEventListener("click", onPick);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onPick();
  });
  return group;
}

function text(content: string, x: number, y: number, className: string): SVGElement {
  const made = svg("text", { x, y, class: className });
  made.textContent = content;
  return made;
}

function clip(name: string): string {
  return name.length > 30 ? `${name.slice(0, 29)}…` : name;
}

/** A smooth line through points: straight to the middle of each stretch, and bent at the points. */
function curve(points: Array<{ x: number; y: number }>): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x} ${first.y}`;
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (next === undefined) path += `L${point.x} ${point.y}`;
    else path += `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return path;
}

function describe(nodes: GraphNode[], connections: Drawing["connections"]): string {
  const ways = connections.map(({ from, to }) => `${from} to ${to}`).join(", ");
  return `Graph of ${nodes.length} nodes${ways ? `: ${ways}` : ""}`;
}
