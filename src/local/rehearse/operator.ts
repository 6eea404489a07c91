// The operator of a sale while people buy from it. Every change goes into the stage's notes with the time from
// which it may hold and the time from which it must.
import { type Answer, expectOk, type Ledger, type PublicSale, type SaleView } from "../client.ts";
import { patiently } from "./patience.ts";
import type { Change, Stage } from "./scene.ts";

type Sku = PublicSale["skus"][number];
/** What may change about a sale with one SKU. */
export type Edit = Partial<
  Pick<PublicSale, "closesAt"> & Pick<Sku, "stock" | "perUserLimit" | "unitPrice">
>;

export class Operator {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The sale as it is now. */
  get sale(): PublicSale {
    return (this.#stage.history.at(-1) as Change).sale;
  }

  get sku(): Sku {
    return this.sale.skus[0] as Sku;
  }

  /** Units that are held or sold. */
  async committed(): Promise<number> {
    const { held, sold } = await this.#ledger();
    return held + sold;
  }

  /**
   * Reads the document, changes it and puts it back, as long as nobody else did meanwhile. `possible`: what
   * the instance may say to it.
   */
  async edit({ closesAt, ...terms }: Edit, possible = ["200"]): Promise<void> {
    const { client, saleId, history } = this.#stage;
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
    const answer = await this.#send(put, possible);
    if (answer.status === 200) {
      history.push({ ...during(answer), sale });
    }
    await this.#ledger();
  }

  async restock(quantity: number): Promise<void> {
    const { client, run, history } = this.#stage;
    const { sale, sku } = this;
    const headers = { "idempotency-key": `${run}-restock` };
    const restock = () => client.admin("POST", `/skus/${sku.id}/restock`, { quantity }, headers);
    const answer = await this.#send(restock, ["200"]);
    const skus = [{ ...sku, stock: sku.stock + quantity }];
    history.push({ ...during(answer), sale: { ...sale, skus } });
    await this.#ledger();
  }

  /** Denies a user. What it returns lifts the rule again. */
  async deny(user: string): Promise<() => Promise<void>> {
    const { client, denials } = this.#stage;
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
    const ledger = await this.#stage.client.ledger(this.sku.id);
    this.#stage.ledgers.push(ledger);
    return ledger;
  }

  /** Nobody can say what holds after a change whose outcome is unknown, so there must be one. */
  async #send(send: () => Promise<Answer>, possible: string[]): Promise<Answer> {
    const answer = await patiently(this.#stage.record, "edit", send, { possible });
    if (answer === undefined) {
      throw new Error("The instance does not answer its operator.");
    }
    return answer;
  }
}

const during = ({ sentAt, ms }: Answer) => ({ sentAt, answeredAt: sentAt + ms });
