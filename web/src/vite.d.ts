/// <reference types="vite/client" />

/** The JSON Schema of manifests, as `pipeline schema manifest` prints it. */
declare module "virtual:manifest-schema" {
  const schema: import("./completion.ts").Schema;
  export default schema;
}
