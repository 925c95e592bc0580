/** What a run came to. */

import { type NodeMetrics, PipelineError, type RunResult, type wit } from "@remotemedia/pipeline";

import { describe, wav } from "./audio.js";
import { button, element, svg } from "./dom.js";
import { indent, itemsOf, show, type Shown } from "./items.js";
import { spectrogram } from "./spectrogram.js";

/** How much of an output's text is put into the page at a time, in characters. */
const MOST_TEXT = 20_000;

/** How many outputs are put into the page at a time. */
const MOST_OUTPUTS = 200;

/** Shows a run that ended, with what it printed, after so many milliseconds. */
export function showResult(parent: HTMLElement, ended: RunResult | PipelineError, printed: string, took: number): void {
  forget(parent);
  const parts: Node[] = [];
  const failed = ended instanceof PipelineError;
  if (failed) parts.push(failure(ended));
  const items = [...itemsOf(ended.data)];
  if (items.length > 0 || !failed) parts.push(outputs(items, failed));
  if (printed !== "") parts.push(element("h3", {}, "Printed"), element("pre", { class: "printed" }, printed));
  if (!failed) parts.push(element("h3", {}, "Time"), times(ended.metrics));
  parts.push(element("p", { class: "hint", id: "timings" }, `${milliseconds(took)} in all, in a fresh instance.`));
  parent.replaceChildren(...parts);
}

/** Shows what a live pipeline failed with. */
export function showFailure(parent: HTMLElement, error: PipelineError): void {
  forget(parent);
  parent.replaceChildren(failure(error));
}

export function showMessage(parent: HTMLElement, message: string, isError: boolean): void {
  forget(parent);
  parent.replaceChildren(element("p", isError ? { class: "failure" } : { class: "hint" }, message));
}

/** Gives the memory of media back that are shown no longer. */
export function forget(parent: HTMLElement): void {
  for (const medium of parent.querySelectorAll<HTMLAnchorElement>("a[download]")) {
    URL.revokeObjectURL(medium.href);
  }
}

export function milliseconds(time: number): string {
  return time < 1 ? `${time.toFixed(2)} ms` : time < 100 ? `${time.toFixed(1)} ms` : `${Math.round(time)} ms`;
}

/** Time in a node, from nanoseconds. */
export function nodeTime(metrics: NodeMetrics): string {
  return milliseconds(metrics.nanoseconds / 1e6);
}

/** A player with a waveform and a download. */
export function player(audio: wit.Audio, name: string): HTMLElement {
  return medium({
    json: "",
    audio,
    medium: { type: "audio/wav", name: `${name.replace(/\.[^.]*$/, "")}.wav`, bytes: wav(audio) },
  });
}

function outputs(items: wit.Data[], partial: boolean): HTMLElement {
  const count = items.length === 1 ? "1 output" : `${items.length} outputs`;
  // What scrolls is to be reached by keyboard.
  const list = element("ol", { class: "outputs", id: "outputs", tabindex: "0", "aria-label": count });
  const part = element("div", {}, element("h3", {}, partial ? `${count} before the error` : count), list);
  const more = button("", () => add());
  const add = () => {
    const from = list.childElementCount;
    list.append(...items.slice(from, from + MOST_OUTPUTS).map((item) => entry(show(item))));
    const left = items.length - list.childElementCount;
    more.textContent = `Show ${Math.min(left, MOST_OUTPUTS)} more of ${items.length}`;
    if (left === 0) more.remove();
  };
  add();
  if (items.length > MOST_OUTPUTS) part.append(more);
  return part;
}

function entry(item: Shown): HTMLElement {
  const made = element("li");
  if (item.medium) made.append(medium(item));
  const text = indent(item.json);
  let shown = MOST_TEXT;
  const place = element("pre", {}, text.slice(0, shown));
  made.append(place);
  if (text.length <= shown) return made;
  const label = () => `Show more: ${shown} of ${text.length} characters`;
  const more = button(label(), () => {
    place.append(text.slice(shown, shown + MOST_TEXT));
    shown = Math.min(text.length, shown + MOST_TEXT);
    more.textContent = label();
    if (shown === text.length) more.remove();
  });
  made.append(more);
  return made;
}

