/** The page. */

import {
  type CheckResult,
  type Diagnostic,
  JsonError,
  LimitError,
  PipelineError,
  type RunResult,
  type wit,
} from "@remotemedia/pipeline";

import { describe, tone } from "./audio.js";
import schema from "virtual:manifest-schema";

import { completeManifest } from "./completion.js";
import { button, byId, element } from "./dom.js";
import { Editor, type Mark } from "./editors.js";
import type { Example } from "./examples.js";
import { type Given, read } from "./files.js";
import { draw, type NodeNote } from "./graph.js";
import { readInputs } from "./items.js";
import { Live } from "./live.js";
import type { Written } from "./memory.js";
import { keepOffline } from "./offline.js";
import { Picker } from "./picker.js";
import { forget, nodeTime, player, showFailure, showMessage, showResult } from "./results.js";
import { MOST_CHECKING, Runs } from "./runs.js";
import { showNodeTypes } from "./types.js";

/** How long the text must rest before it is checked. */
const REST = 250;

let runs: Runs;
const status = byId("status");
const progress = byId<HTMLProgressElement>("progress");
const runButton = byId<HTMLButtonElement>("run");
const stopButton = byId<HTMLButtonElement>("stop");
const fileField = byId<HTMLInputElement>("file");
const limitField = byId<HTMLInputElement>("limit");
const result = byId("result");

/** Files among the inputs, after the items of the text. */
let given: Given[] = [];
let checked: CheckResult | null = null;
let ready = false;
/** Stops what runs. */
let running: AbortController | null = null;
/** Whether something changed since the last check. */
let dirty = true;
/** What the last run says of each node; gone with the next change. */
let notes = new Map<string, NodeNote>();

// First of all: it takes longest.
const loading = Runs.load({
  onFetch: sayFetch,
  onProgress(done, total) {
    progress.max = total;
    progress.value = done;
    say(`Loading ${megabytes(done)} of ${megabytes(total)}`);
  },
});
// It is looked at when the rest of the page is there.
loading.catch(() => {});

const onRun = () => void run();
const onChange = () => changed();

