// Resets all state before each test file: objects, alarms, queues, Redis, the colo's cache, and the memories of the
// isolate.
import { beforeAll } from "vitest";
import { resetState } from "./reset.ts";

beforeAll(resetState);
