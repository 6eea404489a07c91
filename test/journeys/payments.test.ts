// Paid orders at the pace that Stripe allows: all settle, each is charged once, and free orders do not wait for them.
import { expect, inject, test } from "vitest";
import { runDrop } from "./paid-drop.ts";

const CHARGED = "confirmed, charged";

test("settles a burst of paid orders at Stripe's pace, with free orders beside them", async () => {
  const script = inject("builtWorker");
  const result = await runDrop({ paid: 200, free: 50, holdSeconds: 60, script });

  expect(result).toMatchObject({
    statuses: { [CHARGED]: 200 },
    chargedOnce: 200,
    chargedTwice: 0,
    deadLetters: 0,
  });
});

test("confirms every good card while some cards hang, although their holds are short", async () => {
  const method = (nth: number) => (nth % 10 === 0 ? "pm_fake_confirm_silent" : "pm_card_visa");
  const script = inject("builtWorker");
  const result = await runDrop({ paid: 100, free: 0, holdSeconds: 20, method, script });

  // A card hangs once. Its next try succeeds.
  expect(result).toMatchObject({ statuses: { [CHARGED]: 100 }, chargedTwice: 0, deadLetters: 0 });
});
