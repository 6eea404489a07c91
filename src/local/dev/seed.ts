// The demo sales of a new local instance: an open sale, one with sizes, and an upcoming one with a line. They are written through the admin
// API. An existing sale is never changed.
import { type AdminSaleList, type Client, expectOk, type SaleInput } from "../client.ts";

const DAY_MS = 86_400_000;

/** The demo sales. Their times are relative to `now`, in milliseconds since 1970. */
export function demoSales(now: number): SaleInput[] {
  const day = (offset: number) => new Date(now + offset * DAY_MS).toISOString();
  const theme = { accent: "#1d3fbf", seller: "Harbor Roasters" };
  const usd = (amount: number) => ({ amount, currency: "USD" });
  return [
    {
      id: "demo",
      title: "Harbor Roasters: the opening weekend",
      description:
        "We open on Pier 9 with a hundred free tasting passes and twenty pairs of the sneaker we " +
        "made with the shoemaker next door. When they are gone, they are gone.",
      theme,
      opensAt: new Date(now).toISOString(),
      closesAt: day(365),
      admission: { mode: "open" },
      skus: [
        {
          id: "coupon",
          name: "Tasting pass: any coffee, on the house",
          unitPrice: usd(0),
          stock: 100,
          perUserLimit: 1,
          holdSeconds: 300,
        },
        {
          id: "sneaker",
          name: "Dockside Low, sand and ink, numbered pair",
          unitPrice: usd(12_000),
          stock: 20,
          perUserLimit: 1,
          holdSeconds: 300,
        },
      ],
    },
    {
      id: "next-drop",
      title: "Night shift: one concert, 250 seats",
      description:
        "The roastery after hours, with the Lena Okafor Trio. Two seats per person. Join the line " +
        "before the box office opens: everyone who does has the same chance.",
      theme,
      opensAt: day(7),
      closesAt: day(8),
      // People can join at once.
      admission: { mode: "draw", ratePerSecond: 5, registrationOpensAt: day(0) },
      skus: [
        {
          id: "night-seat",
          name: "Seat, any row",
          unitPrice: usd(3_500),
          stock: 250,
          perUserLimit: 2,
          holdSeconds: 600,
        },
      ],
    },
    jacketSale(day),
  ];
}

/** The sizes of the jacket and their stock: one is sold out, and one nearly. */
const JACKETS = { XS: 6, S: 2, M: 0, L: 12, XL: 9, XXL: 4 };

/** An open sale of one product in sizes. */
const jacketSale = (day: (offset: number) => string): SaleInput => ({
  id: "jackets",
  title: "The dock jacket, in six sizes",
  description: "Waxed cotton, cut for early mornings on the pier. Each size has its own stock.",
  theme: { accent: "#0b5d4e", seller: "Harbor Roasters" },
  opensAt: day(0),
  closesAt: day(366),
  admission: { mode: "open" },
  products: [{ id: "jacket", name: "Dock jacket" }],
  skus: Object.entries(JACKETS).map(([option, stock]) => ({
    ...{ id: `jacket-${option.toLowerCase()}`, name: `Dock jacket ${option}`, stock },
    ...{ product: "jacket", option, perUserLimit: 2, holdSeconds: 300 },
    unitPrice: { amount: 9_000, currency: "USD" },
    compareAtPrice: { amount: 12_000, currency: "USD" },
  })),
});

/**
 * Adds the missing demo sales. Adds none to a `shared` database (one that other people may use) that has any sale.
 * @returns the ids of the added sales, and notes about those that were not added
 */
export async function seed(
  client: Client,
  shared: boolean,
): Promise<{ seeded: string[]; notes: string[] }> {
  const { sales } = expectOk(await client.admin<AdminSaleList>("GET", "/sales"));
  if (shared && sales.length > 0) {
    return { seeded: [], notes: ["The database already has sales. No demo sale was added."] };
  }
  const seeded: string[] = [];
  const notes: string[] = [];
  for (const sale of demoSales(Date.now())) {
    const absent = { "if-none-match": "*" };
    const answer = await client.admin("PUT", `/sales/${sale.id}`, sale, absent);
    if (answer.status === 412) continue;
    if (answer.status === 400) {
      // The developer has moved one of its SKUs to another sale.
      notes.push(`The demo sale ${sale.id} was not added: ${JSON.stringify(answer.body)}`);
      continue;
    }
    expectOk(answer);
    seeded.push(sale.id);
  }
  return { seeded, notes };
}
