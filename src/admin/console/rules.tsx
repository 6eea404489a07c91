// The page of deny and allow rules: those in force with their evidence, and a form to add, change, or remove one.

import { RULE_KINDS, type Rule } from "../../funnel/rule-set.ts";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import { Done, Faults, Field, Reason, Select, sameWords } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Id, LocalTime, Table } from "./parts.tsx";
import type { RuleForm } from "./rule-form.ts";

interface RulesProps {
  operator: Operator;
  /** Newest first. */
  rules: readonly Rule[];
  /** Rules beyond those. */
  more: number;
  incomplete: boolean;
  /** The action of the form that was done just now. */
  done: string | undefined;
  form?: Partial<RuleForm>;
  issues?: readonly Issue[];
  /** About the rule that was saved just now. */
  warnings?: readonly Issue[];
}

const DONE: Record<string, string> = {
  save: "The rule is in force everywhere within five seconds.",
  remove: "The rule is removed everywhere within five seconds.",
};

export const renderRules = (props: RulesProps): Promise<string> =>
  renderConsole({
    title: "Rules",
    operator: props.operator,
    children: (
      <>
        <h1>Deny and allow rules</h1>
        <Done text={DONE[props.done ?? ""]} />
        <Faults issues={props.warnings} />
        <InForce {...props} />
        {props.operator.role === "operator" ? <Change {...props} /> : null}
      </>
    ),
  });

const InForce = ({ operator, rules, more, incomplete }: RulesProps) => (
  <>
    {incomplete ? (
      <p class="fault">Redis does not answer: automatic blocks may be missing here.</p>
    ) : null}
    {rules.length === 0 ? (
      <p>No rule is in force.</p>
    ) : (
      <Table
        caption="Rules in force, newest first"
        head={["Rule", "Why", "By", "Since", "Until"]}
        rows={rules.map((rule) => [
          <Name rule={rule} isLink={operator.role === "operator"} />,
          <Why {...rule} />,
          rule.by,
          <LocalTime at={rule.addedAt} />,
          rule.expiresAt === undefined ? "no end" : <LocalTime at={rule.expiresAt} />,
        ])}
      />
    )}
    {more > 0 ? <p>And {more} older rules.</p> : null}
  </>
);

const Name = ({ rule, isLink }: { rule: Rule; isLink: boolean }) => {
  const { effect, kind, value } = rule;
  const text = (
    <>
      {effect} {kind} <Id>{value}</Id>
    </>
  );
  // Fills in the form below.
  const query = new URLSearchParams({ effect, kind, value });
  return isLink ? <a href={`/admin/rules?${query}#change`}>{text}</a> : text;
};

const EVIDENCE: Record<string, string> = {
  saleId: "sale",
  limitRefusals: "refusals by a limit",
  failedChallenges: "failed challenges",
  ignoredChallenges: "ignored challenges",
  accountsAtAddress: "accounts at the address",
};

/** Why a rule exists: its note, or what led to the automatic block. */
export const Why = ({ note, evidence = {} }: Pick<Rule, "note" | "evidence">) => (
  <bdi class="words">
    {[
      ...(note === undefined ? [] : [note]),
      ...Object.entries(evidence).map(([name, value]) => `${EVIDENCE[name] ?? name}: ${value}`),
    ].join(", ")}
  </bdi>
);

const Change = ({ form = {}, issues }: RulesProps) => (
  <form class="change" id="change" method="post" action="/admin/rules">
    <h2>Add, change, or remove a rule</h2>
    <Faults issues={issues} />
    <Select
      {...{ name: "effect", label: "Effect", chosen: form.effect }}
      options={sameWords(["deny", "allow"])}
    />
    <Select
      {...{ name: "kind", label: "Kind", chosen: form.kind ?? "user" }}
      options={sameWords(RULE_KINDS)}
    />
    <Field
      {...{ name: "value", label: "Value", value: form.value, required: true, maxlength: 200 }}
      hint="A user id, an address or network, the number of a network operator (asn), or a country such as DE. An IPv6 address covers its /64."
    />
    <Field
      {...{ name: "minutes", label: "Minutes", value: form.minutes, type: "number" }}
      hint="Ends by itself after them. Empty: until it is removed."
    />
    <Reason form="rule" value={form.reason} />
    <p class="links">
      <button type="submit" name="action" value="save">
        Save
      </button>
      <button type="submit" name="action" value="remove">
        Remove
      </button>
    </p>
  </form>
);
