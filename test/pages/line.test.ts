// A visitor's page in the line of a sale, for browsers without JavaScript: personal, never stored, and right for every
// standing.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { signTicket } from "../../src/admission/ticket.ts";
import {
  cookieOf,
  givenLineSale,
  type LineScene,
  lateTicket,
  publishLine,
} from "../admission/line.ts";
import { givenClock } from "../support/clock.ts";
import { SIGNING_SECRET } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  type Buyer,
  givenLiveStock,
  putSale,
  suppressLiveStock,
  unique,
} from "../support/shop.ts";
import { visit } from "./form-client.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

const HOUR_MS = 3_600_000;
const pathOf = ({ saleId }: Pick<LineScene, "saleId">) => `/sales/${saleId}/line`;
const standingIn = (html: string) => /class="card line" data-standing="(\w+)"/.exec(html)?.[1];
/** Seconds until the page reloads itself. Undefined if it does not. */
const refreshIn = (html: string): number | undefined => {
  const [, seconds] = /<meta http-equiv="refresh" content="([^"]*)"/.exec(html) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
};
const hasJoinButton = (html: string) => html.includes("Join the line</button>");

/** A sale with a line, whose frontier is `frontier` seconds after the close, and a buyer. */
async function givenScene(frontier = 1) {
  const scene = await givenLineSale();
  await givenLiveStock(scene.skuId, { available: 1_000 });
  await publishLine(scene, {
    ...{ frontier, registered: 300, waiting: 200, pollSeconds: 7 },
    arrivals: [
      [0, 0],
      [1, 100],
      [201, 300],
    ],
  });
  return { scene, ann: await aBuyer() };
}

/** What a visitor sees who has this ticket in their cookie. */
const see = (scene: LineScene, buyer: Buyer | undefined, ticket?: string) =>
  visit(pathOf(scene), {
    ...(buyer && { buyer }),
    ...(buyer && ticket !== undefined && { cookie: cookieOf(scene, buyer, ticket) }),
  });

/** A page, with what every page of the line must have. */
async function page(...args: Parameters<typeof see>) {
  const { status, headers, html } = await see(...args);
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("private, no-store");
  expect(headers.get("set-cookie")).toBeNull();
  return html;
}

describe("shows", () => {
  test("a visitor who is not signed in how to sign in, and comes back here", async () => {
    const { scene } = await givenScene();
    const html = await page(scene, undefined);
    expect(standingIn(html)).toBe("apart");
    expect(html).toContain(`name="next" value="${pathOf(scene)}"`);
    expect(hasJoinButton(html)).toBe(false);
    expect(refreshIn(html)).toBeUndefined();
  });

  test("a visitor without a ticket a button to join", async () => {
    const { scene, ann } = await givenScene();
    const html = await page(scene, ann);
    expect(standingIn(html)).toBe("apart");
    expect(hasJoinButton(html)).toBe(true);
    expect(refreshIn(html)).toBeUndefined();
  });

  test("a person who waits how many are ahead", async () => {
    const { scene, ann } = await givenScene();
    const html = await page(scene, ann, lateTicket(scene, ann.id, 50));
    expect(standingIn(html)).toBe("waiting");
    expect(html).toContain("50 people are ahead of you.");
    expect(hasJoinButton(html)).toBe(false);
  });

  test("an admitted person the items, and reloads no more", async () => {
    const { scene, ann } = await givenScene(100);
    const html = await page(scene, ann, lateTicket(scene, ann.id, 50));
    expect(standingIn(html)).toBe("admitted");
    expect(html).toContain(`href="/sales/${scene.saleId}/skus/${scene.skuId}/buy"`);
    expect(refreshIn(html)).toBeUndefined();
  });

  test("an admitted person one picker for the options of a product", async () => {
    const skus = ["41", "42"].map((option) => aSku({ product: "runner", option }));
    const products = [{ id: "runner", name: "Runner" }];
    const scene = await givenLineSale({}, { products, skus });
    for (const { id } of skus) await givenLiveStock(id, { available: 10 });
    await publishLine(scene, { frontier: 100 });
    const ann = await aBuyer();
    const html = await page(scene, ann, lateTicket(scene, ann.id, 50));
    expect(standingIn(html)).toBe("admitted");
    expect(html).toContain(`action="/sales/${scene.saleId}/buy"`);
    for (const { id } of skus) expect(html).toContain(`name="sku" value="${id}"`);
    expect(html).not.toContain("/skus/");
  });

  test("everyone the end, whether they joined or not", async () => {
    const { scene, ann } = await givenScene();
    await publishLine(scene, { frontier: 2, over: true });
    for (const [buyer, ticket] of [
      [undefined, undefined],
      [ann, undefined],
      [ann, lateTicket(scene, ann.id, 50)],
    ] as const) {
      const html = await page(scene, buyer, ticket);
      expect(standingIn(html)).toBe("over");
      expect(hasJoinButton(html)).toBe(false);
      expect(refreshIn(html)).toBeUndefined();
    }
  });

  test("when registration opens, until then", async () => {
    const opensAt = new Date(Date.now() + HOUR_MS / 2).toISOString();
    const scene = await givenLineSale({}, { opensAt });
    const html = await page(scene, await aBuyer());
    expect(standingIn(html)).toBe("early");
    expect(hasJoinButton(html)).toBe(false);
  });

  test("no place of a ticket that is forged, or somebody else's, or of another sale", async () => {
    const { scene, ann } = await givenScene(100);
    const other = { saleId: unique("other"), userId: ann.id };
    const at = { at: scene.closesAt + 1_000, challenged: false };
    const own = lateTicket(scene, ann.id, 1);
    for (const ticket of [
      lateTicket(scene, "bob", 1),
      signTicket(SIGNING_SECRET, other, at),
      signTicket("another secret of thirty-two chars", { ...other, saleId: scene.saleId }, at),
      `${own.slice(0, -2)}${own.endsWith("AA") ? "BB" : "AA"}`,
      "x",
      "a.b",
      "%00",
      "x".repeat(5_000),
    ]) {
      expect(standingIn(await page(scene, ann, ticket)), ticket).toBe("apart");
    }
  });

  test("nothing of a ticket to a visitor who is signed out, or signed in as somebody else", async () => {
    const { scene, ann } = await givenScene(100);
    const ticket = lateTicket(scene, ann.id, 50);
    expect(standingIn(await page(scene, undefined, ticket))).toBe("apart");
    expect(standingIn(await page(scene, await aBuyer(), ticket))).toBe("apart");
  });
});

