// The console's page of alerts, without a browser: what it shows, the test of the receiver, and viewers.
import { beforeEach, expect, test } from "vitest";
import { emptyWatch, evaluate, givenDay, givenReceiver } from "../alerts/watch.ts";
import { expectOperatorsOnly, pageText, postForm, showPage, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, VIEWER_TOKEN } from "../support/http.ts";
import { emptyRedis, KEYS, redis } from "../support/redis.ts";
import { aSale, putSale } from "../support/shop.ts";

beforeEach(emptyRedis);
beforeEach(emptyWatch);

const PAGE = "/admin/alerts";
const TEST = `${PAGE}/test`;
const TITLE = "Messages could not be processed";

async function givenAlert() {
  givenDay();
  const sale = await putSale(aSale());
  await redis("HSET", KEYS.deadLetters, "letter", "{}");
  await evaluate();
  return sale;
}

test("shows what is wrong, what to do, and whether the team was told", async () => {
  await givenReceiver(() => 500);
  const { id } = await givenAlert();
  const cookie = await signedIn(VIEWER_TOKEN);
  for (const path of [PAGE, `${PAGE}/lists`]) {
    const { body } = await showPage(path, cookie);
    for (const text of [TITLE, "replay or discard each", "1 letter", "the receiver answered 500"]) {
      expect(body).toContain(text);
    }
  }
  for (const path of [`/admin/sales/${id}`, `/admin/sales/${id}/figures`]) {
    expect(await pageText(path, cookie)).toContain(TITLE);
  }
});

test("says that nothing is wrong, and that no receiver is set", async () => {
  const { body } = await showPage(PAGE, await signedIn(ADMIN_TOKEN));
  for (const text of ["Nothing is wrong", "No alert has ended", "ALERT_WEBHOOK_URL is not set"]) {
    expect(body).toContain(text);
  }
  expect(body).not.toContain(TEST);
});

test("tests the receiver, and says whether it accepted the test", async () => {
  const received = await givenReceiver((seen) => (seen === 1 ? 204 : 404));
  const cookie = await signedIn(ADMIN_TOKEN);
  expect(await pageText(PAGE, cookie)).toContain(`action="${TEST}"`);
  const accepted = await postForm(TEST, {}, { cookie });
  expect([accepted.status, accepted.location]).toEqual([303, `${PAGE}?done=test`]);
  expect(await pageText(`${PAGE}?done=test`, cookie)).toContain("accepted the test");
  const refused = await postForm(TEST, {}, { cookie });
  expect(refused.status).toBe(503);
  expect(refused.body).toContain("Not delivered: the receiver answered 404");
  expect(received).toHaveLength(2);
});

test("sends a test for operators on this site only", async () => {
  const received = await givenReceiver();
  await expectOperatorsOnly(TEST, {});
  expect(received).toEqual([]);
  expect(await pageText(PAGE, await signedIn(VIEWER_TOKEN))).not.toContain(TEST);
});
