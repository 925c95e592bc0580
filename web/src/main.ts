/** The page. */

import {
  type CheckResult,
  type Diagnostic,
  JsonError,
  LimitError,
  type NodeInfo,
  PipelineError,
  type RunResult,
  type wit,
} from "@remotemedia/pipeline";

import { decode, tone } from "./audio.js";
import { button, byId, element } from "./dom.js";
import { Editor, type Mark } from "./editors.js";
import { EXAMPLES } from "./examples.js";
import { draw, type NodeNote } from "./graph.js";
import { readInputs } from "./items.js";
import { keepOffline } from "./offline.js";
import { forget, nodeTime, player, showMessage, showResult } from "./results.js";
import { describe, MOST_CHECKING, Runs } from "./runs.js";
import { type Kept, recall, remember } from "./memory.js";

/** How long the text must rest before it is checked. */
const REST = 250;

let runs: Runs;
const status = byId("status");
const progress = byId<HTMLProgressElement>("progress");
const runButton = byId<HTMLButtonElement>("run");
const stopButton = byId<HTMLButtonElement>("stop");
const fileField = byId<HTMLInputElement>("file");
const picker = byId<HTMLSelectElement>("example");
const result = byId("result");

/** Audio among the inputs, after the items of the text. */
let audio: Array<{ name: string; audio: wit.Audio }> = [];
let checked: CheckResult | null = null;
let ready = false;
/** Stops what runs. */
let running: AbortController | null = null;
/** Whether something changed since the last check. */
let dirty = true;
/** Whether an example is being put into the editors. */
let choosing = false;
/** What the last run says of each node; gone with the next change. */
let notes = new Map<string, NodeNote>();

const onRun = () => void run();
const onChange = () => changed();

const manifest = new Editor({ parent: byId("manifest"), label: "Manifest", language: "manifest", onChange, onRun });
const code = new Editor({ parent: byId("code"), label: "Python", language: "python", onChange, onRun });
const inputs = new Editor({
  parent: byId("inputs"),
  label: "Inputs",
  language: "json",
  placeholder: "[1, 2, 3]",
  onChange,
  onRun,
});

function changed(): void {
  notes = new Map();
  code.mark([]);
  dirty = true;
  checkSoon();
  remember({ manifest: manifest.text, inputs: inputs.text, file: fileField.value, code: code.text });
  if (!choosing) picker.value = "";
  const name = moduleName();
  byId("code-hint").textContent =
    name === null
      ? "The file needs a name like nodes.py."
      : `A class of this file is a node type of the manifest: “${name}:${firstClass()}”.`;
}

/** The module of the Python file; none where its name is none. */
function moduleName(): string | null {
  return /^([A-Za-z_]\w*)\.py$/.exec(fileField.value.trim())?.[1] ?? null;
}

function firstClass(): string {
  return /^class\s+(\w+)/m.exec(code.text)?.[1] ?? "Class";
}

function files(): Record<string, string> {
  const name = moduleName();
  return name === null ? {} : { [`${name}.py`]: code.text };
}

// --- Checking

let timer: ReturnType<typeof setTimeout> | undefined;
/** Number of the last check that was asked for: answers to others come too late. */
let asked = 0;

function checkSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void check(), REST);
}

async function check(): Promise<void> {
  checkInputs();
  // A run checks by itself, and the worker does one thing at a time.
  if (ready && running === null) await checkNow();
}

/** Whether there was an answer. */
async function checkNow(signal?: AbortSignal): Promise<boolean> {
  clearTimeout(timer);
  dirty = false;
  const number = ++asked;
  try {
    const answer = await runs.check(manifest.text, files(), signal);
    if (number === asked) showCheck(answer);
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (number !== asked) return false;
    const message =
      error instanceof LimitError
        ? `Checking took longer than ${MOST_CHECKING} s and was stopped: does the Python file end when it is imported?`
        : (error as Error).message;
    say(message, true);
    return false;
  }
}

function showCheck(answer: CheckResult): void {
  checked = answer;
  showDiagnostics(answer.diagnostics);
  const given = answer.itemsInText ?? null;
  byId("inputs-hint").textContent =
    given === null
      ? "A JSON list of items; empty for a pipeline that makes its own."
      : `${given === 1 ? "1 item comes" : `${given} items come`} with the manifest, as input_data. A JSON list here takes their place.`;
  if (answer.manifest === undefined) return;
  if (answer.ok) say("Ready");
  else say("The manifest can't run", true);
  drawGraph();
}

