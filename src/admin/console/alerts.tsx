// The page of the alerts: what is wrong now and what to do, what was wrong, and a test of the receiver. The lists are a fragment
// of HTML that the script replaces while the page is open.
import type { AlertList, AlertView, Delivery } from "../../alerts/client.ts";
import { valueText } from "../../alerts/formats.ts";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import { Done, Faults } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Age, LocalTime, Table } from "./parts.tsx";

interface AlertsProps {
  operator: Operator;
  alerts: AlertList;
  /** Whether a receiver is set. */
  hasReceiver: boolean;
  /** Whether a test was delivered just now. */
  isTested: boolean;
  issues?: readonly Issue[];
}

export const renderAlerts = (props: AlertsProps): Promise<string> =>
  renderConsole({
    title: "Alerts",
    operator: props.operator,
    refresh: 10,
    children: (
      <>
        <h1>Alerts</h1>
        <p class="links">
          <span role="status" data-connection></span>
        </p>
        <Done text={props.isTested ? "The receiver accepted the test." : undefined} />
        <Faults issues={props.issues} />
        <Lists {...props.alerts} />
        <h2>Receiver</h2>
        <Receiver {...props} />
      </>
    ),
  });

/** The lists alone, for the script. */
export const renderAlertLists = async (alerts: AlertList): Promise<string> =>
  String(await (<Lists {...alerts} />));

const Lists = ({ firing, ended, evaluatedAt, lateSince }: AlertList) => (
  <div data-figures="" data-source="/admin/alerts/lists">
    <h2>Now {evaluatedAt === null ? null : <Age asOf={evaluatedAt} />}</h2>
    {lateSince === undefined ? null : <Late since={lateSince} />}
    {firing.length === 0 ? (
      <p>Nothing is wrong. The rules are evaluated while a sale is on.</p>
    ) : (
      <AlertTable caption="Alerts now" alerts={firing} />
    )}
    <h2>Ended</h2>
    {ended.length === 0 ? (
      <p>No alert has ended yet.</p>
    ) : (
      <AlertTable caption="Alerts that ended, the last one first" alerts={ended} />
    )}
  </div>
);

/** Nobody is told of anything meanwhile. */
const Late = ({ since }: { since: string }) => (
  <p class="fault">
    The rules have not been evaluated since <LocalTime at={since} />, so no alert starts or ends.
    Look for alerts.not_evaluated in the log.
  </p>
);

/** The alerts that fire, for other pages. Null: they are not known. */
export const FiringAlerts = ({ alerts }: { alerts: readonly AlertView[] | null }) =>
  alerts === null ? (
    <p class="fault">The alerts are not known now.</p>
  ) : (
    alerts.map(({ title, advice }) => (
      <p class="fault">
        <a href="/admin/alerts">{title}</a>: {advice}
      </p>
    ))
  );

const AlertTable = ({ caption, alerts }: { caption: string; alerts: readonly AlertView[] }) => (
  <Table
    caption={caption}
    head={["Alert", "About", "Value", "Limit", "Since", "Until", "Team told"]}
    rows={alerts.map(({ title, advice, severity, unit, ...alert }) => [
      <>
        <span class={alert.endedAt === undefined ? "fault" : undefined}>
          {title} ({severity})
        </span>
        {alert.endedAt === undefined ? <p class="words">{advice}</p> : null}
      </>,
      alert.skuId === undefined ? alert.about : `${alert.about}, sku/${alert.skuId}`,
      valueText(alert.value, unit),
      valueText(alert.threshold, unit),
      <LocalTime at={alert.since} />,
      alert.endedAt === undefined ? "now" : <LocalTime at={alert.endedAt} />,
      toldText(alert.delivery),
    ])}
  />
);

const toldText = ({ started, ended }: AlertView["delivery"]): string =>
  ended ? `start ${stateText(started)}, end ${stateText(ended)}` : stateText(started);

function stateText(delivery: Delivery): string {
  if (delivery.state === "off") return "no receiver";
  if (delivery.state === "delivered") return "delivered";
  const why = delivery.fault === undefined ? "" : `: ${delivery.fault}`;
  return `${delivery.state === "owed" ? "not delivered yet" : "not delivered"}${why}`;
}

const Receiver = ({ operator, hasReceiver }: AlertsProps) => {
  if (!hasReceiver) return <p>ALERT_WEBHOOK_URL is not set: only this console shows the alerts.</p>;
  if (operator.role !== "operator") return <p>A receiver is set.</p>;
  return (
    <form method="post" action="/admin/alerts/test">
      <button type="submit">Send a test</button>
    </form>
  );
};
