// What `<doorbuster-buy>` goes on with after a reload: the place in line, an attempt without an answer, and a held order.
import { describe, expect, test, vi } from "vitest";
import { aLine, anOrder, aTicket } from "./fake-api.ts";
import { noAnswer, Page, press, restore, withStorage } from "./purchase-scene.ts";

withStorage();

describe("after a reload", () => {
  test("a buyer goes on waiting in line, at the same place and price", async () => {
    const before = new Page();
    const { options } = await press(before, before.element());
    options.onTicket?.(aTicket({ ticket: "mine" }));
    options.onLine?.(aLine(), aTicket());
    const page = new Page();
    const element = page.element();
    await restore(element);
    const { key, unitPrice } = options;
    expect(page.calls[0]?.options).toMatchObject({ key, unitPrice, ticket: "mine" });
    expect(element.purchase.progress).toEqual({ step: "wait" });
  });

  test("a buyer who comes back much later keeps the place, but has to press", async () => {
    const before = new Page();
    const { options } = await press(before, before.element());
    options.onTicket?.(aTicket({ ticket: "mine" }));
    await vi.advanceTimersByTimeAsync(3_600_000);
    const page = new Page();
    const element = page.element();
    await restore(element);
    expect(page.calls).toEqual([]);
    expect((await press(page, element)).options.ticket).toBe("mine");
  });

  test("nothing is bought that its buyer was told has failed", async () => {
    const before = new Page();
    const call = await press(before, before.element());
    call.options.onTicket?.(aTicket({ ticket: "mine" }));
    await call.fail(noAnswer(call.options.key));
    const page = new Page();
    const element = page.element();
    await restore(element);
    expect(page.calls).toEqual([]);
    const { key } = call.options;
    expect((await press(page, element)).options).toMatchObject({ key, ticket: "mine" });
  });

  test("a held order is shown, and followed to its end", async () => {
    const before = new Page();
    await (await press(before, before.element())).answer(anOrder());
    const page = new Page();
    page.orders.set("order", anOrder({ version: 2 }));
    const element = page.element();
    await restore(element);
    expect(element.purchase.progress).toEqual({ order: anOrder({ version: 2 }) });
    await page.change(anOrder({ version: 3, status: "confirmed" }));
    expect(element.purchase.progress.order?.status).toBe("confirmed");
    const last = new Page();
    await restore(last.element());
    expect(last.asked).toBe(0);
  });

  test("the page is not asked for a token if there is nothing to go on with", async () => {
    const page = new Page();
    await restore(page.element());
    expect(page.asked).toBe(0);
  });

  test("nobody sees the order or the place of another buyer", async () => {
    const before = new Page();
    const call = await press(before, before.element());
    call.options.onTicket?.(aTicket({ ticket: "ann's" }));
    await call.answer(anOrder());
    const page = new Page();
    page.user = "bob";
    page.orders.set("order", anOrder());
    const element = page.element();
    await restore(element);
    expect(element.seen).toEqual([]);
    expect((await press(page, element)).options.ticket).toBeUndefined();
  });

  test("the place is gone once the sale is over", async () => {
    const before = new Page();
    const call = await press(before, before.element());
    call.options.onTicket?.(aTicket({ ticket: "mine" }));
    before.memory.forgetPlaces("drop");
    const page = new Page();
    expect((await press(page, page.element())).options.ticket).toBeUndefined();
  });

  test.each([
    ["blocked", () => undefined],
    ["full", () => storageWith("{}", "full")],
    ["used by another script", () => storageWith(`{"[":{"at":${Date.now()}},"x":{"at":1e99}}`)],
    ["broken", () => storageWith("{")],
  ])("the element works where storage is %s", async (_, storage) => {
    vi.stubGlobal("localStorage", storage());
    await restore(new Page().element());
    const page = new Page();
    const element = page.element();
    const first = await press(page, element);
    await first.fail(noAnswer(first.options.key));
    expect((await press(page, element)).options.key).toBe(first.options.key);
  });
});

function storageWith(item: string, fault?: string) {
  let stored = item;
  const setItem = (_: string, value: string) => {
    if (fault) throw new Error(fault);
    stored = value;
  };
  return { getItem: () => stored, setItem };
}
