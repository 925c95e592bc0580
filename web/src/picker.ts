/** What is in the editors: one of the examples, or a draft. Choosing another never loses what was written. */

import { byId, element } from "./dom.js";
import { EXAMPLES, type Example } from "./examples.js";
import { Drafts, fromFile, fromLink, MOST_DRAFTS, TEXTS, toFile, toLink, type Written } from "./memory.js";

/** What the page does for it. */
export interface Page {
  /** What is in the editors now. */
  written(): Written;
  /** Puts something into the editors; an example where it is one. */
  show(written: Written, example: Example | undefined): void;
  say(message: string, isError?: boolean): void;
}

const DRAFT = "draft:";

export class Picker {
  readonly #page: Page;
  readonly #drafts = Drafts.recall();
  readonly #field = byId<HTMLSelectElement>("example");
  readonly #forget = byId<HTMLButtonElement>("forget");
  /** Whether the editors are being filled. */
  #filling = false;

  constructor(page: Page) {
    this.#page = page;
    this.#field.addEventListener("change", () => this.#choose(this.#field.value));
    this.#forget.addEventListener("click", () => this.#forgetDraft());
    byId("save").addEventListener("click", () => this.#save());
    byId("share").addEventListener("click", () => void this.#share());
    byId<HTMLInputElement>("open").addEventListener("change", (event) => void this.#open(event.target as HTMLInputElement));
    addEventListener("hashchange", () => void this.openLink());
    this.#list();
  }

  /** What is there at the start: the last that was chosen, or the first example. */
  async begin(): Promise<void> {
    const { chosen } = this.#drafts;
    const known = this.#drafts.find(chosen) !== undefined || EXAMPLES.some(({ name }) => name === chosen);
    this.#choose(this.#drafts.find(chosen) ? DRAFT + chosen : known ? chosen : (EXAMPLES[0] as Example).name);
    await this.openLink();
  }

  /** Something was written. */
  changed(): void {
    // A link is of what was there when it was made.
    byId("shared").hidden = true;
    if (this.#filling) return;
    const written = this.#page.written();
    const { value } = this.#field;
    if (value.startsWith(DRAFT)) return this.#drafts.write(value.slice(DRAFT.length), written);
    const example = EXAMPLES.find(({ name }) => name === value);
    // Editors change when a language is chosen, too.
    if (example !== undefined && same(example, written)) return;
    this.#begin(`my ${value}`, written);
  }

  async openLink(): Promise<void> {
    try {
      const written = await fromLink(location.hash);
      if (written === undefined) return;
      // A reload is to find what was written since.
      history.replaceState(null, "", location.pathname + location.search);
      this.#take("from a link", written);
    } catch (error) {
      this.#page.say((error as Error).message, true);
    }
  }

  #take(name: string, written: Written): void {
    if (!this.#begin(name, written)) return;
    this.#fill(written, undefined);
  }

  #begin(name: string, written: Written): boolean {
    const draft = this.#drafts.begin(name, written);
    if (draft === undefined) {
      this.#page.say(`There are ${MOST_DRAFTS} of your own: save some, and forget them`, true);
      return false;
    }
    this.#list(DRAFT + draft.name);
    return true;
  }

  #choose(value: string): void {
    const draft = value.startsWith(DRAFT) ? this.#drafts.find(value.slice(DRAFT.length)) : undefined;
    const example = EXAMPLES.find(({ name }) => name === value);
    const written = draft ?? example;
    if (written === undefined) return;
    this.#drafts.chosen = written.name;
    this.#list(value);
    this.#fill(written, example);
  }

  #fill(written: Written, example: Example | undefined): void {
    this.#filling = true;
    try {
      this.#page.show(written, example);
    } finally {
      this.#filling = false;
    }
  }

  #list(value = this.#field.value): void {
    const option = (value: string, name: string) => element("option", { value }, name);
    const own = this.#drafts.names.map((name) => option(DRAFT + name, name));
    this.#field.replaceChildren(
      element("optgroup", { label: "Examples" }, ...EXAMPLES.map(({ name }) => option(name, name))),
      ...(own.length > 0 ? [element("optgroup", { label: "Your own" }, ...own)] : []),
    );
    this.#field.value = value;
    this.#forget.hidden = !value.startsWith(DRAFT);
  }

  #forgetDraft(): void {
    const name = this.#field.value.slice(DRAFT.length);
    if (!confirm(`Forget “${name}”? What was written in it is gone then.`)) return;
    this.#drafts.forget(name);
    this.#choose((EXAMPLES[0] as Example).name);
    this.#page.say(`Forgot ${name}`);
  }

  #save(): void {
    const name = this.#field.value.replace(DRAFT, "").replaceAll(/[^\w.-]+/g, "-");
    const url = URL.createObjectURL(new Blob([toFile(this.#page.written())], { type: "application/json" }));
    element("a", { href: url, download: `${name}.json` }).click();
    // The browser reads it after this.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    this.#page.say(`Saved ${name}.json`);
  }

  async #open(field: HTMLInputElement): Promise<void> {
    const [file] = field.files ?? [];
    if (file === undefined) return;
    try {
      this.#take(file.name.replace(/\.(json|ya?ml)$/, ""), fromFile(await file.text()));
      this.#page.say(`Opened ${file.name}`);
    } catch (error) {
      this.#page.say(`${file.name}: ${(error as Error).message}`, true);
    } finally {
      field.value = "";
    }
  }

  async #share(): Promise<void> {
    const link = await toLink(this.#page.written());
    const place = byId<HTMLInputElement>("link");
    place.value = link;
    byId("shared").hidden = false;
    place.select();
    try {
      await navigator.clipboard.writeText(link);
      this.#page.say("The link is in the clipboard");
    } catch {
      place.focus();
      this.#page.say("Copy the link");
    }
  }
}

function same(a: Written, b: Written): boolean {
  return TEXTS.every((key) => a[key] === b[key]);
}
