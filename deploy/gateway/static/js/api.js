// Asking the gateway: JSON in and out, and every failure as a `Problem` (RFC 9457, or no connection).

import { pref } from "./prefs.js";

/** How long an answer may take before the connection counts as away, in milliseconds. */
const PATIENCE = 20_000;
let skew = null;

/** What went wrong. `code` is the gateway's, or `OFFLINE`; `errors` are places: code, pointer, remedy_sv, remedy_en;
 * `reasons` are Swedish and English. */
export class Problem extends Error {
  constructor({ code, status = 0, title = "", detail = "", errors = [], reasons = [], retryAfter = null }) {
    super(code);
    Object.assign(this, { code, status, title, detail, errors, reasons, retryAfter });
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
  const answer = await sent(address, request(method, body, { accept: "application/json, application/problem+json", ...headers }, patience));
  noteClock(answer);
  const told = await content(answer);
  if (answer.ok) return told;
  throw problem(answer, told);
}

/** Ask for a file. Gives its content and the name that the gateway gives it. Errors: `Problem`. */
export async function take(address, body) {
  const answer = await sent(address, request("POST", body, { accept: "*/*" }, PATIENCE));
  if (!answer.ok) throw problem(answer, await content(answer));
  const [, name = "sambus"] = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "") ?? [];
  return { blob: await answer.blob(), name };
}

function request(method, body, headers, patience) {
  return {
    method,
    headers: { "accept-language": pref("lang"), ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(patience),
    credentials: "same-origin",
    redirect: "error",
  };
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
    title: told?.title === told?.code && told?.detail_sv ? "" : told?.title ?? `${answer.status}`,
    detail: told?.detail ?? "",
    errors: told?.errors ?? [],
    reasons: [told, ...Object.values(told?.events ?? {})].filter((each) => each?.detail_sv).map((each) => [each.detail_sv, each.detail]),
    retryAfter: Number.isNaN(wait) ? null : wait,
  });
}

function noteClock(answer) {
  const at = Date.parse(answer.headers.get("date") ?? "");
  if (!Number.isNaN(at)) skew = Date.now() - at;
}
