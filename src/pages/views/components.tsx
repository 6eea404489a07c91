// Components that several pages share: prices, times, badges, the seller, sign-in.

import type { Sale } from "../../catalog/schema.ts";
import type { Branding } from "../../config/branding.ts";
import type { Config } from "../../config/config.ts";
import type { Item } from "../../inventory/order.ts";
import type { Money } from "../../values/money.ts";
import type { Badge } from "../copy/sale.ts";
import { toSale } from "../page.ts";
import { Say, shopText, usePage, useWords } from "./page-context.tsx";

export const Price = ({ money, class: name }: { money: Money; class?: string }) => {
  const shown = usePage().wording.price(money.amount, money.currency);
  return money.amount === 0 ? (
    <span class={name}>{shown}</span>
  ) : (
    <data class={name} value={String(money.amount)} data-currency={money.currency}>
      {shown}
    </data>
  );
};

/** `clock`: browser code shows the time of day only, without the date. */
export const Time = ({ at, clock = false }: { at: string; clock?: boolean }) => (
  <time datetime={at} data-local={clock ? "clock" : ""}>
    {usePage().wording.time(at)}
  </time>
);

/** The picture of an ordered item, beside its name. Without an address, or if it does not load, there is none. */
export const ItemPicture = ({ item: { imageUrl } }: { item: Item }) =>
  imageUrl === undefined ? null : (
    <img
      class="item-picture"
      src={imageUrl}
      alt=""
      width="72"
      height="72"
      loading="lazy"
      data-behind
    />
  );

export const BackToSale = ({ sale }: { sale: Pick<Sale, "id" | "language" | "title"> }) => (
  <p>
    <a href={toSale(usePage(), sale)}>
      <Say
        text={useWords().page.backTo}
        gaps={{ sale: <bdi {...shopText(sale.language)}>{sale.title}</bdi> }}
      />
    </a>
  </p>
);

export const StateBadge = ({ state }: { state: Badge }) => (
  <p class="badge" data-badge={state}>
    {useWords().badge[state]}
  </p>
);

/** The seller's name and links, such as its terms. */
export const Seller = ({ theme }: { theme: Branding }) =>
  theme.seller || theme.links?.length ? (
    <p class="seller">
      {theme.seller ? (
        <span>
          <Say text={useWords().page.soldBy} gaps={{ seller: <bdi>{theme.seller}</bdi> }} />
        </span>
      ) : null}
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
      <dt>{useWords().when.upcoming}</dt>
      <dd>
        <Time at={sale.opensAt} />
      </dd>
    </div>
    <div>
      <dt>{useWords().when.open}</dt>
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
      <Say text={useWords().page.noSignIn} gaps={{ variable: <code>LOGIN_URL</code> }} />
    </p>
  );
};

const ShopSignIn = ({ url, back }: { url: URL; back: string | undefined }) => {
  const { words, fill } = usePage().wording;
  if (back) url.searchParams.set("return_to", back);
  return (
    <div class="stack">
      <p>{fill(words.page.signInAt, { host: url.host })}</p>
      <a class="action" href={url.href} data-sign-in>
        {words.page.signIn}
      </a>
    </div>
  );
};

const DemoSignIn = ({ next }: { next: string }) => (
  <form class="stack" method="post" action="/login" data-login>
    <input type="hidden" name="next" value={next} />
    <label class="field">
      <span>{useWords().page.yourName}</span>
      <input
        name="user"
        required
        maxlength={128}
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
      />
    </label>
    <p class="hint">{useWords().page.demo}</p>
    <p class="alert" role="alert" data-login-fault></p>
    <button class="action" type="submit">
      {useWords().page.signIn}
    </button>
  </form>
);
