// A client of `pipeline serve` over types that are generated from its OpenAPI document.

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Manifest = components["schemas"]["def-manifest"];

const server = process.argv[2];
if (server === undefined) {
  throw new Error("usage: client.js URL");
}
const client = createClient<paths>({ baseUrl: server });

const manifest: Manifest = {
  version: "v1",
  nodes: [{ id: "add", node_type: "AddNode", params: { addend: 1 } }],
};

const ran = await client.POST("/v1/execute", { body: { manifest, inputs: [1, 2] } });
if (ran.error !== undefined) {
  throw new Error(JSON.stringify(ran.error));
}
const refused = await client.POST("/v1/execute", {
  body: { manifest: { ...manifest, nodes: [{ id: "add", node_type: "Ad" }] }, inputs: [] },
});
console.log(JSON.stringify([ran.data, refused.response.status, refused.error]));
