// What setup makes of what operators type, and of secrets in its environment and its files.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readSecrets, writeSecrets } from "../../../src/local/setup/deployment-files.ts";
import { domainIn, parseOptions } from "../../../src/local/setup/options.ts";
import { knownSecrets, unusedSecrets } from "../../../src/local/setup/secrets.ts";

const NAME = "STRIPE_SECRET_KEY";
const [OLD, NEW] = [{ [NAME]: "old" }, { [NAME]: "new" }];

test("a secret that is not deployed yet can be corrected in the environment, a deployed one stays", () => {
  expect(knownSecrets(NEW, OLD, [])).toEqual(NEW);
  expect(unusedSecrets(NEW, OLD, [])).toEqual([]);
  expect(knownSecrets(NEW, OLD, [NAME])).toEqual(OLD);
  expect(unusedSecrets(NEW, OLD, [NAME])).toEqual([NAME]);
  expect(unusedSecrets(OLD, OLD, [NAME])).toEqual([]);
});

test("the file of the secrets keeps every value as it is, or refuses it by its name", async () => {
  const root = await mkdtemp(join(tmpdir(), "doorbuster-secrets-"));
  const piece = fc.constantFrom("'", '"', "`", "\\n", "\n", "\r", "#", " ", "$A", "=", "é", "x");
  const value = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(value, async (text) => {
      const written = await writeSecrets(root, { A: "a", [NAME]: text, Z: "z" }).catch(
        ({ message }: Error) => message,
      );
      if (written.startsWith(NAME)) return;
      expect(await readSecrets(root)).toEqual({ A: "a", [NAME]: text, Z: "z" });
    }),
  );
  await rm(root, { recursive: true });
});

test.each([
  ["drops.shop.example", "drops.shop.example"],
  [" HTTPS://Drops.Shop.Example/ ", "drops.shop.example"],
  ["läden.example", "xn--lden-loa.example"],
  ["drops.xn--p1ai", "drops.xn--p1ai"],
])("takes the domain %s", (typed, host) => {
  expect(domainIn(typed)).toBe(host);
});

test.each([
  "shop",
  "a b.example",
  "shop.example/path",
  "shop.example:8443",
  "-a.example",
  "*.shop.example",
])("refuses the domain %s", (typed) => {
  expect(() => domainIn(typed)).toThrow("is not a domain");
});

test("takes the title and the opening of the first sale, and refuses a time that is past or unclear", () => {
  const opens = "2099-12-01T10:00:00+01:00";
  expect(parseOptions(["--sale-title", " Spring ", "--sale-opens", opens])).toMatchObject({
    ...{ saleTitle: "Spring", saleOpensAt: Date.parse("2099-12-01T09:00:00Z") },
  });
  for (const [args, problem] of [
    [["--sale-opens", "2020-01-01T00:00:00Z"], "has passed"],
    [["--sale-opens", "tomorrow"], "is not a time"],
    [["--sale-opens", "12"], "is not a time"],
    [["--sale-title", " "], "1 to 200 characters"],
    [["--sale-title", "A", "--sale", "sale.json"], "are for the sample"],
    [["--sale-opens", opens, "--no-sale"], "are for the sample"],
  ] as const) {
    expect(() => parseOptions([...args])).toThrow(problem);
  }
});
