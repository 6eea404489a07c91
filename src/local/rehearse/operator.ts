// The operator who changes a sale and refunds orders while buyers order. Everything is stored in the scenario's context
// with the earliest and the latest time at which it took effect.
import {
  type Answer,
  expectOk,
  type Ledger,
  type LedgerOrder,
  type PublicSale,
  type RefundReceipt,
  type SaleView,
} from "../client.ts";
import type { SaleVersion, ScenarioContext } from "./scenario.ts";
import { sendWithRetry } from "./send.ts";

type Sku = PublicSale["skus"][number];
/** Changes to a sale with one SKU. */
export type Edit = Partial<
  Pick<PublicSale, "closesAt"> & Pick<Sku, "stock" | "perUserLimit" | "unitPrice">
>;

/** What to refund of an order. Without `quantity`: all units that are left. */
export interface RefundOf {
  quantity?: number;
  backOnSale: boolean;
}

export class Operator {
  readonly #context: ScenarioContext;

  constructor(context: ScenarioContext) {
    this.#context = context;
  }

  /** The current version of the sale. */
  get sale(): PublicSale {
    return (this.#context.history.at(-1) as SaleVersion).sale;
  }

  get sku(): Sku {
    return this.sale.skus[0] as Sku;
  }

  /** Number of units held or sold. */
  async committed(): Promise<number> {
    const { held, sold } = await this.#ledger();
    return held + sold;
  }

  /** Reads the sale, changes it and writes it back with If-Match. `expected` lists codes or statuses. */
  async edit({ closesAt, ...terms }: Edit, expected = ["200"]): Promise<void> {
    const { client, saleId, history } = this.#context;
    const read = await client.admin<SaleView>("GET", `/sales/${saleId}`);
    const document = expectOk(read);
    const [sku] = document.skus;
    const sale = {
      ...document,
      ...(closesAt !== undefined && { closesAt }),
      skus: [{ ...(sku as Sku), ...terms }],
    };
    const etag = read.headers.get("etag");
    const headers = etag === null ? {} : { "if-match": etag };
    const put = () => client.admin("PUT", `/sales/${saleId}`, sale, headers);
    const answer = await this.#send(put, expected);
    if (answer.status === 200) {
      history.push({ ...during(answer), sale });
    }
    await this.#ledger();
  }

  async restock(quantity: number): Promise<void> {
    const { client, run, history } = this.#context;
    const { sale, sku } = this;
    const headers = { "idempotency-key": `${run}-restock` };
    const restock = () => client.admin("POST", `/skus/${sku.id}/restock`, { quantity }, headers);
    const answer = await this.#send(restock, ["200"]);
    const skus = [{ ...sku, stock: sku.stock + quantity }];
    history.push({ ...during(answer), sale: { ...sale, skus } });
    await this.#ledger();
  }

  /**
   * Refunds units of an order, or all that are left, and sends the request twice, as a double click does. The units and the
   * money return once the provider confirms it.
   */
  async refund(order: LedgerOrder, { quantity, backOnSale }: RefundOf): Promise<void> {
    const { client, recorder, run, refunds } = this.#context;
    const earlier = refunds.filter(({ id }) => id === order.id);
    const headers = { "idempotency-key": `${run}-refund-${earlier.length}` };
    const body = { ...(quantity !== undefined && { quantity }), backOnSale, reason: "rehearsal" };
    const path = `/orders/${order.id}/refund`;
    const send = () => client.admin<RefundReceipt>("POST", path, body, headers);
    const answers = await Promise.all([1, 2].map(() => sendWithRetry(recorder, "refund", send)));
    const accepted = answers.find((answer) => answer?.status === 202);
    if (!accepted) return;
    const { id } = order;
    const { quantity: units } = accepted.body;
    const { sentAt } = accepted;
    refunds.push({ id, quantity: units, backOnSale, sentAt, returnedAt: Number.POSITIVE_INFINITY });
  }

  /** Adds a deny rule for a user. Returns a function that removes it. */
  async deny(user: string): Promise<() => Promise<void>> {
    const { client, denials } = this.#context;
    const path = `/denylist/user/${encodeURIComponent(user)}`;
    const answer = await this.#send(() => client.admin("PUT", path), ["200"]);
    const denial = { user, ...during(answer), liftSentAt: Infinity, liftedAt: Infinity };
    denials.push(denial);
    return async () => {
      const lifted = await this.#send(() => client.admin("DELETE", path), ["204"]);
      const { sentAt, answeredAt } = during(lifted);
      Object.assign(denial, { liftSentAt: sentAt, liftedAt: answeredAt });
    };
  }

  async #ledger(): Promise<Ledger> {
    const ledger = await this.#context.client.ledger(this.sku.id);
    this.#context.ledgers.push(ledger);
    return ledger;
  }

  /** Throws if no answer arrives: with the state of the sale unknown, the proofs would be meaningless. */
  async #send(send: () => Promise<Answer>, expected: string[]): Promise<Answer> {
    const answer = await sendWithRetry(this.#context.recorder, "admin change", send, { expected });
    if (answer === undefined) {
      throw new Error(
        "The instance did not answer an admin request, so the state of the sale is unknown.",
      );
    }
    return answer;
  }
}

const during = ({ sentAt, ms }: Answer) => ({ sentAt, answeredAt: sentAt + ms });