function showNodeTypes(types: readonly NodeInfo[]): void {
  const entries = types.flatMap(({ nodeType, language, summary, params }) => [
    element("dt", { class: language }, nodeType, element("span", {}, ` ${language}`)),
    element("dd", {}, summary, ...params.map((param) => element("code", {}, describe(param)))),
  ]);
  byId("types").querySelector("dl")!.replaceChildren(...entries);
}

function showDiagnostics(diagnostics: Diagnostic[]): void {
  manifest.mark(diagnostics.flatMap(toMark));
  const entries = diagnostics.map((diagnostic) => {
    const { severity, message, help, location } = diagnostic;
    const place = location ?? { line: 1, column: 1, length: 0 };
    const jump = button(`${place.line}:${place.column}`, () => manifest.goTo(place));
    jump.ariaLabel = `Go to line ${place.line}, column ${place.column}`;
    return element("li", { class: severity }, jump, ` ${message}${help ? ` (${help})` : ""}`);
  });
  byId("diagnostics").replaceChildren(...entries);
}

function toMark({ severity, message, help, location }: Diagnostic): Mark[] {
  const place = location ?? { line: 1, column: 1, length: 0 };
  return [{ severity, message: help === undefined ? message : `${message}\n${help}`, place }];
}

function checkInputs(): void {
  try {
    readInputs(inputs.text);
    inputs.mark([]);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    markInputs(error.message, error.line, error.column);
  }
}

function markInputs(message: string, line: number | null, column: number | null): void {
  inputs.mark([{ severity: "error", message, place: { line: line ?? 1, column: column ?? 1, length: 1 } }]);
}

function drawGraph(): void {
  if (checked?.manifest === undefined) return;
  const { manifest: read, nodeLocations, diagnostics } = checked;
  const nodes = read.nodes.map(({ id, nodeType }) => ({ id, type: nodeType, language: runs.languageOf(nodeType) }));
  const all = new Map(notes);
  for (const { path, severity } of diagnostics) {
    const node = nodes[Number(/^nodes\[(\d+)\]/.exec(path)?.[1] ?? NaN)];
    if (node !== undefined && !all.has(node.id)) all.set(node.id, { state: severity, text: severity });
  }
  draw(byId("graph"), {
    nodes,
    connections: read.connections,
    notes: all,
    onPick: (index) => {
      const place = nodeLocations[index];
      if (place !== undefined) manifest.goTo(place);
    },
  });
}

// --- Running

async function run(): Promise<void> {
  if (!ready || running !== null) return;
  const stopping = new AbortController();
  setRunning(stopping);
  notes = new Map();
  code.mark([]);
  let printed = "";
  showMessage(result, "Running …", false);
  try {
    // The graph and the marks are to be those of what runs.
    if (dirty && !(await checkNow(stopping.signal))) {
      showMessage(result, "Not run: checking it did not end.", true);
      return;
    }
    say("Running …");
    const items = inputsOfRun();
    const print = (text: string) => {
      printed += text;
      result.replaceChildren(element("pre", { class: "printed" }, printed));
    };
    const start = performance.now();
    const ended = await runs.run(manifest.text, items, files(), print, stopping.signal).catch((error: unknown) => {
      if (error instanceof PipelineError) return error;
      throw error;
    });
    finish(ended, printed, performance.now() - start);
  } catch (error) {
    if (error instanceof JsonError) {
      markInputs(error.message, error.line, error.column);
      showMessage(result, `The inputs can't be read: ${error.message}`, true);
      say("Failed", true);
      return;
    }
    const stopped = stopping.signal.aborted;
    showMessage(result, stopped ? "Stopped. The next run begins afresh." : (error as Error).message, !stopped);
    say(stopped ? "Stopped" : "Failed", !stopped);
  } finally {
    setRunning(null);
    drawGraph();
  }
}

/** The items of the text, and audio after them; none where the manifest's own are to be taken. */
function inputsOfRun(): wit.Input[] | undefined {
  const items = readInputs(inputs.text);
  if (audio.length === 0) return items;
  return [...(items ?? []), ...audio.map(({ audio: val }): wit.Input => ({ item: { tag: "audio", val } }))];
}

function finish(ended: RunResult | PipelineError, printed: string, took: number): void {
  showResult(result, ended, printed, took);
  // On a narrow screen it is far below what was edited.
  if (matchMedia("(max-width: 860px)").matches) result.parentElement?.scrollIntoView({ block: "start" });
  if (!(ended instanceof PipelineError)) {
    for (const node of ended.metrics) {
      const text = `${node.itemsIn} in, ${node.itemsOut} out, ${nodeTime(node)}`;
      notes.set(node.nodeId, { state: "ok", text });
    }
    say("Done");
    return;
  }
  if (ended.nodeId !== undefined) notes.set(ended.nodeId, { state: "error", text: "failed here" });
  if (ended.diagnostics.length > 0) showDiagnostics([...ended.diagnostics]);
  markTraceback(ended.traceback ?? "", ended.message);
  say("Failed", true);
}

