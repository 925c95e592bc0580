/** The pipelines of the page: a pool of few workers, of which most visits need one. */

import {
  type CallOptions,
  type CheckResult,
  createPool,
  formatValue,
  type NodeInfo,
  type Pool,
  type PoolOptions,
  type PoolSession,
  type RunResult,
  type wit,
} from "@remotemedia/pipeline";

/** Files of a directory: path to text. */
export type Files = Record<string, string>;

/** Checking imports the page's module, which may never end. In seconds. */
export const MOST_CHECKING = 5;

/** A piece of live sound, or a picture, that takes longer than this is not live. In seconds. */
const MOST_LIVE = 10;

/** One for what is live, one for what takes over from it, and one for runs and checks. They start when they are needed. */
const WORKERS = 3;

/** What is fetched before the page's service worker is there. */
const LOADED = "pipeline-page-loaded";

export class Runs {
  readonly #pool: Pool;
  /** What manifests can name besides the page's own classes. */
  readonly nodeTypes: NodeInfo[];
  readonly #rust: ReadonlySet<string>;

  private constructor(pool: Pool, nodes: NodeInfo[]) {
    this.#pool = pool;
    this.nodeTypes = nodes.filter(({ unavailable }) => unavailable === undefined);
    this.#rust = new Set(nodes.flatMap(({ nodeType, language }) => (language === "rust" ? [nodeType] : [])));
  }

  /** Fetches and compiles the component. */
  static async load(options: Pick<PoolOptions, "onProgress" | "onFetch">): Promise<Runs> {
    const pool = await createPool({ ...options, size: WORKERS, fetch: fetchAndKeep });
    // Before anything of the user's runs, which may never end.
    return new Runs(pool, await pool.listNodes());
  }

  /** The language of a node type: what is not the component's own is the page's. */
  languageOf(nodeType: string): "rust" | "python" {
    return this.#rust.has(nodeType) ? "rust" : "python";
  }

  check(source: string, files: Files, signal?: AbortSignal): Promise<CheckResult> {
    return this.#pool.check(source, { timeout: MOST_CHECKING, ...granted(files), ...quiet, ...(signal && { signal }) });
  }

  /** Runs a manifest on items, for so many seconds at most; where there are no items, on those that stand in its text. */
  run(
    source: string,
    inputs: wit.Input[] | undefined,
    files: Files,
    options: { timeout: number; print: (text: string) => void; signal: AbortSignal },
  ): Promise<RunResult> {
    const { timeout, print, signal } = options;
    return this.#pool.runData(source, inputs, { ...granted(files), ...printing(print), timeout, signal });
  }

  /** Opens a session, which has a worker to itself. */
  open(source: string, files: Files, print: (text: string) => void, signal: AbortSignal): Promise<PoolSession> {
    // The signal would end the session, too: here it is for opening it alone.
    const opening = this.#pool.openSession(source, { ...granted(files), ...printing(print), timeout: MOST_LIVE });
    return opening.then(async (session) => {
      if (!signal.aborted) return session;
      await session.close();
      throw signal.reason;
    });
  }
}

function printing(print: (text: string) => void): Pick<CallOptions, "stdout" | "stderr"> {
  const decoder = new TextDecoder();
  const sink = (bytes: Uint8Array) => print(decoder.decode(bytes, { stream: true }));
  return { stdout: sink, stderr: sink };
}

const quiet = { stdout() {}, stderr() {} };

/** Where the guest sees the code that was written in the page: `/nodes/page`. */
function granted(files: Files): Pick<CallOptions, "nodes"> {
  return { nodes: [{ name: "page", files }] };
}

/** A parameter as `factor: number = 2.0`. */
export function describe(param: NodeInfo["params"][number]): string {
  const { name, paramType, required, defaultData } = param;
  const given = required ? " (required)" : defaultData === undefined ? "" : ` = ${formatValue(defaultData)}`;
  return `${name}: ${paramType}${given}`;
}

/**
 * Fetches, and keeps a copy: the service worker, which comes when the page is up, takes it from there instead of
 * fetching it again. It throws this away then.
 */
async function fetchAndKeep(url: string): Promise<Response> {
  const response = await fetch(url);
  if (import.meta.env.PROD && "caches" in self && response.ok) {
    const copy = response.clone();
    void caches
      .open(LOADED)
      .then((cache) => cache.put(url, copy))
      .catch(() => copy.body?.cancel());
  }
  return response;
}
