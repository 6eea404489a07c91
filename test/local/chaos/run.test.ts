// A short game day from command line to exit status.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { GameDay } from "../../../src/local/chaos/report.ts";
import { makeTempDir } from "../../../src/local/temp-dir.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/local/chaos/main.ts");
/** Ends a hang. */
const LIMITS = { timeout: 600_000 };

test(
  "every promise holds while Redis is stopped under load, and buyers get answers all the time",
  LIMITS,
  async () => {
    const directory = makeTempDir("chaos-run");
    const [json, html] = [join(directory, "day.json"), join(directory, "day.html")];
    const argv = [
      "--only",
      "redis-stopped",
      "--seconds",
      "4",
      "--rate",
      "8",
      "--json",
      json,
      "--html",
      html,
    ];
    const [status] = await once(
      spawn(process.execPath, [MAIN, ...argv], { stdio: "ignore" }),
      "exit",
    );
    const { faults } = JSON.parse(readFileSync(json, "utf8")) as GameDay;
    const [fault] = faults;
    expect(fault?.proofs.filter(({ status }) => status !== "held")).toEqual([]);
    expect(status).toBe(0);
    expect(fault?.samples.filter((sample) => sample.class === "no answer")).toEqual([]);
    expect(fault?.noticed.readyzMs).toBeDefined();
    expect(readFileSync(html, "utf8")).toContain("Every promise held.");
  },
);
