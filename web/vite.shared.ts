import type { UserConfig } from "vite";

/** What the page and the page of the conformance cases have in common. */
export const shared = {
  // Any folder of any static server.
  base: "./",
  build: { target: "es2022", chunkSizeWarningLimit: 1000 },
} satisfies UserConfig;