test("reloads itself as soon as the line allows, and sooner for those who are closer", async () => {
  const { scene, ann } = await givenScene();
  // Looks are spread out at random, near and far alike.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  onTestFinished(() => void vi.restoreAllMocks());
  const secondsFor = async (behind: number) =>
    refreshIn(await page(scene, ann, lateTicket(scene, ann.id, behind))) as number;
  const [far, near] = [await secondsFor(199), await secondsFor(1)];
  expect(near).toBeGreaterThanOrEqual(7);
  expect(far).toBeLessThanOrEqual(60);
  expect(far).toBeGreaterThanOrEqual(near);
});

test("is not found without such a sale, or without a line, and gone after the close", async () => {
  const plain = await putSale(aSale());
  const { scene, ann } = await givenScene();
  for (const saleId of [unique("none"), plain.id]) {
    expect(await see({ ...scene, saleId }, ann)).toMatchObject({ status: 404 });
    expect(await visit(pathOf({ saleId }), { buyer: ann, fields: {} })).toMatchObject({
      status: 404,
    });
  }
  givenClock(Date.parse(scene.sale.closesAt));
  const after = await see(scene, ann);
  expect(after.status).toBe(410);
  expect(after.headers.get("cache-control")).toMatch(/no-store/);
});

describe("the form", () => {
  test("gives a ticket in a cookie, and leads back to the page", async () => {
    const { scene, ann } = await givenScene();
    const answer = await visit(pathOf(scene), { buyer: ann, fields: {} });
    expect([answer.status, answer.location]).toEqual([303, pathOf(scene)]);
    const [, ticket = ""] =
      /^ticket-[^=]+=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "") ?? [];
    expect(standingIn(await page(scene, ann, ticket))).toBe("waiting");
  });

  test("leads a visitor who is signed out back to the page, without a ticket", async () => {
    const { scene } = await givenScene();
    const answer = await visit(pathOf(scene), { fields: {} });
    expect([answer.status, answer.location]).toEqual([303, pathOf(scene)]);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  test("gives no ticket to another site", async () => {
    const { scene, ann } = await givenScene();
    const answer = await visit(pathOf(scene), {
      buyer: ann,
      fields: {},
      origin: "https://evil.test",
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });
});
