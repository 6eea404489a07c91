// The console's page of a preflight, without a browser: it runs on request only, and says ready or what to do.
import { beforeEach, expect, test } from "vitest";
import {
  expectOperatorsOnly,
  pageText,
  postForm,
  showPage,
  signedIn,
} from "../../support/console.ts";
import { ADMIN_TOKEN, VIEWER_TOKEN } from "../../support/http.ts";
import { emptyRedis, KEYS, redis, redisIsBack, redisIsDown } from "../../support/redis.ts";
import { aSale, aSku, putSale } from "../../support/shop.ts";

let cookie = "";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
  cookie = await signedIn(ADMIN_TOKEN);
});

async function given() {
  const sale = await putSale(aSale({ skus: [aSku({ price: 1_200 })] }));
  const path = `/admin/sales/${sale.id}/preflight`;
  return { path, run: (expected = "") => postForm(path, { expected }, { cookie }) };
}

/** The check writes this key. */
const hasRun = async () => (await redis<number>("EXISTS", KEYS.ready)) === 1;

test("runs the checks when the button is pressed, and says that the sale is ready", async () => {
  const { path, run } = await given();
  expect(await pageText(path, cookie)).toContain("Run the checks");
  expect(await hasRun()).toBe(false);
  const { status, body } = await run();
  expect(status).toBe(200);
  expect(await hasRun()).toBe(true);
  expect(body).toContain("<strong>Ready</strong>");
  for (const name of ["sale", "objects", "redis", "queues", "payments", "webhook"]) {
    expect(body).toContain(`<th scope="row">${name}</th>`);
  }
  expect(body).not.toContain("capacity</th>");
});

test("says whether the platform bears the expected crowd", async () => {
  const { run } = await given();
  const { body } = await run("1000000");
  expect(body).toContain("Ready</strong> for 1000000 people");
  expect(body).toContain("object-capacity");
  expect(body).toContain("Give the sale a line");
});

test("says what to do while Redis is down", async () => {
  const { run } = await given();
  await redisIsDown();
  const { status, body } = await run();
  expect(status).toBe(200);
  expect(body).toContain("<strong>Not ready</strong>");
  expect(body).toContain('<strong class="fault">not ready</strong>');
});

test.each(["0", "-5", "many", "1.5", "99999999999"])(
  "says what is wrong with a crowd of %s, and runs nothing",
  async (expected) => {
    const { run } = await given();
    const { status, body } = await run(expected);
    expect(status).toBe(400);
    expect(body).toContain("expected: ");
    expect(body).toContain(`value="${expected}"`);
    expect(await hasRun()).toBe(false);
  },
);

test("says that there is no such sale", async () => {
  const path = "/admin/sales/unknown/preflight";
  expect((await showPage(path, cookie)).status).toBe(404);
  expect((await postForm(path, {}, { cookie })).status).toBe(404);
});

test("shows a viewer no button, and runs for operators only", async () => {
  const { path } = await given();
  const { body } = await showPage(path, await signedIn(VIEWER_TOKEN));
  expect(body).toContain("An operator can run it");
  expect(body).not.toContain(`action="${path}"`);
  await expectOperatorsOnly(path, {});
  expect(await hasRun()).toBe(false);
});
