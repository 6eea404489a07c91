// The visitor's ticket: kept in this browser, carried over from another device by a link, and shown to the server, which
// answers where its owner stands. The server also keeps it in a cookie, which travels with every order.
import type { ApiResponse } from "./api.ts";
import type { LineHost } from "./line-host.ts";

/** The answer of `POST /api/sales/{saleId}/tickets`, as far as it is used here. */
export interface OwnStanding {
  ticket: string;
  place: number | null;
  /** The signed-in person, for checking the draw. */
  userId?: string;
}

/** The fragment of a link that carries a ticket. Browsers send no fragment to any server. */
const FRAGMENT = /^#ticket=([\w.-]{1,200})$/;

const storage = {
  get: (key: string): string | undefined => {
    try {
      return localStorage.getItem(key) ?? undefined;
    } catch {
      return undefined; // storage is blocked; the cookie has the ticket
    }
  },
  set: (key: string, value: string | undefined): void => {
    try {
      if (value === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // Storage is blocked.
    }
  },
};

/** What the visitor wants to buy at their turn. */
export interface Choice {
  skuId: string;
  quantity: number;
}

export class TicketStore {
  readonly #key: string;
  readonly #host: Pick<LineHost, "saleId" | "call">;
  /** The ticket that this page shows, in case that storage is blocked, or the server does not know it yet. */
  #ticket: string | undefined;

  constructor(host: Pick<LineHost, "saleId" | "call">) {
    this.#key = `ticket:${host.saleId}`;
    this.#host = host;
    this.#ticket = storage.get(this.#key);
  }

  get isEmpty(): boolean {
    return this.#ticket === undefined;
  }

  /** Adopts the ticket in the page's address, and removes it from there. Returns whether there was one. */
  adoptFromAddress(): boolean {
    const ticket = FRAGMENT.exec(location.hash)?.[1];
    if (!ticket) return false;
    history.replaceState(null, "", location.pathname + location.search);
    // The server keeps the earlier one of this and the cookie's. Only its answer is stored: anyone can write such a link.
    this.#ticket = ticket;
    return true;
  }

  /** A link that carries the ticket to another device. */
  get link(): string {
    return `${location.origin}/sales/${this.#host.saleId}#ticket=${this.#ticket ?? ""}`;
  }

  /** Joins the line, or asks where the owner of the stored ticket stands. `headers`: of a solved challenge. */
  async show(headers: Record<string, string> = {}): Promise<ApiResponse<OwnStanding>> {
    const { saleId, call } = this.#host;
    const answer = await call<OwnStanding>("POST", `/sales/${saleId}/tickets`, {
      body: { ticket: this.#ticket },
      headers,
    });
    if (answer.ok) {
      this.#ticket = answer.body.ticket;
      storage.set(this.#key, this.#ticket);
    }
    return answer;
  }

  /** Survives a reload. */
  get choice(): Choice | undefined {
    try {
      return JSON.parse(storage.get(`${this.#key}:buy`) ?? "") as Choice;
    } catch {
      return undefined;
    }
  }

  set choice(choice: Choice | undefined) {
    storage.set(`${this.#key}:buy`, choice && JSON.stringify(choice));
  }
}

const NO_CONNECTION = "No connection. You keep your place.";

/** `standing`: undefined if nothing new is known, null if nobody is signed in. `fault`: what to tell the visitor. */
interface Shown {
  standing: OwnStanding | null | undefined;
  fault: string;
}

/**
 * Shows the ticket to the server, or gets one.
 *
 * @param slot where a challenge can be shown; false if the visitor pressed nothing, and is asked nothing
 */
export async function showTicket(
  tickets: TicketStore,
  { visitHeaders, signIn, challenge: panelIn }: LineHost,
  slot: HTMLElement | false,
): Promise<Shown> {
  let solution: string | undefined;
  for (;;) {
    const solved = solution ? { "challenge-token": solution } : {};
    const answer = await tickets.show({ ...(await visitHeaders()), ...solved });
    if (answer.ok) return { standing: answer.body, fault: "" };
    if (answer.status === 401) {
      if (slot && (await signIn())) continue;
      return { standing: null, fault: "" };
    }
    const { code, challenge, detail = "" } = answer.body;
    if (slot && code === "challenge_required" && challenge) {
      solution = await (await panelIn(slot))?.solve(challenge, solution);
      if (solution !== undefined) continue;
    }
    const isSilent = !slot && answer.status > 0;
    return {
      standing: undefined,
      fault: answer.status === 0 ? NO_CONNECTION : isSilent ? "" : detail,
    };
  }
}
