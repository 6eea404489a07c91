// The page of the shop's webhook: where events go, which replays run, and the forms to replay and to send again after a stop.
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import type { ReplayView, WebhookState } from "../webhooks.ts";
import { Done, Faults, Field, Reason, Select, sameWords } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Count, Facts, LocalTime, Table } from "./parts.tsx";
import type { ReplayForm } from "./webhook-form.ts";

interface WebhooksProps {
  operator: Operator;
  state: WebhookState;
  /** The action of the form that was done just now. */
  done: string | undefined;
  /** The idempotency key of the next replay. */
  replayKey: string;
  /** Milliseconds. */
  now: number;
  form?: ReplayForm;
  issues?: readonly Issue[];
}

const DONE: Record<string, string> = {
  replay: "The replay has started. It goes on in the background.",
  resume: "The shop accepted a test. What it missed is sent now.",
};

export const renderWebhooks = (props: WebhooksProps): Promise<string> =>
  renderConsole({
    title: "Webhooks",
    operator: props.operator,
    children: (
      <>
        <h1>Webhooks</h1>
        <Done text={DONE[props.done ?? ""]} />
        <Faults issues={props.issues} />
        <State {...props} />
        <Replays {...props} />
      </>
    ),
  });

const State = ({ operator, state: { receiver, stoppedSince, types } }: WebhooksProps) => {
  if (receiver === null) return <p>ORDER_WEBHOOK_URL is not set: the shop gets no events.</p>;
  return (
    <>
      {stoppedSince === null ? null : (
        <p class="fault">
          Nothing is sent since <LocalTime at={stoppedSince} />, because the receiver answered that
          it is gone (410). The ledgers still owe every event.
        </p>
      )}
      <Facts
        facts={[
          ["Receiver", receiver],
          ["Events", types.join(", ")],
        ]}
      />
      {stoppedSince !== null && operator.role === "operator" ? (
        <form class="change" method="post" action="/admin/webhooks">
          <h2>Send again</h2>
          <p>The receiver gets a test first. If it accepts that, it gets what it missed.</p>
          <Reason form="resume" />
          <p>
            <button type="submit" name="action" value="resume">
              Test and resume
            </button>
          </p>
        </form>
      ) : null}
    </>
  );
};

const Replays = (props: WebhooksProps) => {
  const { operator, state } = props;
  return (
    <>
      {operator.role === "operator" && state.receiver !== null ? <ReplayFields {...props} /> : null}
      <h2>Replays</h2>
      {state.replays.length === 0 ? (
        <p>None yet.</p>
      ) : (
        <Table
          caption="Replays, the newest first"
          head={["Started", "From", "To", "Types", "Item", "State", "Events"]}
          rows={state.replays.map((replay) => [
            <LocalTime at={replay.startedAt} />,
            replay.from === undefined ? "what is owed" : <LocalTime at={replay.from} />,
            replay.to === undefined ? "what is owed" : <LocalTime at={replay.to} />,
            replay.types?.join(", ") ?? "all",
            replay.sku ?? "all",
            <ReplayState {...replay} />,
            <Count value={replay.events} />,
          ])}
        />
      )}
    </>
  );
};

const ReplayState = ({ state, ledgers, failed }: ReplayView) => (
  <>
    {state}, <Count value={ledgers} /> items read
    {failed.length === 0 ? null : (
      <p class="fault">No answer from {failed.join(", ")}: replay these again.</p>
    )}
  </>
);

const DAY_MS = 86_400_000;
/** The value of a field for a date and a time. */
const minuteOf = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 16);

const ReplayFields = ({ state, form, replayKey, now }: WebhooksProps) => (
  <form class="change" method="post" action="/admin/webhooks">
    <h2>Replay</h2>
    <p>
      The shop is sent the newest state of every order that last changed in this time, under the
      same event ids. Orders of sales that are deleted are among them.
    </p>
    <input type="hidden" name="key" value={form?.key ?? replayKey} />
    <Field
      {...{ name: "from", label: "From", type: "datetime-local", required: true }}
      value={form?.from ?? minuteOf(now - DAY_MS)}
      hint="UTC"
    />
    <Field
      {...{ name: "to", label: "To", type: "datetime-local", required: true }}
      value={form?.to ?? minuteOf(now)}
      hint="UTC. At most 92 days after the start."
    />
    <Select
      {...{ name: "type", label: "Type", chosen: form?.type }}
      options={[["", "all"], ...sameWords(state.types)]}
    />
    <Field
      {...{ name: "sku", label: "Item", value: form?.sku, maxlength: 64 }}
      hint="The id of a SKU. Empty: all."
    />
    <Reason form="replay" value={form?.reason} />
    <p>
      <button type="submit" name="action" value="replay">
        Replay
      </button>
    </p>
  </form>
);
