// The Workers part of the fake of Cloudflare's API: uploads, versions, secrets, routes and triggers. See `server.ts`.
import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { ApiFault, type FakeAccount, type FakeWorker, success } from "./account.ts";

interface Metadata {
  bindings: { name: string; type: string; [key: string]: unknown }[];
  migrations?: { old_tag?: string; new_tag: string; steps: { new_sqlite_classes?: string[] }[] };
  annotations?: Record<string, string>;
}

/** The routes about Workers, relative to the account's. */
export function deploymentRoutes(account: FakeAccount): Hono {
  const app = new Hono();
  const workerOf = (name: string): FakeWorker => {
    const worker = account.workers.get(name);
    if (!worker) throw new ApiFault(404, 10007, "This Worker does not exist on your account.");
    return worker;
  };
  app.get("/workers/subdomain", (c) => {
    if (!account.subdomain) throw new ApiFault(404, 10007, "You have no workers.dev subdomain.");
    return c.json(success({ subdomain: account.subdomain }));
  });
  app.get("/workers/services/:name", (c) => {
    const name = c.req.param("name");
    const { migrationTag } = workerOf(name);
    const script = { id: name, migration_tag: migrationTag, last_deployed_from: "wrangler" };
    return c.json(
      success({ id: name, default_environment: { environment: "production", script } }),
    );
  });
  app.put("/workers/scripts/:name", async (c) => {
    const form = await c.req.formData();
    const metadata = JSON.parse(await textOf(form.get("metadata"))) as Metadata;
    if (account.uploadFault) throw new ApiFault(400, 10021, account.uploadFault);
    const worker = uploaded(account, account.workers.get(c.req.param("name")), metadata);
    account.workers.set(c.req.param("name"), worker);
    worker.deployed = newest(worker);
    const result = { id: c.req.param("name"), startup_time_ms: 9, deployment_id: worker.deployed };
    return c.json(success(result));
  });
  // Wrangler uploads and deploys in two requests if there is no migration to run.
  app.post("/workers/scripts/:name/versions", async (c) => {
    const form = await c.req.formData();
    const metadata = JSON.parse(await textOf(form.get("metadata"))) as Metadata;
    if (account.uploadFault) throw new ApiFault(400, 10021, account.uploadFault);
    const worker = uploaded(account, workerOf(c.req.param("name")), metadata);
    account.workers.set(c.req.param("name"), worker);
    const resources = { script: { etag: newest(worker) } };
    return c.json(success({ id: newest(worker), startup_time_ms: 9, resources }));
  });
  app.post("/workers/scripts/:name/deployments", async (c) => {
    const { versions } = await c.req.json<{ versions: { version_id: string }[] }>();
    workerOf(c.req.param("name")).deployed = versions[0]?.version_id as string;
    return c.json(success({ id: randomUUID() }));
  });
  app.patch("/workers/scripts/:name/script-settings", (c) => c.json(success({})));
  app.get("/workers/workers/:name", (c) => {
    const enabled = workerOf(c.req.param("name")).onSubdomain;
    return c.json(success({ subdomain: { enabled, previews_enabled: false } }));
  });
  app.get("/workers/scripts/:name/secrets", (c) => {
    const { secrets } = workerOf(c.req.param("name"));
    return c.json(success([...secrets.keys()].map((name) => ({ name, type: "secret_text" }))));
  });
  app.get("/workers/scripts/:name/settings", (c) =>
    c.json(success({ bindings: workerOf(c.req.param("name")).metadata.bindings })),
  );
  app.get("/workers/scripts/:name/deployments", (c) => {
    const { deployed } = workerOf(c.req.param("name"));
    const versions = [{ version_id: deployed, percentage: 100 }];
    return c.json(success({ deployments: [{ source: "wrangler", versions }] }));
  });
  app.get("/workers/scripts/:name/versions/:id", (c) => {
    const version = workerOf(c.req.param("name")).versions.find(
      ({ id }) => id === c.req.param("id"),
    );
    if (!version) throw new ApiFault(404, 10008, "Version not found.");
    return c.json(success({ id: version.id, annotations: { "workers/tag": version.tag } }));
  });
  triggerRoutes(app, account, workerOf);
  return app;
}

