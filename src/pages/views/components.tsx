// Components that several pages share: prices, times, badges, the seller, sign-in.
import type { Sale } from "../../catalog/schema.ts";
import type { Config } from "../../config.ts";
import type { Money } from "../../money.ts";
import { BADGES, type Badge } from "../copy/sale.ts";
import { formatMoney, formatTime } from "../format.ts";

export const Price = ({ money, class: name }: { money: Money; class?: string }) =>
  money.amount === 0 ? (
    <span class={name}>Free</span>
  ) : (
    <data class={name} value={String(money.amount)} data-currency={money.currency}>
      {formatMoney(money)}
    </data>
  );

/** `clock`: browser code shows the time of day only, without the date. */
export const Time = ({ at, clock = false }: { at: string; clock?: boolean }) => (
  <time datetime={at} data-local={clock ? "clock" : ""}>
    {formatTime(at)}
  </time>
);

export const BackToSale = ({ sale }: { sale: Pick<Sale, "id" | "language" | "title"> }) => (
  <p>
    <a href={`/sales/${sale.id}`}>
      Back to <bdi lang={sale.language}>{sale.title}</bdi>
    </a>
  </p>
);

export const StateBadge = ({ state }: { state: Badge }) => (
  <p class="badge" data-badge={state}>
    {BADGES[state]}
  </p>
);

/** The seller's name and links, such as its terms. */
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

/** The opening and closing times of a sale. */
export const SaleWindow = ({ sale }: { sale: Pick<Sale, "opensAt" | "closesAt"> }) => (
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

/** How buyers sign in on this deployment: with the demo login or on the shop's own page. */
export interface SignInOptions {
  demo: boolean;
  url: string | undefined;
}

export const signInOptions = (config: Pick<Config, "DEMO_LOGIN" | "LOGIN_URL">): SignInOptions => ({
  demo: config.DEMO_LOGIN,
  url: config.LOGIN_URL,
});

interface SignInProps {
  options: SignInOptions;
  /** The path to come back to. */
  next: string;
  /** This site's origin. Absent on cacheable pages: there, browser code adds the return URL. */
  origin?: string;
}

export const SignIn = ({ options, next, origin }: SignInProps) => {
  if (options.demo) return <DemoSignIn next={next} />;
  if (options.url) return <ShopSignIn url={new URL(options.url)} back={origin && origin + next} />;
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
