// The line of a sale: its counts, and the page where an operator changes its rate, its notice, or whether it moves.
import type { LineReport } from "../../admission/client.ts";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import { Done, Faults, Field, Reason, Select } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import type { LineForm } from "./line-form.ts";
import { Count, Facts } from "./parts.tsx";

/** The counts of a line. Null while it does not answer. */
export const LineCounts = ({ report }: { report: LineReport | null }) => (
  <>
    {report?.paused ? <p class="fault">The line is paused.</p> : null}
    {report?.beacon.state === "late" ? <p class="fault">The draw waits for the beacon.</p> : null}
    {report?.notice ? (
      <p>
        Notice: <bdi>{report.notice}</bdi>
      </p>
    ) : null}
    <Facts
      facts={[
        ["Waiting", <Count value={report?.waiting} />],
        ["Admitted", <Count value={report?.admitted} />],
        ["Registered", <Count value={report?.registered} />],
        ["Did not buy in time", <Count value={report?.noShows} />],
        ["Units taken", <Count value={report?.bought} />],
        ["Admitted beyond the stock", <Count value={report?.overshoot} />],
        ["Admitted per second", <Count value={report?.ratePerSecond} />],
      ]}
    />
  </>
);

interface LineProps {
  operator: Operator;
  report: LineReport;
  isDone: boolean;
  form: Partial<LineForm>;
  issues?: readonly Issue[];
}

export const renderLine = (props: LineProps): Promise<string> => {
  const { operator, report, isDone } = props;
  return renderConsole({
    title: `Line of ${report.saleId}`,
    operator,
    children: (
      <>
        <h1>
          Line <small>{report.saleId}</small>
        </h1>
        <p class="links">
          <a href={`/admin/sales/${report.saleId}`}>Overview of the sale</a>
        </p>
        <Done
          text={isDone ? "The line is changed. Everyone who waits learns it soon." : undefined}
        />
        {report.over ? <p>The line is over: everything is sold, or the sale is closed.</p> : null}
        <LineCounts report={report} />
        {operator.role === "operator" ? <Change {...props} /> : null}
      </>
    ),
  });
};

const Change = ({ report, form, issues }: LineProps) => (
  <form class="change" method="post" action={`/admin/sales/${report.saleId}/line`}>
    <h2>Change the line</h2>
    <Faults issues={issues} />
    {(["shownRate", "shownPaused", "shownNotice"] as const).map((name) => (
      <input type="hidden" name={name} value={form[name] ?? ""} />
    ))}
    <Field
      {...{ name: "rate", label: "Rate", type: "number", value: form.rate, required: true }}
      hint="People admitted per second at most, 0.1 to 1,000. Never more than the free units can serve."
    />
    <Select
      {...{ name: "paused", label: "The line", chosen: form.paused }}
      options={[
        ["no", "moves"],
        ["yes", "stands still"],
      ]}
    />
    <Field
      {...{ name: "notice", label: "Notice", value: form.notice, maxlength: 300 }}
      hint="Shown to everyone who waits. Empty: none."
    />
    <Reason form="line" value={form.reason} />
    <p>
      <button type="submit">Change</button>
    </p>
  </form>
);