function medium({ medium: content, audio }: Shown): HTMLElement {
  const { type, bytes, name } = content!;
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const part = element("div", { class: "medium" });
  if (audio !== undefined && audio.samples.length > 0) part.append(waveform(audio), spectrogram(audio));
  if (type.startsWith("audio/")) part.append(element("audio", { controls: "", src: url }));
  if (type.startsWith("image/")) part.append(element("img", { src: url, alt: "The image that came out" }));
  const link = element("a", { href: url, download: name }, `Download ${name}`);
  part.append(element("p", {}, link, audio === undefined ? "" : ` (${describe(audio)})`));
  return part;
}

const COLUMNS = 300;

/** The loudest sample of each stretch, all channels together. */
function waveform({ samples }: Pick<wit.Audio, "samples">): SVGElement {
  let path = "";
  for (let column = 0; column < COLUMNS; column++) {
    const from = Math.floor((column * samples.length) / COLUMNS);
    const to = Math.max(from + 1, Math.floor(((column + 1) * samples.length) / COLUMNS));
    let peak = 0;
    for (const sample of samples.subarray(from, to)) peak = Math.max(peak, Math.abs(sample));
    const height = Math.min(1, peak) * 19;
    path += `M${column + 0.5} ${20 - height}V${20 + height + 0.5}`;
  }
  const picture = svg("svg", {
    viewBox: `0 0 ${COLUMNS} 40`,
    class: "waveform",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  picture.append(svg("path", { d: path }));
  return picture;
}

function times(metrics: NodeMetrics[]): HTMLElement {
  const most = Math.max(1, ...metrics.map(({ nanoseconds }) => nanoseconds));
  const rows = metrics.map((node) => {
    const bar = element("span", { class: "bar-fill" });
    bar.style.width = `${Math.max(1, (node.nanoseconds / most) * 100)}%`;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, node.nodeId),
      element("td", {}, String(node.itemsIn)),
      element("td", {}, String(node.itemsOut)),
      element("td", {}, nodeTime(node)),
      element("td", { class: "time-bar", "aria-hidden": "true" }, bar),
    );
  });
  const head = ["Node", "In", "Out", "Time"].map((name) => element("th", { scope: "col" }, name));
  return element(
    "table",
    { id: "times" },
    element("thead", {}, element("tr", {}, ...head, element("td", { "aria-hidden": "true" }))),
    element("tbody", {}, ...rows),
  );
}

const KINDS: Record<string, string> = {
  "invalid-manifest": "The manifest can't run",
  "needs-input": "The inputs don't fit the pipeline",
  "invalid-input": "An input has no valid form",
  "node-setup-failed": "A node could not be set up",
  "node-failed": "A node failed",
  "unrepresentable-output": "An output has no form outside Python",
};

function failure(error: PipelineError): HTMLElement {
  const part = element("div", { class: "failure", id: "error" });
  const where = [
    error.nodeId === undefined ? "" : `node ${error.nodeId}`,
    error.nodeType === undefined ? "" : `(${error.nodeType})`,
    error.item === undefined ? "" : `item ${error.item}, counted from 0`,
  ].filter((text) => text !== "");
  part.append(element("strong", {}, KINDS[error.kind] ?? error.kind));
  if (where.length > 0) part.append(element("span", { class: "where" }, where.join(" ")));
  part.append(element("p", {}, error.message));
  if (error.diagnostics.length > 0) {
    const messages = error.diagnostics.map(({ message }) => message).filter((message) => message !== error.message);
    part.append(element("ul", {}, ...messages.map((message) => element("li", {}, message))));
  }
  if (error.traceback !== undefined) part.append(element("pre", { class: "traceback" }, error.traceback));
  return part;
}
