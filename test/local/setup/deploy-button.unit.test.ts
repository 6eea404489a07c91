// The inputs of Cloudflare's deploy button: the secrets it asks for, from `.dev.vars.example`, and what it says about them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

test("the deploy button asks for the secrets of every deployment, explains each, and for nothing that is a variable", () => {
  const asked = Object.keys(parseEnv(read(".dev.vars.example"))).sort();
  const { vars, secrets } = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  expect(asked).toEqual([...(secrets?.required ?? []), "AUTH_SECRET"].sort());
  expect(Object.keys(JSON.parse(read("package.json")).cloudflare.bindings).sort()).toEqual(asked);
  // Cloudflare refuses a secret with the name of a variable.
  expect(asked.filter((name) => name in vars)).toEqual([]);
});
