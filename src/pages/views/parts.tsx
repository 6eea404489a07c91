// Small pieces that several pages share: prices, times, the state of a sale, signing in.
import type { Sale } from "../../catalog/schema.ts";
import type { Config } from "../../config.ts";
import type { Money } from "../../money.ts";
import { BADGES, type Shown } from "../copy/sale.ts";
import { formatMoney, formatTime } from "../format.ts";

export const Price = ({ money, class: name }: { money: Money; class?: string }) =>
  money.amount === 0 ? (
    <span class={name}>Free</span>
  ) : (
    <data class={name} value={String(money.amount)} data-currency={money.currency}>
      {formatMoney(money)}
    </data>
  );

/** `clock`: in the visitor's own zone the time of day says enough. */
export const Time = ({ at, clock = false }: { at: string; clock?: boolean }) => (
  <time datetime={at} data-local={clock ? "clock" : ""}>
    {formatTime(at)}
  </time>
);

export const StateBadge = ({ state }: { state: Shown }) => (
  <p class="badge" data-badge={state}>
    {BADGES[state]}
  </p>
);

/** Who sells, and what else a buyer may want to read before paying. */
export const Seller = ({ theme }: { theme: Sale["theme"] }) =>
  theme?.seller || theme?.links?.length ? (
    <p class="seller">
      {theme.seller ? <span dir="auto">Sold by {theme.seller}</span> : null}
      {theme.links?.map(({ label, url }) => (
        <a href={url} rel="noopener" dir="auto">
          {label}
        </a>
      ))}
    </p>
  ) : null;

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
      <dt>Ends</dt>
      <dd>
        <Time at={sale.closesAt} />
      </dd>
    </div>
  </dl>
);

/** How buyers sign in on this deployment: as anybody they like, or at the shop's own page. */
export interface SignInWays {
  demo: boolean;
  url: string | undefined;
}

export const signInWays = (config: Pick<Config, "DEMO_LOGIN" | "LOGIN_URL">): SignInWays => ({
  demo: config.DEMO_LOGIN,
  url: config.LOGIN_URL,
});

interface SignInProps {
  ways: SignInWays;
  /** The path to come back to. */
  next: string;
  /** Ours; unknown to a page that is the same for everybody, where browser code adds the way back. */
  origin?: string;
}

export const SignIn = ({ ways, next, origin }: SignInProps) => {
  if (ways.demo) return <DemoSignIn next={next} />;
  if (ways.url) return <ShopSignIn url={new URL(ways.url)} back={origin && origin + next} />;
  return (
    <p class="alert">
      Sign-in isn't set up yet, so nothing can be bought here. If this is your site, set{" "}
      <code>LOGIN_URL</code> to your shop's sign-in page.
    </p>
  );
};

const ShopSignIn = ({ url, back }: { url: URL; back: string | undefined }) => {
  if (back) url.searchParams.set("return_to", back);
  return (
    <div class="stack">
      <p>You'll sign in at {url.host} and come right back here.</p>
      <a class="action" href={url.href} data-sign-in>
        Sign in
      </a>
    </div>
  );
};

const DemoSignIn = ({ next }: { next: string }) => (
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
    <p class="hint">This is a demo. Any name works, and there's no password.</p>
    <p class="alert" role="alert" data-login-fault></p>
    <button class="action" type="submit">
      Sign in
    </button>
  </form>
);
