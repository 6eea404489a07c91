// `npm run preview`, as people run it: what it refuses, what it prints, and that its links show the states.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test, vi } from "vitest";
import { startDev } from "../dev/dev-process.ts";
import { START_TIMEOUT } from "../stack.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

const SKU = {
  id: "sneaker",
  name: "Runner 42",
  unitPrice: { amount: 12_000, currency: "USD" },
  stock: 20,
};

const SALE = {
  id: "demo",
  title: "Spring drop",
  opensAt: "2099-01-01T09:00:00Z",
  closesAt: "2099-01-02T09:00:00Z",
  listed: false,
  protection: { challenge: { mode: "always" } },
  skus: [SKU],
};

/** Runs the command with a file on stdin until it exits. */
async function run(input: string | Uint8Array, ...args: string[]) {
  const child = spawn("npm", ["run", "--silent", "preview", "--", ...args], { cwd: PROJECT });
  child.stdin.end(input);
  const [output, [status]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { output, status };
}

test.each<[what: string, input: string | Uint8Array, fault: RegExp]>([
  ["text that is no JSON", "{", /JSON/],
  ["a text that is not in UTF-8", Buffer.from('{"title":"Café"}', "latin1"), /utf-8/],
  ["half a character", JSON.stringify({ ...SALE, title: "\ud800" }), /not Unicode/],
  [
    "a fault after a byte order mark",
    `\ufeff${JSON.stringify({ id: 5 })}`,
    /- id: must be a string/,
  ],
  ["an unknown field", JSON.stringify({ ...SALE, lisded: true }), /lisded/],
  ["a wrong value", JSON.stringify({ ...SALE, listed: "false" }), /- listed: /],
  [
    "a price in an unknown currency",
    JSON.stringify({ ...SALE, skus: [{ ...SKU, unitPrice: { amount: 12_000, currency: "XXQ" } }] }),
    /- skus\[?\.?0\]?\.unitPrice: XXQ is not an active ISO 4217 currency/,
  ],
  [
    "a price that cannot be charged",
    JSON.stringify({ ...SALE, skus: [{ ...SKU, unitPrice: { amount: 1, currency: "USD" } }] }),
    /unitPrice: the amount must be 0 \(free\) or at least/,
  ],
  [
    "an end before the opening",
    JSON.stringify({ ...SALE, closesAt: SALE.opensAt }),
    /- closesAt: must be after opensAt/,
  ],
])("names the fault of %s, and starts nothing", async (_, input, fault) => {
  expect(await run(input, "-")).toEqual({ status: 2, output: expect.stringMatching(fault) });
});

test("says which file cannot be read", async () => {
  const output = expect.stringContaining("- no-such.json cannot be read: ENOENT");
  expect(await run("", "no-such.json")).toEqual({ status: 2, output });
});

test("explains its usage", async () => {
  expect(await run("")).toEqual({ status: 2, output: expect.stringContaining("FILE.json") });
  const unknown = { status: 2, output: expect.stringContaining("Unknown option '--nope'") };
  expect(await run("", "a.json", "--nope")).toEqual(unknown);
  expect(await run("", "--help")).toEqual({ status: 0, output: "" });
});

describe.runIf(process.platform === "linux")("a valid sale", () => {
  test(
    "is shown in every state on a local instance, with what it costs, until Ctrl-C",
    async () => {
      const preview = startDev({}, "preview", {
        args: ["-", "--no-open"],
        input: JSON.stringify(SALE),
      });
      await preview.ready;
      const links = [...preview.output().matchAll(/^ {2}(\w+) +(http\S+)$/gm)];
      expect(links.map(([, state]) => state)).toEqual([
        ...["soon", "open", "few", "held", "sold_out", "paused", "ended"],
      ]);
      for (const [, , url = ""] of links) {
        const page = await (await fetch(url)).text();
        expect(page).toContain("Spring drop");
        expect(page).toContain("Nothing can be bought here.");
      }
      expect(preview.output()).toMatch(
        /If 200 people come, it costs about \$\d+\.\d\d at list prices /,
      );
      const token = /token=([\w-]+)/.exec(links[0]?.[2] ?? "")?.[1] ?? "";
      // The log of requests begins a moment after the links.
      const logged = async () => {
        await fetch(links[0]?.[2] ?? "");
        expect(preview.output()).toContain("200 GET /sales/demo/preview");
      };
      await vi.waitFor(logged, { timeout: 60_000 });
      expect(preview.output().split(token)).toHaveLength(links.length + 1);
      expect(await preview.interrupt()).toBe(0);
    },
    START_TIMEOUT,
  );
});
