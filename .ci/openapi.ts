// Writes the OpenAPI document to a file, for the linter and other tools.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openApiDocument } from "../src/openapi/document.ts";

const TARGET = join(import.meta.dirname, "../.wrangler/openapi.json");

mkdirSync(dirname(TARGET), { recursive: true });
writeFileSync(TARGET, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
console.log("Wrote .wrangler/openapi.json");
