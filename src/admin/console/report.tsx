// The page of the report of a sale: what holds, what was sold, and what it took. Printable: links and forms stay on the screen.
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import type { Check, LedgerReading, Report } from "../report/document.ts";
import type { TakeBackResult } from "../report/take-back.ts";
import { Faults } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Age, Count, ItemName, LocalTime, SaleState, Table } from "./parts.tsx";
import { Clusters } from "./report-clusters.tsx";
import { Draw, Money } from "./report-proofs.tsx";
import { Traffic } from "./report-traffic.tsx";

interface ReportProps {
  operator: Operator;
  report: Report;
  /** The idempotency key of the next action. */
  key: string;
  /** The action that was done just now. */
  result?: TakeBackResult;
  issues?: readonly Issue[];
}

export const renderReport = (props: ReportProps): Promise<string> =>
  renderConsole({
    title: `Report of ${props.report.sale.title}`,
    operator: props.operator,
    children: (
      <>
        <h1>
          Report of <bdi>{props.report.sale.title}</bdi>
        </h1>
        <Links {...props.report.sale} />
        <Faults issues={props.issues} />
        <Result result={props.result} />
        <SaleState {...props.report.sale}>
          <span>{props.report.sale.id}</span>
          <Age asOf={props.report.generatedAt} />
        </SaleState>
        <Checks {...props.report} />
        <Items {...props.report} />
        <Sold {...props.report} />
        <Money {...props.report} />
        <Draw {...props.report} />
        <Clusters {...props} />
        <Traffic traffic={props.report.traffic} />
      </>
    ),
  });

const Links = ({ id }: Report["sale"]) => (
  <p class="links">
    <a href={`/admin/sales/${id}`}>Overview</a>
    <a href={`/api/admin/sales/${id}/audit`} download={`report-${id}.json`}>
      Signed JSON
    </a>
    <a href={`/api/admin/sales/${id}/audit.csv`}>CSV</a>
  </p>
);

const Result = ({ result }: { result: TakeBackResult | undefined }) =>
  result ? (
    <div role="status">
      <Table
        caption="Orders taken back"
        head={["Order", "Outcome"]}
        rows={result.results.map(({ orderId, outcome, code }) => [
          <a href={`/admin/orders/${orderId}`}>{orderId}</a>,
          code ? `${outcome}: ${code}` : outcome,
        ])}
      />
      {result.left > 0 ? <p class="fault">{result.left} were not tried. Try again.</p> : null}
    </div>
  ) : null;

const STATEMENTS: Record<Check["name"], string> = {
  stock: "Sold + held + available = stocked",
  limits: "Nobody has more than the limit",
  money: "The money equals the orders",
  draw: "The draw was honest",
};

const Checks = ({ checks }: Report) => (
  <>
    <h2>What holds</h2>
    <Table
      caption="What holds"
      head={["Statement", "Holds", "Found"]}
      rows={checks.map(({ name, holds, detail }) => [
        STATEMENTS[name],
        holds === true ? (
          "yes"
        ) : (
          <strong class="fault">{holds === false ? "no" : "unknown"}</strong>
        ),
        <span class="words">{detail}</span>,
      ])}
    />
  </>
);

const Items = ({ skus, formerSkus }: Report) => (
  <>
    <h2>Items</h2>
    <Table
      caption="Items"
      head={[
        "Item",
        "Stocked",
        "Sold",
        "Held",
        "Free",
        "Withdrawn",
        "People",
        "Most for one",
        "Limit",
      ]}
      rows={[
        ...skus.map(({ id, name, perUserLimit, ...read }) => [
          <ItemName {...{ id, name }} />,
          ...unitsOf(read),
          <Count value={perUserLimit} />,
        ]),
        ...formerSkus.map(({ id, ...read }) => [
          <ItemName {...{ id, name: "Left the sale:" }} />,
          ...unitsOf(read),
          "none",
        ]),
      ]}
    />
  </>
);

const unitsOf = ({ ledger, counted }: LedgerReading) =>
  [
    ...[ledger?.stocked, ledger?.sold, ledger?.held, ledger?.available, ledger?.withdrawn],
    ...[counted?.people, counted?.mostPerPerson],
  ].map((value) => <Count value={value} />);

const BAR_HEIGHT = 40;

const Sold = ({ sold }: Report) => (
  <>
    <h2>Sold over time</h2>
    {sold.units.length === 0 ? <p>Nothing is sold.</p> : <Bars {...sold} />}
  </>
);

/** Bars of equal width, one for each step. */
const Bars = ({ from, stepSeconds, units }: Report["sold"]) => {
  const most = Math.max(1, ...units);
  const total = units.reduce((sum, count) => sum + count, 0);
  return (
    <>
      <p>
        <Count value={total} /> units since <LocalTime at={from} />, each bar {stepSeconds} s, at
        most <Count value={most} /> in one
      </p>
      <svg
        class="bars"
        viewBox={`0 0 ${units.length} ${BAR_HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${total} units sold over ${units.length * stepSeconds} seconds`}
      >
        {units.map((count, at) => {
          const height = (count / most) * BAR_HEIGHT;
          return <rect x={at} y={BAR_HEIGHT - height} width="0.9" height={height} />;
        })}
      </svg>
    </>
  );
};
