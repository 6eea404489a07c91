// The address to which Stripe sends buyers back from their bank. It has a client secret in it, and claims a result.
import { afterEach, expect, test, vi } from "vitest";
import { aBuyer, type Buyer, bought, onSale, showOrder, until } from "../support/shop.ts";
import { visit } from "./form-client.ts";

const SECRET = "pi_3Nx_secret_Zq8Kd0PzVn";
const RETURN = `payment_intent=pi_3Nx&payment_intent_client_secret=${SECRET}&redirect_status=succeeded`;

afterEach(() => vi.restoreAllMocks());

async function held() {
  const buyer = await aBuyer();
  const { id } = await bought(buyer, await onSale({ price: 12_000 }));
  return { buyer, path: `/orders/${id}` };
}

test("removes Stripe's parameters before anything is shown, and logs none of them", async () => {
  const { buyer, path } = await held();
  const lines: string[] = [];
  for (const method of ["log", "warn", "error"] as const)
    vi.spyOn(console, method).mockImplementation((line) => void lines.push(String(line)));

  for (const [page, who] of [
    [path, buyer],
    [path, undefined],
    ["/orders", buyer],
    ["/orders/nothing", buyer],
  ] as const) {
    const { status, location, headers, html } = await visit(
      `${page}?${RETURN}`,
      who && { buyer: who },
    );
    expect([page, status, location]).toEqual([page, 303, `${page}#returned`]);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(JSON.stringify([...headers]) + html).not.toContain("secret");
  }
  expect(lines.join()).not.toContain("secret");
});

test("leads to the newest paid order of the item whose card was entered before the order", async () => {
  const buyer = await aBuyer();
  const [skuId, other] = [
    await onSale({ price: 900, perUserLimit: 3 }),
    await onSale({ price: 900 }),
  ];
  const token = { paymentToken: "tok_action_required" };
  const asked = await bought(buyer, skuId, token);
  await until("the bank asks", async () => {
    return (await showOrder(buyer, asked.id)).body.payment === "action_required";
  });
  await bought(buyer, skuId, { paymentToken: "tok_ok" });
  await bought(buyer, other, token);
  const leadsTo = async (who: Buyer | undefined, query: string) => {
    const { location, status } = await visit(`/orders?${query}&${RETURN}`, who && { buyer: who });
    expect(status).toBe(303);
    return location;
  };

  expect(await leadsTo(buyer, `sku=${skuId}`)).toBe(`/orders/${asked.id}#returned`);
  expect(await leadsTo(buyer, "sku=unknown")).toBe("/orders#returned");
  expect(await leadsTo(await aBuyer(), `sku=${skuId}`)).toBe("/orders#returned");
  expect(await leadsTo(undefined, `sku=${skuId}`)).toBe("/orders#returned");
});

test("changes nothing, whatever the address claims", async () => {
  const { buyer, path } = await held();
  const before = await visit(path, { buyer });

  await visit(`${path}?${RETURN}`, { buyer });

  const stateIn = ({ html }: { html: string }) =>
    /data-status="\w+" data-payment="\w*"/.exec(html)?.[0];
  expect(stateIn(await visit(path, { buyer }))).toBe(stateIn(before));
  expect(stateIn(before)).toBe('data-status="reserved" data-payment=""');
});

test.each([
  "/orders/%0d%0aSet-Cookie:x=y",
  "/orders/%2f%2fevil.test",
  "/orders/%E2%82%AC",
  "/orders/%",
])("never leads to another site or fails: %s", async (path) => {
  const { status, location, headers } = await visit(`${path}?${RETURN}`);
  expect(status).toBeLessThan(500);
  expect(location).toMatch(/^\/orders\/[^/\\]*#returned$|^$/);
  expect(headers.get("set-cookie")).toBeNull();
});
