import type { UserConfig } from "vite";

/** What the page and the page of the conformance cases have in common. */
export const shared = {
  // Any folder of any static server.
  base: "./",
  worker: { format: "es", rolldownOptions: { onLog: quiet } },
  build: { target: "es2022", chunkSizeWarningLimit: 2500, rolldownOptions: { onLog: quiet } },
} satisfies UserConfig;

/** jco marks what it generates by a directive, which means nothing to anyone. */
function quiet(level: "info" | "warn" | "debug", log: { code?: string }, pass: (...all: never[]) => void): void {
  if (log.code !== "MODULE_LEVEL_DIRECTIVE") pass(level as never, log as never);
}
