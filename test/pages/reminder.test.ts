// The reminder of a sale's opening over HTTP: shared, cached, and only for sales that are not over.
import { beforeEach, expect, test } from "vitest";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { givenClock } from "../support/clock.ts";
import { ORIGIN, request, send } from "../support/http.ts";
import { redisCost } from "../support/redis.ts";
import { aSale, putSale, suppressLiveStock } from "../support/shop.ts";

const get = (path: string, headers: Record<string, string> = {}) =>
  send<string>(request("GET", path, { headers }));
/** The value of a property of the file. */
const property = (file: string, name: string) =>
  new RegExp(`^${name}:(.*)\r$`, "m").exec(file)?.[1];
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const inTwoHours = () => new Date(Date.now() + 7_200_000).toISOString();

beforeEach(suppressLiveStock);

test("is a calendar file that every cache may share, and costs no Redis command", async () => {
  givenClock(Date.now()); // frozen, so that no refresh becomes due while commands are counted
  const { id } = await putSale(aSale({ opensAt: inAnHour(), closesAt: inTwoHours() }));
  const path = `/sales/${id}/reminder.ics`;
  const { headers, body, status } = await get(path);
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/calendar; charset=utf-8");
  expect(headers.get("content-disposition")).toBe(`inline; filename="${id}.ics"`);
  expect(headers.get("cache-control")).toContain("public");
  expect(property(body, "SUMMARY")).toBe("A sale opens");
  expect(property(body, "URL")).toBe(`${ORIGIN}/sales/${id}`);
  const again = { "if-none-match": headers.get("etag") ?? "" };
  expect((await get(path, again)).status).toBe(304);
  expect((await redisCost(() => get(path))).commands).toBe(0);
});

test("is kept out of search engines for an unlisted sale alone", async () => {
  const robots = async (listed: boolean) => {
    const { id } = await putSale(aSale({ opensAt: inAnHour(), closesAt: inTwoHours(), listed }));
    return (await get(`/sales/${id}/reminder.ics`)).headers.get("x-robots-tag");
  };
  expect([await robots(true), await robots(false)]).toEqual([null, "noindex"]);
});

test("speaks the language of the page that links to it", async () => {
  const { id } = await putSale(aSale({ opensAt: inAnHour(), closesAt: inTwoHours() }));
  const { body } = await get(`/sales/${id}/reminder.ics?lang=de`);
  expect(property(body, "SUMMARY")).toBe("Verkaufsstart: A sale");
  expect(property(body, "URL")).toBe(`${ORIGIN}/sales/${id}?lang=de`);
});

test("is the same event in a later version once the sale moves", async () => {
  const clock = givenClock(Date.now());
  const sale = await putSale(aSale({ opensAt: inAnHour(), closesAt: inTwoHours() }));
  const path = `/sales/${sale.id}/reminder.ics`;
  const before = await get(path);
  clock.moveTo(Date.now() + 60_000);
  await putSale({ ...sale, opensAt: new Date(Date.now() + 1_800_000).toISOString() });
  dropSnapshot();
  const after = await get(path);
  expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
  expect(property(after.body, "UID")).toBe(property(before.body, "UID"));
  const [first, second] = [before, after].map(({ body }) => Number(property(body, "SEQUENCE")));
  expect(second).toBeGreaterThan(first ?? 0);
  expect(property(after.body, "DTSTART")).not.toBe(property(before.body, "DTSTART"));
});

test("is gone with the end of the sale, and never was for an unknown one", async () => {
  const past = (ms: number) => new Date(Date.now() - ms).toISOString();
  const { id } = await putSale(aSale({ opensAt: past(7_200_000), closesAt: past(3_600_000) }));
  const over = await get(`/sales/${id}/reminder.ics`);
  expect([over.status, over.headers.get("cache-control")]).toEqual([410, "private, no-store"]);
  expect((await get("/sales/unknown/reminder.ics")).status).toBe(404);
});
