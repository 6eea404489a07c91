// Buying with `<doorbuster-buy>`: what a changed SKU, a reload, another element, and a failure leave of a press.
import { describe, expect, test, vi } from "vitest";
import { AnotherBuyer, whoBuys } from "../../src/client/element/buyer.ts";
import { anOrder } from "./fake-api.ts";
import {
  noAnswer,
  Page,
  press,
  refusal,
  restore,
  settle,
  tokenOf,
  withStorage,
} from "./purchase-scene.ts";

withStorage();

describe("an element whose SKU changes during a purchase", () => {
  test("is free for the other SKU, under another key", async () => {
    const page = new Page();
    const shoe = page.element("shoe");
    const first = await press(page, shoe);
    shoe.leave();
    const boot = page.element("boot");
    expect(boot.purchase.progress).toEqual({});
    const second = await press(page, boot);
    expect(second.skuId).toBe("boot");
    expect(second.options).toMatchObject({ isRepeat: false });
    expect(second.options.key).not.toBe(first.options.key);
  });

  test("shows nothing of what it left", async () => {
    const page = new Page();
    const shoe = page.element("shoe");
    const call = await press(page, shoe);
    const before = shoe.seen.length;
    shoe.leave();
    await call.answer(anOrder());
    expect(shoe.seen).toHaveLength(before);
  });

  test("buys nothing that it left, but repeats it under its key at the next press", async () => {
    const page = new Page();
    const shoe = page.element("shoe");
    const { options } = await press(page, shoe);
    shoe.purchase.leave();
    shoe.leave();
    const again = page.element("shoe");
    await restore(again);
    expect(page.calls).toHaveLength(1);
    expect((await press(page, again)).options).toMatchObject({ key: options.key, isRepeat: true });
  });

  test("goes on if the page only moved it", async () => {
    const page = new Page();
    const shoe = page.element("shoe");
    const { options } = await press(page, shoe);
    shoe.leave();
    await restore(page.element("shoe"));
    expect(page.calls.at(-1)?.options).toMatchObject({ key: options.key, isRepeat: true });
  });
});

describe("a press", () => {
  test("is one, however often the button is pressed", async () => {
    const page = new Page();
    const element = page.element();
    await Promise.all([press(page, element), press(page, element)]);
    expect(page.calls).toHaveLength(1);
  });

  test("has a key of its own after a refusal, and after an order", async () => {
    const page = new Page();
    const element = page.element();
    const first = await press(page, element);
    await first.fail(refusal(409, "sold_out"));
    const second = await press(page, element);
    expect(second.options.key).not.toBe(first.options.key);
    await second.answer(anOrder({ status: "expired" }));
    const third = await press(page, element);
    expect(third.options).toMatchObject({ isRepeat: false });
  });

  test("repeats the one before under its key if that may have made an order", async () => {
    const page = new Page();
    const element = page.element();
    const first = await press(page, element);
    await first.fail(noAnswer(first.options.key));
    expect(element.purchase.progress.error).toBeInstanceOf(Error);
    const second = await press(page, element);
    expect(second.options).toMatchObject({ key: first.options.key, isRepeat: true });
  });

  test("is no repeat if the one before never came to an order", async () => {
    const page = new Page();
    const element = page.element();
    await (await press(page, element)).fail(noAnswer());
    expect((await press(page, element)).options).toMatchObject({ isRepeat: false });
  });

  test("shares its key with another element of the page for the same SKU", async () => {
    const page = new Page();
    const [one, other] = [page.element(), page.element()];
    const first = await press(page, one);
    const second = await press(page, other);
    expect(second.options).toMatchObject({ key: first.options.key, isRepeat: true });
  });

  test("is not forgotten because the order of another element changes meanwhile", async () => {
    const page = new Page();
    const [one, other] = [page.element(), page.element()];
    await (await press(page, one)).answer(anOrder());
    const { options } = await press(page, other);
    await page.change(anOrder({ version: 2, status: "confirmed" }));
    const again = await press(page, page.element());
    expect(again.options).toMatchObject({ key: options.key, isRepeat: true });
  });

  test("never repeats the attempt of another buyer", async () => {
    const page = new Page();
    const element = page.element();
    const first = await press(page, element);
    await first.fail(noAnswer(first.options.key));
    page.user = "bob";
    const second = await press(page, element);
    expect(second.options).toMatchObject({ isRepeat: false });
    expect(second.options.key).not.toBe(first.options.key);
  });

  test.each([
    ["throws", () => Promise.reject(new Error("a bug of the page"))],
    ["never answers", () => new Promise<string>(() => {})],
    ["has no token", () => undefined],
  ])("ends if the page %s when asked who buys", async (_, getToken) => {
    const page = new Page();
    page.getToken = getToken;
    const element = page.element();
    void element.purchase.press(undefined);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(element.purchase.progress).toEqual({ error: expect.any(Error) });
    expect(page.calls).toEqual([]);
  });

  test("is not finished with the token of somebody else", async () => {
    let user = "ann";
    const buyer = await whoBuys(
      () => tokenOf(user),
      (source) => source as never,
    );
    user = "bob";
    const source = buyer.client as unknown as (about: object) => Promise<string>;
    await expect(source({ isExpired: true })).rejects.toBeInstanceOf(AnotherBuyer);
  });
});

