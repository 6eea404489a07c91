// The ready room: what a visitor can do before a sale opens, and once nothing is left. The page is the same for everybody, so
// browser code fills in who is signed in. Without JavaScript, a page of its own shows that.
import { lineSettings } from "../../admission/settings.ts";
import type { SaleState } from "../../catalog/sale-state.ts";
import { mostUnits, type Sale } from "../../catalog/schema.ts";
import type { PaymentMode } from "../../payments/payment-mode.ts";
import { readyUrl, tickerUrl } from "../assets.ts";
import { readyPath, reminderPath } from "../item-paths.ts";
import { addressOf, type Page, toPersonal, toSale } from "../page.ts";
import { BackToSale, SignIn, type SignInOptions } from "./components.tsx";
import { renderDocument } from "./layout.tsx";
import { Say, usePage, useWords } from "./page-context.tsx";

interface ReadyProps {
  sale: Sale;
  state: SaleState;
  paymentMode: PaymentMode;
}

export const Ready = (props: ReadyProps) => (
  <div class="ready" data-ready={readyUrl()} data-ticker={tickerUrl()}>
    {props.state === "upcoming" ? <Before {...props} /> : null}
    {props.paymentMode === "card-form" && isPaid(props.sale) ? <Prepare sale={props.sale} /> : null}
    {/* A line tells those who wait in it. */}
    {lineSettings(props.sale) ? null : <Back />}
  </div>
);

const HOW_TO_PAY = {
  sandbox: "payLater",
  checkout: "payLater",
  external: "payLater",
  "card-form": "payPrepared",
  elsewhere: "payInAppLater",
} as const satisfies Record<PaymentMode, string>;

const isPaid = ({ skus }: Sale): boolean => skus.some(({ unitPrice }) => unitPrice.amount > 0);

/** Browser code adds it to each paid item. */
const Prepare = ({ sale }: Pick<ReadyProps, "sale">) => (
  <template data-prepare>
    <div class="prepare" hidden>
      <p class="hint" role="status" data-prepared></p>
      <a class="quiet wide" href={readyPath(sale)} data-prepare-link>
        {useWords().ready.enterCard}
      </a>
    </div>
  </template>
);

const Before = ({ sale, paymentMode }: ReadyProps) => {
  const page = usePage();
  const { page: words } = useWords();
  const hasLine = lineSettings(sale) !== undefined;
  const hasChoice = sale.skus.length > 1 || sale.skus.some((sku) => mostUnits(sale, sku) > 1);
  return (
    <section class="card stack" aria-labelledby="ready-title" data-ready-before>
      <h2 id="ready-title">{words.beReady}</h2>
      <p class="signed-in" tabindex={-1} hidden data-ready-user></p>
      <a class="action" href={toPersonal(page, readyPath(sale))} data-ready-sign-in>
        {words.signInNow}
      </a>
      {hasLine ? null : (
        <p class="hint">{page.wording.join(hasChoice ? words.chooseNow : "", words.onePress)}</p>
      )}
      {isPaid(sale) ? <p class="hint">{words[HOW_TO_PAY[paymentMode]]}</p> : null}
      <a class="quiet" href={addressOf(page, reminderPath(sale))}>
        {words.remindMe}
      </a>
      {hasLine ? null : (
        <button class="quiet" type="button" hidden data-ready-notify>
          {words.notifyOpening}
        </button>
      )}
      <p class="hint" role="status" data-ready-note></p>
    </section>
  );
};

/** For a sale of which nothing is left. Browser code shows it. */
const Back = () => (
  <section class="card stack" aria-label={useWords().page.tellBack} hidden data-ready-back>
    <button class="quiet" type="button" aria-pressed="false" data-ready-watch>
      {useWords().page.tellBack}
    </button>
    <p class="hint" role="status" data-ready-watching></p>
  </section>
);

interface ReadyPageProps {
  sale: Sale;
  /** Who is signed in. */
  user: string | undefined;
  signInOptions: SignInOptions;
  /** This site's origin, for the return URL of the shop's sign-in page. */
  origin: string;
}

/** Signing in before a sale opens, without JavaScript. */
export function renderReady(page: Page, props: ReadyPageProps): Promise<string> {
  const { sale, user, signInOptions, origin } = props;
  const { page: words, ready } = page.wording.words;
  return renderDocument(page, {
    title: page.wording.join(words.beReady, sale.title),
    personal: true,
    sale,
    children: (
      <div class="page narrow">
        <BackToSale sale={sale} />
        <h1>{words.beReady}</h1>
        <div class="card stack">
          {user === undefined ? (
            <SignIn next={readyPath(sale)} origin={origin} options={signInOptions} />
          ) : (
            <>
              <p class="signed-in">
                <Say text={ready.signedIn} gaps={{ user: <bdi>{user}</bdi> }} />
              </p>
              <a class="action" href={toSale(page, sale)}>
                {words.backToSale}
              </a>
            </>
          )}
        </div>
      </div>
    ),
  });
}
