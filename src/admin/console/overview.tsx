// The overview of one sale. Its figures are a fragment of HTML that the script replaces while the page is open.
import type { Operator } from "../../http/request.ts";
import { chartScriptUrl, chartStyleUrl } from "../../pages/assets.ts";
import type { Figures, SkuFigures } from "../figures.ts";
import { FiringAlerts } from "./alerts.tsx";
import { Bots } from "./bots.tsx";
import { Funnel } from "./funnel.tsx";
import { renderConsole } from "./layout.tsx";
import { LineCounts } from "./line.tsx";
import { Count, Facts, ItemName, Part, SaleState, Table } from "./parts.tsx";
import { describeSwitch } from "./switches.tsx";

export const renderOverview = (figures: Figures, operator: Operator): Promise<string> =>
  renderConsole({
    title: figures.sale.title,
    operator,
    refresh: 5,
    scripts: [chartScriptUrl()],
    children: (
      <>
        <link rel="stylesheet" href={chartStyleUrl()} />
        <h1>
          <bdi>{figures.sale.title}</bdi>
        </h1>
        <p class="links">
          <a href="/admin">All sales</a>
          <a href={`/sales/${figures.sale.id}`}>Sale page</a>
          <a href={`/admin/sales/${figures.sale.id}/preview-link`}>Preview link</a>
          <a href={`/admin/sales/${figures.sale.id}/edit`}>Edit</a>
          <a href={`/admin/new-sale?from=${figures.sale.id}`}>Duplicate</a>
          <a href={`/admin/sales/${figures.sale.id}/stock`}>Stock and orders</a>
          <a href={`/admin/sales/${figures.sale.id}/preflight`}>Preflight</a>
          <a href={`/admin/sales/${figures.sale.id}/report`}>Report</a>
          <a href={`/admin/switches?choice=pause&target=${figures.sale.id}`}>Pause</a>
          {figures.line ? <a href={`/admin/sales/${figures.sale.id}/line`}>Line</a> : null}
          <span role="status" data-connection></span>
        </p>
        <div class={hasCurve(figures) ? "chart drawn" : "chart"} data-chart></div>
        <FiguresFragment figures={figures} />
      </>
    ),
  });

/** Before the first order there is nothing to draw. */
const hasCurve = ({ skus }: Figures): boolean => skus.some(({ curve }) => curve.length > 0);

/** The figures alone, for the script. */
export const renderFigures = async (figures: Figures): Promise<string> =>
  String(await (<FiguresFragment figures={figures} />));

const FiguresFragment = ({ figures }: { figures: Figures }) => (
  <div
    data-figures={figures.sale.id}
    data-source={`/admin/sales/${figures.sale.id}/figures`}
    data-curves={JSON.stringify(curvesOf(figures))}
  >
    <SaleState {...figures.sale}>{figures.sale.listed ? null : <span>unlisted</span>}</SaleState>
    <div>
      <FiringAlerts alerts={figures.alerts.value} />
      <Switches {...figures} />
    </div>
    <Units {...figures} />
    <Funnel {...figures} />
    <Line {...figures} />
    <Money {...figures} />
    <Plumbing {...figures} />
    <Bots {...figures} />
  </div>
);

/** The points of the chart, from the first known one on: free units of each SKU. `from`: seconds since 1970. */
function curvesOf({ skus, curve: { from, stepSeconds } }: Figures) {
  const drawn = skus.filter(({ curve }) => curve.length > 0);
  const firsts = drawn.map(({ curve }) => curve.findIndex((units) => units !== null));
  const first = drawn.length > 0 ? Math.max(0, Math.min(...firsts)) : 0;
  return {
    from: Date.parse(from) / 1_000 + first * stepSeconds,
    step: stepSeconds,
    skus: drawn.map(({ name, curve }) => ({ name, units: curve.slice(first) })),
  };
}

/** The switches that override the sale. */
const Switches = ({ switches: { value } }: Figures) =>
  value === null ? (
    <p class="fault">The switches are not known now.</p>
  ) : (
    value.map((each) => (
      <p class="fault">
        {describeSwitch(each)}: <bdi>{each.reason}</bdi>
      </p>
    ))
  );

const Units = ({ skus }: Figures) => (
  <Part title="Units" asOf={oldest(skus)}>
    <Table
      caption="Units"
      head={["Item", "Free", "Held", "Sold", "Stock", "Sells out in"]}
      rows={skus.map(({ id, name, units: { value }, secondsToSellOut }) => [
        <ItemName {...{ id, name }} />,
        <Count value={value?.available} />,
        <Count value={value?.held} />,
        <Count value={value?.sold} />,
        <Count value={value?.stocked} />,
        estimate(secondsToSellOut, value?.available),
      ])}
    />
  </Part>
);

const oldest = (skus: readonly SkuFigures[]): string =>
  skus.map(({ units }) => units.asOf).sort()[0] ?? new Date().toISOString();

function estimate(seconds: number | null, free: number | undefined): string {
  if (free === 0) return "none free";
  if (seconds === null) return "";
  return seconds < 120 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} min`;
}

const Line = ({ line }: Figures) =>
  line ? (
    <Part title="Line" asOf={line.asOf}>
      <LineCounts report={line.value} />
    </Part>
  ) : null;

const Money = ({ payments, attention }: Figures) => (
  <Part title="Money" asOf={payments.asOf}>
    <Facts
      facts={[
        ["Payments in line", <Count value={payments.value?.inLine} />],
        ["Per second", <Count value={payments.value?.perSecond} />],
        ["Refunds failed", <Count value={attention.value?.refundsFailed} />],
        ["Refunds due", <Count value={attention.value?.refundsDue} />],
        ["Open disputes", <Count value={attention.value?.disputed} />],
        ["Mismatches", <Count value={attention.value?.mismatches} />],
      ]}
    />
  </Part>
);

const Plumbing = ({ skus, attention, breakers }: Figures) => {
  const known = skus.flatMap(({ backlog }) => backlog ?? []);
  const sum = (name: keyof (typeof known)[number]) =>
    known.reduce((total, backlog) => total + backlog[name], 0);
  return (
    <Part title="Plumbing" asOf={oldest(skus)}>
      {breakers.value?.map(({ name, state, openSeconds }) =>
        state === "closed" ? null : (
          <p class="fault">
            The breaker of {name} is {state}, and has not been closed for {openSeconds} s.
          </p>
        ),
      )}
      <Facts
        facts={[
          ["Redis", attention.value ? "answers" : "does not answer"],
          ["Ledgers", known.length === skus.length ? "answer" : "some do not answer"],
          ["Orders not settled yet", <Count value={sum("unacknowledged")} />],
          ["Of these, late", <Count value={sum("stuck")} />],
          ["Holds that wait for a payment", <Count value={sum("holdsPaused")} />],
        ]}
      />
    </Part>
  );
};