/** Marks the line of the page's own file that the traceback names last. */
function markTraceback(traceback: string, message: string): void {
  const lines = [...traceback.matchAll(/File "\/nodes\/page\/([^"]+)", line (\d+)/g)];
  const last = lines.filter(([, file]) => file === fileField.value.trim()).at(-1);
  if (last === undefined) return;
  const line = Number(last[2]);
  const text = code.text.split("\n")[line - 1] ?? "";
  const column = text.length - text.trimStart().length + 1;
  const length = new TextEncoder().encode(text.trim()).length;
  code.mark([{ severity: "error", message, place: { line, column, length } }]);
}

function setRunning(now: AbortController | null): void {
  running = now;
  runButton.disabled = now !== null;
  stopButton.disabled = now === null;
  if (now !== null) say("Running …");
  else if (dirty) checkSoon();
}

function say(message: string, isError = false): void {
  status.textContent = message;
  status.classList.toggle("error", isError);
}

function sayFetch(bytes: number | undefined): void {
  const more = "more of Python's library";
  say(bytes === undefined ? `Fetching ${more} …` : `Fetched ${more}, ${megabytes(bytes)}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

// --- Audio

async function addFiles(list: FileList): Promise<void> {
  for (const file of list) {
    try {
      audio.push({ name: file.name, audio: await decode(file) });
    } catch (error) {
      say(`${file.name}: ${(error as Error).message}`, true);
    }
  }
  showAudio();
}

function showAudio(): void {
  const list = byId("audio");
  forget(list);
  const entries = audio.map((entry) => {
    const remove = button("Remove", () => {
      audio = audio.filter((other) => other !== entry);
      showAudio();
    });
    remove.ariaLabel = `Remove ${entry.name}`;
    return element("li", {}, element("strong", {}, entry.name), remove, player(entry.audio, entry.name));
  });
  list.replaceChildren(...entries);
}

// --- Start

function same(example: Kept, kept: Kept): boolean {
  const keys = ["manifest", "inputs", "file", "code"] as const;
  return keys.every((key) => example[key] === kept[key]);
}

function choose(name: string): void {
  const example = EXAMPLES.find((one) => one.name === name);
  if (example === undefined) return;
  choosing = true;
  fileField.value = example.file;
  manifest.text = example.manifest;
  code.text = example.code;
  inputs.text = example.inputs;
  choosing = false;
  audio = example.tone ? [{ name: "tone", audio: tone() }] : [];
  showAudio();
  showMessage(result, "Nothing has run yet.", false);
}

// Firefox keeps what a reload finds.
runButton.disabled = true;
stopButton.disabled = true;
picker.append(
  ...EXAMPLES.map(({ name }) => element("option", { value: name }, name)),
  element("option", { value: "", hidden: "" }, "your own"),
);
picker.addEventListener("change", () => choose(picker.value));
fileField.addEventListener("input", changed);
runButton.addEventListener("click", onRun);
stopButton.addEventListener("click", () => running?.abort());
byId("tone").addEventListener("click", () => {
  audio.push({ name: "tone", audio: tone() });
  showAudio();
});
byId<HTMLInputElement>("pick").addEventListener("change", (event) => {
  const field = event.target as HTMLInputElement;
  void addFiles(field.files!).then(() => (field.value = ""));
});
new ResizeObserver(() => drawGraph()).observe(byId("graph"));

const kept = recall();
choose(EXAMPLES[0]!.name);
if (kept !== null) {
  fileField.value = kept.file;
  manifest.text = kept.manifest;
  code.text = kept.code;
  inputs.text = kept.inputs;
  picker.value = EXAMPLES.find((example) => same(example, kept))?.name ?? "";
}

Runs.load({
  onFetch: sayFetch,
  onProgress(done, total) {
    progress.max = total;
    progress.value = done;
    say(`Loading ${megabytes(done)} of ${megabytes(total)}`);
  },
})
  .then((loaded) => {
    runs = loaded;
    showNodeTypes(runs.nodeTypes);
    ready = true;
    runButton.disabled = false;
    byId("load").classList.add("ready");
    say("Ready");
    return check();
  })
  .then(() => keepOffline((text) => (byId("offline").textContent = text)))
  .catch((error: Error) => say(error.message, true));
