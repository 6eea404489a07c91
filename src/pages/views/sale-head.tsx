// The head of a sale's page: its state, title, and countdown; and the notices about the whole sale.
import type { PropsWithChildren } from "hono/jsx";
import type { SaleState, Stop } from "../../catalog/sale-state.ts";
import type { Sale } from "../../catalog/schema.ts";
import type { Badge } from "../copy/sale.ts";
import { stopWords } from "../copy/stop.ts";
import { StateBadge } from "./components.tsx";
import { shopText, usePage, useWords } from "./page-context.tsx";

/** A title longer than this is set in a smaller font. */
const LONG_TITLE = 40;

const isLong = (title: string): boolean => title.length > LONG_TITLE;

export const SaleHead = ({
  sale,
  state,
  shown,
  children,
}: PropsWithChildren<{ sale: Sale; state: SaleState; shown: Badge }>) => (
  <div class="lead">
    <StateBadge state={shown} />
    <div class={isLong(sale.title) ? "long" : undefined} {...shopText(sale.language)}>
      <h1>{sale.title}</h1>
    </div>
    <div class="countdown">
      <p id="countdown-label" data-countdown-label>
        {useWords().when[state]}
      </p>
      <p class="digits date" role="timer" aria-labelledby="countdown-label" data-digits>
        {usePage().wording.time(state === "upcoming" ? sale.opensAt : sale.closesAt)}
      </p>
    </div>
    <p class="sr" role="status" data-announce></p>
    {children}
  </div>
);

export const Notices = ({ stop }: { stop: Stop | undefined }) => (
  <>
    <p role="status" dir="auto" data-notice>
      {stop && stopWords(stop, usePage().wording).why}
    </p>
    <div role="status">
      <p data-changed hidden>
        {useWords().page.changed}{" "}
        <button class="quiet" type="button" data-reload>
          {useWords().page.reload}
        </button>
      </p>
    </div>
  </>
);