function triggerRoutes(app: Hono, account: FakeAccount, workerOf: (name: string) => FakeWorker) {
  app.get("/workers/scripts/:name/subdomain", (c) => {
    const enabled = workerOf(c.req.param("name")).onSubdomain;
    return c.json(success({ enabled, previews_enabled: false }));
  });
  app.post("/workers/scripts/:name/subdomain", async (c) => {
    const { enabled } = await c.req.json<{ enabled: boolean }>();
    workerOf(c.req.param("name")).onSubdomain = enabled;
    return c.json(success({ enabled, previews_enabled: false }));
  });
  app.get("/workers/scripts/:name/schedules", (c) => {
    const schedules = workerOf(c.req.param("name")).crons.map((cron) => ({ cron }));
    return c.json(success({ schedules }));
  });
  app.put("/workers/scripts/:name/schedules", async (c) => {
    const schedules = await c.req.json<{ cron: string }[]>();
    workerOf(c.req.param("name")).crons = schedules.map(({ cron }) => cron);
    return c.json(success({ schedules }));
  });
  app.get("/workers/domains", (c) => {
    const hostname = c.req.query("hostname") ?? "";
    const service = account.domains.get(hostname);
    return c.json(success(service === undefined ? [] : [{ hostname, service }]));
  });
  app.post("/workers/scripts/:name/domains/changeset", (c) =>
    c.json(success({ added: [], removed: [], updated: [], conflicting: [] })),
  );
  app.put("/workers/scripts/:name/domains/records", async (c) => {
    const { origins } = await c.req.json<{ origins: { hostname: string }[] }>();
    for (const { hostname } of origins) account.domains.set(hostname, c.req.param("name"));
    return c.json(success(origins.map(({ hostname }) => ({ hostname }))));
  });
}

const newest = (worker: FakeWorker): string => worker.versions.at(-1)?.id ?? "";

const textOf = async (part: string | File | null): Promise<string> =>
  typeof part === "string" ? part : ((await part?.text()) ?? "");

/** The Worker after an upload. Enforces that secrets, queues and classes exist, and that no migration runs twice. */
function uploaded(
  account: FakeAccount,
  before: FakeWorker | undefined,
  metadata: Metadata,
): FakeWorker {
  const { migrations } = metadata;
  if (migrations && before?.migrationTag !== migrations.old_tag)
    throw new ApiFault(400, 10079, `The migration tag is ${before?.migrationTag}.`);
  const created = migrations?.steps.flatMap((step) => step.new_sqlite_classes ?? []) ?? [];
  const classes = new Set([...(before?.classes ?? []), ...created]);
  const secrets = new Map(before?.secrets);
  for (const binding of metadata.bindings) {
    const { name, type } = binding;
    if (type === "secret_text") {
      secrets.set(name, binding.text as string);
      delete binding.text;
    }
    const inherited = before?.metadata.bindings.find((one) => one.name === name);
    if (type === "inherit" && inherited) Object.assign(binding, inherited);
    else if (type === "inherit" && !secrets.has(name))
      throw new ApiFault(400, 10057, `inherit binding '${name}' is invalid: no such binding.`);
    const queue = binding.queue_name;
    if (type === "queue" && !account.queues.some((one) => one.queue_name === queue))
      throw new ApiFault(400, 10000, `Queue "${queue}" does not exist.`);
    if (type === "durable_object_namespace" && !classes.has(binding.class_name as string))
      throw new ApiFault(400, 10061, `The class ${binding.class_name} needs a migration.`);
  }
  const version = { id: randomUUID(), tag: metadata.annotations?.["workers/tag"] };
  return {
    ...{ metadata, secrets, classes, crons: before?.crons ?? [] },
    onSubdomain: before?.onSubdomain ?? false,
    deployed: before?.deployed ?? "",
    versions: [...(before?.versions ?? []), version],
    migrationTag: migrations?.new_tag ?? before?.migrationTag,
  };
}
