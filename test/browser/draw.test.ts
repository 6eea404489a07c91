// The buyer's browser checks a draw by itself: places by Web Crypto, and drand's signature by a script loaded on demand.
import { expect, test } from "vitest";
import { earlyPlace } from "../../src/admission/place.ts";
import type { DrawCheck } from "../../src/admission/verify-draw.ts";
import { revealedDraw } from "../admission/draws.ts";
import { inBrowser } from "./harness.ts";

/** The server answers with the current script, whatever the hash. */
const SCRIPT = "/assets/draw-0000000000.js";

type Question = [document: unknown, userId: string, place: number];

inBrowser("The check of a draw", (stage) => {
  /** The names of the checks that hold, and of those that do not, as a page would find them. */
  async function check(...question: Question): Promise<{ ok: string[]; failed: string[] }> {
    const page = await (await stage().person()).open("/");
    // As text, because the test runner would replace the import.
    const call = `import("${SCRIPT}").then((it) => it.checkDraw(...${JSON.stringify(question)}))`;
    const checks = await page.evaluate<DrawCheck[]>(call);
    const names = (ok: boolean) =>
      checks.filter((each) => each.ok === ok).map(({ name }) => name as string);
    return { ok: names(true), failed: names(false) };
  }

  test("proves a draw with a round that drand published, and the buyer's place", async () => {
    const draw = await revealedDraw();
    const place = earlyPlace(draw, { saleId: draw.saleId, userId: "ålice" });
    const { ok, failed } = await check(draw, "ålice", place);
    expect(failed).toEqual([]);
    expect(ok).toContain("signature");
    expect(ok).toContain("place");
  });

  test("finds another seed, another signature, and another place", async () => {
    const draw = await revealedDraw();
    const place = earlyPlace(draw, { saleId: draw.saleId, userId: "alice" });
    const altered = { ...draw, seed: "0".repeat(64), round: draw.round - 1 };
    expect((await check(altered, "alice", place)).failed).toEqual([
      "round",
      "commitment",
      "signature",
      "place",
    ]);
    expect((await check(draw, "alice", place / 2)).failed).toEqual(["place"]);
  });
});
