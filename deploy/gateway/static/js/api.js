// Asking the gateway: JSON in and out, and every failure as a `Problem` (RFC 9457, or no connection).

import { pref } from "./prefs.js";

/** How long an answer may take before the connection counts as away, in milliseconds. */
const PATIENCE = 20_000;
let skew = null;

/** What went wrong. `code` is the gateway's, or `OFFLINE`; `errors` are places: code, pointer, remedy_sv, remedy_en. */
export class Problem extends Error {
  constructor({ code, status = 0, title = "", detail = "", errors = [], retryAfter = null }) {
    super(code);
    Object.assign(this, { code, status, title, detail, errors, retryAfter });
  }

  /** Whether the same request may succeed later by itself. */
  get passing() {
    return this.code === "OFFLINE" || [408, 429, 500, 502, 503, 504].includes(this.status);
  }
}

/**
 * Ask the gateway.
 *
 * `body` is sent as JSON. Gives the JSON of the answer, null when it has none.
 * Errors: `Problem`, whatever went wrong.
 */
export async function ask(address, { method = "GET", body, headers = {}, patience = PATIENCE } = {}) {
  const answer = await sent(address, {
    method,
    headers: {
      accept: "application/json, application/problem+json",
      "accept-language": pref("lang"),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(patience),
    credentials: "same-origin",
    redirect: "error",
  });
  noteClock(answer);
  const told = await content(answer);
  if (answer.ok) return told;
  throw problem(answer, told);
}

/** How far this machine's clock is ahead of the gateway's, in milliseconds; null before the first answer. */
export function clockSkew() {
  return skew;
}

async function sent(address, options) {
  try {
    return await fetch(address, options);
  } catch {
    throw new Problem({ code: "OFFLINE" });
  }
}

async function content(answer) {
  try {
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function problem(answer, told) {
  const wait = Number.parseInt(answer.headers.get("retry-after") ?? "", 10);
  return new Problem({
    code: told?.code ?? "INTERNAL",
    status: answer.status,
    title: told?.title ?? `${answer.status}`,
    detail: told?.detail ?? "",
    errors: told?.errors ?? [],
    retryAfter: Number.isNaN(wait) ? null : wait,
  });
}

function noteClock(answer) {
  const at = Date.parse(answer.headers.get("date") ?? "");
  if (!Number.isNaN(at)) skew = Date.now() - at;
}
