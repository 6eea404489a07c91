// What the fields of requests mean, where their schemas do not say it: schemas that validate carry no words into the Worker.
import type { JsonSchema } from "./schemas.ts";

const SKU = {
  product: "The id of the product of which this SKU is an option.",
  option: "What tells the SKU from the others of its product, such as its size.",
  imageAlt: "Alternative text of the picture, for people who do not see it.",
  compareAtPrice: "An earlier or recommended price, shown struck through.",
  stock: "Units put on sale in total. A restock adds to it.",
  perUserLimit: "The most units for one person.",
  holdSeconds: "How long a reserved order keeps its units for its buyer to pay.",
  lanes:
    "Objects that share the SKU, so that it takes more orders per second. It can be changed at any time. Absent: 1.",
};

const SALE = {
  description: "Markdown, without HTML.",
  listed: "`false`: no list names the sale. It is reachable and sold by its address.",
  rehearsal:
    "Only synthetic people, whom the operator signs, can buy, for free or with play money. The sale is unlisted, its id begins " +
    "with `rehearsal-`, it is open for two hours at most, and it removes itself after its end.",
  language: "The language of the texts, as a BCP 47 tag such as `de`.",
  theme: "The shop's branding of the sale's page.",
  opensAt: "From this time on.",
  closesAt: "Until just before this time.",
  admission: "Whether people come through a line.",
  perUserLimit:
    "The most units of all SKUs together for one person. Absent: only the limits of the SKUs count.",
  products: "Things whose SKUs are options, such as sizes. They share one card on the page.",
};

const PROTECTION = {
  limits: "How many requests a person and an address may send.",
  challenge:
    "Who solves a challenge first. `threshold`: the risk, 0 to 100, from which `by-score` asks for one.",
  autoBlock: "Counts within ten minutes that lead to a block.",
};

const NOTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Sale: SALE,
  SaleView: { ...SALE, protection: "Rate limits, challenges, and automatic blocks." },
  SaleDocument: { ...SALE, protection: "Rate limits, challenges, and automatic blocks." },
  Sku: SKU,
  SkuView: SKU,
  SkuDocument: SKU,
  Product: {
    description: "Markdown, without HTML.",
    imageAlt: SKU.imageAlt,
    moreImages: "Pictures that follow `imageUrl` in the gallery.",
  },
  Protection: PROTECTION,
  ProtectionInput: PROTECTION,
  Line: {
    frontier: "Everyone whose place is at or below it is admitted. 0 before anyone is.",
    registered: "People with a ticket: an estimate above 4,096.",
    waiting: "Those of them who are not admitted yet.",
    admittedPerSecond: "As measured over the last 30 seconds.",
    ratePerSecond: "The operator's rate, which is the most.",
    arrivals:
      "How many people have a place up to each point: `[place, people]`, places strictly increasing.",
    paused: "Whether nobody is admitted for the moment.",
    over: "Whether nobody else will be admitted.",
    mayReturn: "Whether nothing is free, but held units may come back.",
    notice: "The operator's text, else `beacon_late` while the draw waits for the beacon.",
    pollSeconds: "How soon those next in line should look again.",
    soonestEndSeconds:
      "The line cannot be over sooner after `asOf`, unless units sell faster than lately.",
    historyHash: "The last link of the chain over all positions of the frontier so far.",
  },
  OrderRequest: {
    paymentToken: "The payment method, if it comes with the order.",
    ticket: "The place in line, if the sale has one.",
    unitPrice: "The price that the buyer saw. Another one now: 409 `price_changed`.",
  },
  PaymentRequest: { paymentToken: "The payment method, as the provider names it." },
  TicketRequest: {
    ticket: "A ticket that the person already has.",
    join: "`false`: only ask where one stands.",
  },
  PaymentResult: {
    orderId: "The id in the path once more: the signature covers the body, but not the path.",
    reference: "Your id of the charge. A refund has the reference of its charge.",
    amount: "It must be the order's `total`.",
  },
  PreviewLinkRequest: { validSeconds: "How long the link works, in seconds." },
  LineChange: {
    ratePerSecond: "People admitted per second.",
    paused: "Whether nobody is admitted for the moment.",
    notice: "Shown to everyone who waits. Null removes it.",
  },
  RefundRequest: {
    quantity: "Absent: all units that are left.",
    backOnSale: "Whether the units are sold again. Otherwise they leave the stock.",
    reason: "For the shop's records. Buyers never see it.",
  },
  RestockRequest: { quantity: "Units to add. Below 0: free units to remove." },
  RuleRequest: { seconds: "How long the rule lasts. Absent: until it is removed." },
};

/** Adds the notes to the components. Throws if a component or field is gone. */
export function addNotes(components: Record<string, JsonSchema>): void {
  for (const [name, notes] of Object.entries(NOTES)) {
    const properties = (components[name]?.properties ?? {}) as Record<string, JsonSchema>;
    for (const [field, description] of Object.entries(notes)) {
      const property = properties[field];
      if (!property) throw new Error(`there is no field ${name}.${field} to describe`);
      property.description ??= description;
    }
  }
}
