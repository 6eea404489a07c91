// One check of a preflight: its time limit and its faults.
import { expect, test } from "vitest";
import { ok, runCheck } from "../../../src/admin/preflight/check.ts";

test("passes on what a check found", async () => {
  expect(await runCheck("a", async () => ok("fine"))).toEqual({
    name: "a",
    state: "ok",
    detail: "fine",
  });
});

test("fails a check that never answers", async () => {
  const check = await runCheck("a", () => new Promise(() => {}), 5);
  expect(check).toMatchObject({ name: "a", state: "fail", detail: "no answer within 5 ms" });
});

test.each([
  ["rejects", () => Promise.reject(new Error("broken"))],
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
])("fails a check that %s", async (_, work) => {
  expect(await runCheck("a", work)).toMatchObject({ state: "fail", detail: "Error: broken" });
});
