// Changes of rules through the operator's API.
import { admin } from "../support/http.ts";

export const denyPath = (kind: string, value: string): string =>
  `/denylist/${kind}/${encodeURIComponent(value)}`;

export const deny = (kind: string, value: string, body?: object) =>
  admin("PUT", denyPath(kind, value), body ? { body } : {});

export const allow = (kind: string, value: string) =>
  admin("PUT", `/allowlist/${kind}/${encodeURIComponent(value)}`);
