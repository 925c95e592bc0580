// The cases of the JSON form that all its readers and writers share: tests/codec.

import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { formatItem, formatValue, JsonError, parseItem, parseValue } from "@remotemedia/pipeline";

const directory = new URL("../../tests/codec/", import.meta.url);

function joined(text) {
  if (typeof text === "string") return text;
  return text.map((piece) => (typeof piece === "string" ? piece : piece.repeat.repeat(piece.times))).join("");
}

for (const file of fs.readdirSync(directory).filter((name) => name.endsWith(".json"))) {
  const { cases } = JSON.parse(fs.readFileSync(new URL(file, directory), "utf8"));
  for (const { name, what, text, gives, error, large } of cases) {
    if (large) continue;
    test(`${file}: ${name}`, () => {
      const json = joined(text);
      const again = () => (what === "item" ? formatItem(parseItem(json)) : formatValue(parseValue(json)));
      if (error === undefined) {
        assert.equal(again(), joined(gives ?? text));
        return;
      }
      assert.throws(again, (thrown) => {
        assert.ok(thrown instanceof JsonError, String(thrown));
        assert.ok(thrown.message.replaceAll("`", "").includes(error), thrown.message);
        return true;
      });
    });
  }
}
