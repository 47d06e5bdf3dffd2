// From a form's values to an event in the wire's form, and back.

import { pruned } from "./pointer.js";

/** Envelope fields that the page sets, so that no form holds them. */
const SET_HERE = ["event_id", "event_type", "schema_version", "revision", "supersedes", "reported_at", "published_at", "origin_unit", "enrichment"];

/** The event of a record, written now. An original report has its own id as its root. */
export function eventOf({ id, values }, form, now = new Date()) {
  const said = pruned(values) ?? {};
  const roots = said.provenance?.root_ids ?? [id];
  return {
    event_id: id,
    event_type: form.type,
    schema_version: form.version,
    reported_at: now.toISOString(),
    ...said,
    provenance: { ...said.provenance, root_ids: roots },
    payload: said.payload ?? {},
  };
}

/** The values of a form from an event that came back: without what the page sets, and without roots of its own. */
export function valuesOf(event) {
  const values = structuredClone(event);
  for (const name of SET_HERE) delete values[name];
  const roots = values.provenance?.root_ids;
  if (roots?.length === 1 && roots[0] === event.event_id) delete values.provenance.root_ids;
  return values;
}