describe("a buyer at the limit", () => {
  const limit = (...orderIds: string[]) => refusal(409, "user_limit_reached", { orderIds });

  test("sees the order that is held", async () => {
    const page = new Page();
    page.orders.set("old", anOrder({ id: "old", status: "confirmed" }));
    page.orders.set("held", anOrder({ id: "held" }));
    const element = page.element();
    await (await press(page, element)).fail(limit("old", "held"));
    expect(element.purchase.progress).toEqual({ order: anOrder({ id: "held" }) });
  });

  test("of the whole sale sees the order of this item that is held, and no other item's", async () => {
    const page = new Page();
    page.orders.set("other", anOrder({ id: "other", skuId: "hat" }));
    const element = page.element();
    await (await press(page, element)).fail(refusal(409, "user_limit_reached", { scope: "sale" }));
    expect(element.purchase.progress.error).toMatchObject({ code: "user_limit_reached" });
    page.orders.set("held", anOrder({ id: "held", skuId: "shoe" }));
    await (await press(page, element)).fail(refusal(409, "user_limit_reached", { scope: "sale" }));
    expect(element.purchase.progress.order).toMatchObject({ id: "held" });
  });

  test("is told so if none is held", async () => {
    const page = new Page();
    page.orders.set("old", anOrder({ id: "old", status: "confirmed" }));
    const element = page.element();
    await (await press(page, element)).fail(limit("old", "gone"));
    expect(element.purchase.progress.error).toMatchObject({ code: "user_limit_reached" });
  });
});

describe("an order", () => {
  test("is followed on after a failure", async () => {
    const page = new Page();
    page.faults.push(refusal(401, "unauthenticated"), new Error("the page failed"));
    const element = page.element();
    await (await press(page, element)).answer(anOrder());
    await vi.advanceTimersByTimeAsync(61_000);
    await page.change(anOrder({ version: 2, status: "confirmed" }));
    expect(element.purchase.progress.order?.status).toBe("confirmed");
  });

  test("is shown no more once another buyer has signed in, but again to its own", async () => {
    const page = new Page();
    page.faults.push(new AnotherBuyer());
    const element = page.element();
    await (await press(page, element)).answer(anOrder());
    expect(element.purchase.progress).toEqual({});
    await restore(element);
    expect(element.purchase.progress).toEqual({ order: anOrder() });
  });

  test("can be followed by another one once it gave its unit back", async () => {
    const page = new Page();
    const element = page.element();
    await (await press(page, element)).answer(anOrder());
    void element.purchase.press(undefined);
    await settle();
    expect(page.calls).toHaveLength(1);
    await page.change(anOrder({ version: 2, status: "expired" }));
    await press(page, element);
    expect(page.calls).toHaveLength(2);
  });
});
