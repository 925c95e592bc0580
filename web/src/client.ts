/** The worker as the page sees it: tasks with answers, and a way to stop. */

import type { Answer, CheckResult, Loaded, NodeType, Request, Response, RunOutcome, Task } from "./protocol.js";

/** The task was ended from outside. */
export class Stopped extends Error {
  constructor() {
    super("stopped");
  }
}

export interface Listener {
  progress?(done: number, total: number): void;
  fetch?(bytes: number | null): void;
  printed?(text: string): void;
}

interface Pending {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  listener: Listener;
}

export class Client {
  #worker = this.#start();
  #loaded: Loaded | null = null;
  #nextId = 0;
  readonly #pending = new Map<number, Pending>();

  /** Fetches and compiles the component. What is compiled is kept for workers to come. */
  async load(listener: Listener): Promise<void> {
    this.#loaded = (await this.#ask({ op: "load" }, listener)) as Loaded;
  }

  nodeTypes(): Promise<NodeType[]> {
    return this.#ask({ op: "nodes" }, {}) as Promise<NodeType[]>;
  }

  check(task: Omit<Extract<Task, { op: "check" }>, "op">, listener: Listener): Promise<CheckResult> {
    return this.#ask({ op: "check", ...task }, listener) as Promise<CheckResult>;
  }

  run(task: Omit<Extract<Task, { op: "run" }>, "op">, listener: Listener): Promise<RunOutcome> {
    return this.#ask({ op: "run", ...task }, listener) as Promise<RunOutcome>;
  }

  /** Ends whatever runs, also what would never end by itself, and starts anew. */
  stop(): void {
    this.#worker.terminate();
    this.#fail(new Stopped());
    this.#worker = this.#start();
    if (this.#loaded !== null) this.#ask({ op: "load", loaded: this.#loaded }, {}).catch(() => {});
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "pipeline" });
    worker.onmessage = (event: MessageEvent<Response>) => this.#hear(event.data);
    worker.onerror = (event) => this.#fail(new Error(event.message || "the worker can't be started"));
    return worker;
  }

  #fail(error: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }

  #ask(task: Task, listener: Listener): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, listener });
      this.#worker.postMessage({ ...task, id } satisfies Request);
    });
  }

  #hear(response: Response): void {
    const pending = this.#pending.get(response.id);
    if (pending === undefined) return;
    switch (response.kind) {
      case "progress":
        return pending.listener.progress?.(response.done, response.total);
      case "fetch":
        return pending.listener.fetch?.(response.bytes);
      case "printed":
        return pending.listener.printed?.(response.text);
      case "done":
        this.#pending.delete(response.id);
        return pending.resolve(response.result);
      case "failed":
        this.#pending.delete(response.id);
        return pending.reject(new Error(response.message));
    }
  }
}