const manifest = new Editor({
  parent: byId("manifest"),
  label: "Manifest",
  language: "manifest",
  complete: completeManifest(schema, () => ({ types: ready ? runs.nodeTypes : [], own: ownTypes() })),
  onChange,
  onRun,
});
// Each takes a while on a slow machine: the page is to answer in between.
await pause();
const code = new Editor({ parent: byId("code"), label: "Python", language: "python", onChange, onRun });
await pause();
const inputs = new Editor({
  parent: byId("inputs"),
  label: "Inputs",
  language: "json",
  placeholder: "[1, 2, 3]",
  onChange,
  onRun,
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function changed(): void {
  notes = new Map();
  code.mark([]);
  dirty = true;
  checkSoon();
  picker.changed();
  const name = moduleName();
  byId("code-hint").textContent =
    name === null
      ? "The file needs a name like nodes.py."
      : `A class of this file is a node type of the manifest: “${ownTypes()[0] ?? `${name}:Class`}”.`;
}

/** The module of the Python file; none where its name is none. */
function moduleName(): string | null {
  return /^([A-Za-z_]\w*)\.py$/.exec(fileField.value.trim())?.[1] ?? null;
}

/** The node types that the Python file may have. */
function ownTypes(): string[] {
  const module = moduleName();
  const classes = [...code.text.matchAll(/^class\s+(\w+)/gm)].map(([, name]) => name as string);
  return module === null ? [] : classes.map((name) => `${module}:${name}`);
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
  if (!answer.ok) say("The manifest can't run", true);
  else if (live.on) live.edited();
  else say("Ready");
  drawGraph();
}

function showDiagnostics(diagnostics: Diagnostic[]): void {
  manifest.mark(diagnostics.flatMap(toMark));
  const entries = diagnostics.map((diagnostic) => {
    const { severity, message, help, location } = diagnostic;
    const place = location ?? { line: 1, column: 1, length: 0 };
    const jump = button(`${place.line}:${place.column}`, () => manifest.goTo(place));
    jump.ariaLabel = `${place.line}:${place.column}, go to this line and column`;
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
  void draw(byId("graph"), {
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
  if (!limitField.reportValidity()) return;
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
    const items = inputsOfRun();
    const print = (text: string) => {
      printed += text;
      result.replaceChildren(element("pre", { class: "printed" }, printed));
    };
    const start = performance.now();
    const options = { timeout: limitField.valueAsNumber, print, signal: stopping.signal };
    const ended = await timed(start, runs.run(manifest.text, items, files(), options)).catch((error: unknown) => {
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

/** Says how long a run takes while it does; short ones are over before that. */
async function timed<T>(start: number, run: Promise<T>): Promise<T> {
  say("Running …");
  const elapsed = byId("elapsed");
  const timer = setInterval(() => (elapsed.textContent = `${Math.floor((performance.now() - start) / 1000)} s`), 1000);
  return run.finally(() => {
    clearInterval(timer);
    elapsed.textContent = "";
  });
}

/** The items of the text, and files after them; none where the manifest's own are to be taken. */
function inputsOfRun(): wit.Input[] | undefined {
  const items = readInputs(inputs.text);
  if (given.length === 0) return items;
  return [...(items ?? []), ...given.flatMap((file) => file.items)];
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
  noteFailure(ended);
  say("Failed", true);
}

/** Marks what failed, in the graph and in the editors. */
function noteFailure(ended: PipelineError): void {
  if (ended.nodeId !== undefined) notes.set(ended.nodeId, { state: "error", text: "failed here" });
  if (ended.diagnostics.length > 0) showDiagnostics([...ended.diagnostics]);
  markTraceback(ended.traceback ?? "", ended.message);
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

// --- Files among the inputs

async function addFiles(list: FileList): Promise<void> {
  for (const file of list) {
    try {
      given.push(await read(file));
    } catch (error) {
      say(`${file.name}: ${(error as Error).message}`, true);
    }
  }
  showFiles();
}

function addTone(): void {
  const val = tone();
  given.push({ name: "tone", items: [{ item: { tag: "audio", val } }], about: describe(val), audio: val });
  showFiles();
}

function showFiles(): void {
  const list = byId("given");
  forget(list);
  const entries = given.map((entry) => {
    const remove = button("Remove", () => {
      given = given.filter((other) => other !== entry);
      showFiles();
    });
    remove.ariaLabel = `Remove ${entry.name}`;
    const { name, audio, about } = entry;
    const shown = audio === undefined ? element("span", { class: "hint" }, about) : player(audio, name);
    return element("li", {}, element("strong", {}, name), remove, shown);
  });
  list.replaceChildren(...entries);
}

// --- Live

let livePrinted = "";

const live = new Live({
  open(signal) {
    livePrinted = "";
    code.mark([]);
    return runs.open(manifest.text, files(), printLive, signal);
  },
  recording() {
    const [first] = given.filter((file) => file.audio !== undefined);
    if (first?.audio === undefined) throw new Error("there is no recording among the inputs: add a file, or a tone");
    return { ...first.audio, name: first.name };
  },
  changed(on) {
    byId("live").classList.toggle("on", on);
    if (on) showMessage(result, "What a live pipeline says is here; what it gives is above.", false);
  },
  failed(error) {
    if (!(error instanceof PipelineError)) return showMessage(result, (error as Error).message, true);
    showFailure(result, error);
    noteFailure(error);
    drawGraph();
  },
  say,
});

/** The most of what a live pipeline prints that is kept, in characters. */
const MOST_PRINTED = 10_000;

function printLive(text: string): void {
  livePrinted = (livePrinted + text).slice(-MOST_PRINTED);
  result.replaceChildren(element("pre", { class: "printed" }, livePrinted));
}

// --- Start

function show(written: Written, example: Example | undefined): void {
  fileField.value = written.file;
  manifest.text = written.manifest;
  code.text = written.code;
  inputs.text = written.inputs;
  if (example === undefined) return;
  given = [];
  if (example.tone) addTone();
  else showFiles();
  if (example.live !== undefined) live.choose(example.live);
  showMessage(result, "Nothing has run yet.", false);
}

const picker = new Picker({
  written: () => ({ manifest: manifest.text, inputs: inputs.text, file: fileField.value, code: code.text }),
  show,
  say,
});

// Firefox keeps what a reload finds.
runButton.disabled = true;
stopButton.disabled = true;
fileField.addEventListener("input", changed);
runButton.addEventListener("click", onRun);
stopButton.addEventListener("click", () => running?.abort());
byId("tone").addEventListener("click", addTone);
byId<HTMLInputElement>("pick").addEventListener("change", (event) => {
  const field = event.target as HTMLInputElement;
  void addFiles(field.files!).then(() => (field.value = ""));
});
new ResizeObserver(() => drawGraph()).observe(byId("graph"));

void picker.begin();

loading
  .then((loaded) => {
    runs = loaded;
    showNodeTypes(runs.nodeTypes);
    ready = true;
    live.ready();
    runButton.disabled = false;
    byId("load").classList.add("ready");
    say("Ready");
    return check();
  })
  .then(() => keepOffline((text) => (byId("offline").textContent = text)))
  .catch((error: Error) => say(error.message, true));
