// The smallest Hono Worker, for the start from cold.
import { Hono } from "hono";

export default new Hono().get("/", (c) => c.text("ok"));
