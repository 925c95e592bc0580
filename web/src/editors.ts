/** Text editors, and where diagnostics stand in them. */

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  type CompletionSource,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, type Extension, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** A place in a text as the component gives it. */
export interface Place {
  line: number;
  column: number;
  /** In bytes. */
  length: number;
}

/** A problem to mark. */
export interface Mark {
  severity: "error" | "warning";
  message: string;
  place: Place;
}

/** Colours come from the style sheet, so that they follow light and dark. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number], color: "var(--code-number)" },
  { tag: [tags.comment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-name)" },
  { tag: [tags.function(tags.variableName), tags.className], color: "var(--code-name)" },
]);

export interface EditorOptions {
  parent: HTMLElement;
  label: string;
  language: "json" | "python" | "manifest";
  placeholder?: string;
  /** What can be written at a place. */
  complete?: CompletionSource;
  onChange(): void;
  onRun(): void;
}

export class Editor {
  readonly view: EditorView;
  readonly #language = new Compartment();
  readonly #options: EditorOptions;

  constructor(options: EditorOptions) {
    this.#options = options;
    const tab = options.language === "python" ? [indentWithTab] : [];
    this.view = new EditorView({
      parent: options.parent,
      state: EditorState.create({
        extensions: [
          keymap.of([{ key: "Mod-Enter", run: () => (options.onRun(), true) }]),
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          options.complete === undefined ? [] : autocompletion({ override: [options.complete] }),
          highlightActiveLine(),
          lintGutter(),
          syntaxHighlighting(colours),
          indentUnit.of(options.language === "python" ? "    " : "  "),
          keymap.of([...completionKeymap, ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap, ...tab]),
          this.#language.of(this.#extension("")),
          placeholder(options.placeholder ?? ""),
          // What scrolls is to be reached by keyboard, and to be seen to be.
          EditorView.contentAttributes.of({ "aria-label": options.label, tabindex: "0" }),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            this.#chooseLanguage();
            options.onChange();
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set text(text: string) {
    if (text === this.text) return;
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      // To be undone by itself.
      annotations: isolateHistory.of("full"),
    });
  }

  mark(marks: Mark[]): void {
    const { doc } = this.view.state;
    const diagnostics = marks.map(({ severity, message, place }): Diagnostic => {
      const from = offset(doc, place);
      return { severity, message, from, to: end(doc, from, place.length) };
    });
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  /** Puts the cursor at a place and shows it. */
  goTo(place: Place): void {
    const from = offset(this.view.state.doc, place);
    this.view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    this.view.focus();
  }

  #extension(text: string): Extension {
    const { language } = this.#options;
    if (language === "python") return python();
    return language === "json" || text.trimStart().startsWith("{") ? json() : yaml();
  }

  #isJson = false;

  /** A manifest is JSON or YAML: its first character tells. */
  #chooseLanguage(): void {
    if (this.#options.language !== "manifest") return;
    const { text } = this;
    const isJson = text.trimStart().startsWith("{");
    if (isJson === this.#isJson) return;
    this.#isJson = isJson;
    // Not within an update.
    queueMicrotask(() => this.view.dispatch({ effects: this.#language.reconfigure(this.#extension(text)) }));
  }
}

/** Columns count characters, the editor counts halves of them. */
function offset(doc: Text, { line, column }: Place): number {
  const { from, text } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return from + [...text].slice(0, Math.max(column, 1) - 1).join("").length;
}

/** Where so many bytes after a place are. */
function end(doc: Text, from: number, bytes: number): number {
  // No character has fewer bytes than halves.
  const following = new TextEncoder().encode(doc.sliceString(from, from + bytes)).subarray(0, bytes);
  return Math.min(doc.length, from + new TextDecoder().decode(following).length);
}
