// The visitor's ticket: kept in this browser, carried over from another device by a link, and shown to the server, which
// answers where its owner stands. The server also keeps it in a cookie, which travels with every order. Each account
// that joins in this browser keeps a ticket of its own.
import type { ApiResponse } from "./api.ts";
import type { LineHost } from "./panel-host.ts";

/** The answer of `POST /api/sales/{saleId}/tickets`, as far as it is used here. */
export interface OwnStanding {
  ticket: string;
  place: number | null;
  userId: string;
}

/** The purchase that the visitor wants at their turn. */
export interface Choice {
  skuId: string;
  quantity: number;
}

interface Account {
  userId: string;
  ticket: string;
  choice?: Choice | undefined;
}

/** The fragment of a link that carries a ticket. Browsers send no fragment to any server. */
const FRAGMENT = /^#ticket=([\w.-]{1,200})$/;

export class TicketStore {
  /** The key in local storage. */
  readonly key: string;
  readonly #host: Pick<LineHost, "saleId" | "call">;
  /** The accounts that joined here, the last one first. Replaces local storage where that is blocked. */
  #known: Account[] = [];
  /** A ticket from another device that the server has not seen yet. */
  carried: string | undefined;

  constructor(host: Pick<LineHost, "saleId" | "call">) {
    this.key = `line:${host.saleId}`;
    this.#host = host;
  }

  /** Other tabs write, too. */
  get #accounts(): Account[] {
    try {
      const stored = JSON.parse(localStorage.getItem(this.key) ?? "");
      return Array.isArray(stored) ? stored : this.#known;
    } catch {
      return this.#known;
    }
  }

  set #accounts(accounts: Account[]) {
    this.#known = accounts;
    try {
      localStorage.setItem(this.key, JSON.stringify(accounts));
    } catch {
      // Storage is blocked. The cookie has the ticket.
    }
  }

  get isEmpty(): boolean {
    return this.#accounts.length === 0;
  }

  /** Takes the ticket out of the page's address. */
  adoptFromAddress(): void {
    const ticket = FRAGMENT.exec(location.hash)?.[1];
    if (!ticket) return;
    history.replaceState(null, "", location.pathname + location.search);
    this.carried = ticket;
  }

  /** A link that carries the ticket of the account that asked last to another device. */
  get link(): string {
    return `${location.origin}/sales/${this.#host.saleId}#ticket=${this.#accounts[0]?.ticket ?? ""}`;
  }

  /**
   * Asks where the signed-in account stands, and joins the line for it if `join`.
   *
   * @param headers of a solved challenge
   */
  async show(join: boolean, headers: Record<string, string>): Promise<ApiResponse<OwnStanding>> {
    const shown = this.carried ?? this.#accounts[0]?.ticket;
    const answer = await this.#send(shown, join, headers);
    // Only the server's answer is stored: anyone can write a link.
    if (answer.ok || answer.body.code === "ticket_required") this.carried = undefined;
    if (!answer.ok) return answer;
    const { userId, ticket } = answer.body;
    const kept = this.#accounts.find((account) => account.userId === userId);
    this.#save({ ...kept, userId, ticket });
    // The account was not the last one here, so its ticket was not shown, and its cookie may be gone.
    if (!kept || kept.ticket === shown || kept.ticket === ticket) return answer;
    const earliest = await this.#send(kept.ticket, join, headers);
    this.#save(earliest.ok ? { ...kept, ticket: earliest.body.ticket } : kept);
    return earliest.ok ? earliest : answer;
  }

  #send(ticket: string | undefined, join: boolean, headers: Record<string, string>) {
    const { saleId, call } = this.#host;
    return call<OwnStanding>("POST", `/sales/${saleId}/tickets`, {
      body: { ticket, join },
      headers,
    });
  }

  #save(account: Account): void {
    const others = this.#accounts.filter(({ userId }) => userId !== account.userId);
    this.#accounts = [account, ...others];
  }

  /** The choice of this account. Survives a reload. */
  choiceOf(userId: string): Choice | undefined {
    return this.#accounts.find((account) => account.userId === userId)?.choice;
  }

  choose(userId: string, choice: Choice | undefined): void {
    this.#accounts = this.#accounts.map((account) =>
      account.userId === userId ? { ...account, choice } : account,
    );
  }
}
