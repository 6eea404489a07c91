// Small pieces that several pages share: prices, times, the state of a sale, the sign-in form.
import type { Money, Sale, SaleState } from "../../catalog/schema.ts";
import { formatMoney, formatTime } from "../format.ts";

export const Price = ({ money, class: name }: { money: Money; class?: string }) =>
  money.amount === 0 ? (
    <span class={name}>Free</span>
  ) : (
    <data class={name} value={String(money.amount)} data-currency={money.currency}>
      {formatMoney(money)}
    </data>
  );

export const Time = ({ at }: { at: string }) => (
  <time datetime={at} data-local>
    {formatTime(at)}
  </time>
);

const STATE_WORDS: Record<SaleState, string> = {
  upcoming: "Opens soon",
  open: "Open now",
  closed: "Ended",
};

export const StateBadge = ({ state }: { state: SaleState }) => (
  <p class="badge" data-badge={state}>
    {STATE_WORDS[state]}
  </p>
);

/** When the sale runs, in words that stay true whenever they are read. */
export const Window = ({ sale }: { sale: Pick<Sale, "opensAt" | "closesAt"> }) => (
  <dl class="window">
    <div>
      <dt>Opens</dt>
      <dd>
        <Time at={sale.opensAt} />
      </dd>
    </div>
    <div>
      <dt>Closes</dt>
      <dd>
        <Time at={sale.closesAt} />
      </dd>
    </div>
  </dl>
);

/** The demo's sign-in; in production the shop's own identity provider signs buyers in. */
export const SignIn = ({ next, demo }: { next: string; demo: boolean }) =>
  demo ? (
    <form class="stack" method="post" action="/login" data-login>
      <input type="hidden" name="next" value={next} />
      <label class="field">
        <span>Your name</span>
        <input
          name="user"
          required
          maxlength={128}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
        />
      </label>
      <p class="hint">This is a demo: any name will do, and no password is asked.</p>
      <p class="alert" role="alert" data-login-fault hidden></p>
      <button class="action" type="submit">
        Sign in
      </button>
    </form>
  ) : (
    <p>Sign in at the shop, then come back to this page.</p>
  );
