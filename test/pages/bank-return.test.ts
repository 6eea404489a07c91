// The address to which Stripe sends buyers back from their bank. It has a client secret in it, and claims a result.
import { afterEach, expect, test, vi } from "vitest";
import { aBuyer, bought, onSale } from "../support/shop.ts";
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
