// Publish one seizure over HTTP as a CloudEvent in structured mode: the official SDK, and nothing of Kafka.
import { createHash, randomBytes } from "node:crypto";
import { CloudEvent, HTTP } from "cloudevents";

const UNIT = "se.stockholm.stockholm-nord.jarva";
const DESK = `${UNIT}/investigation`;
const gateway = process.env.SAMBUS_GATEWAY ?? "http://127.0.0.1:29180";
const token = process.env.SAMBUS_TOKEN; // a made-up person's, of `sambus up`: sambus token --as UNIT/FUNCTION

// A UUIDv7. Make it once: the same id with the same content is a retry, and is dropped.
function newEventId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Its id, type and time stand for event_id, event_type and reported_at, which the data leaves out.
function seizure(id) {
  return new CloudEvent({
    id,
    type: "se.sambus.drug_seizure.v1",
    source: `/${DESK}`,
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data: {
      occurred_from: new Date(Date.now() - 3_600_000).toISOString(),
      areas: [UNIT],
      purpose: "P2",
      common_basis: "3:2 p1a",
      max_penalty_years: 3,
      sensitivity: 2,
      legal_origin: "own_observation",
      provenance: { root_ids: [id] },
      synthetic: true,
      payload: {
        seizing_authority: "polisen",
        seizure_no: createHash("sha256").update(`made up ${id}`).digest("hex"), // of a real one: the unit's keyed hash
        seizure_context: "vehicle",
        items: [{ item_no: 1, substance_id: "mdma", identification: "field_test", form: "tablet", count: 120 }],
      },
    },
  });
}

// A bus that does not answer just now is a 503 with Retry-After: send the same event, with the same id, again.
async function published({ headers, body }, tries = 5) {
  const answer = await fetch(`${gateway}/v1/events`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${token}` },
    body,
  });
  if (answer.status !== 503 || tries === 1) return answer;
  await new Promise((again) => setTimeout(again, 1000 * Number(answer.headers.get("retry-after"))));
  return published({ headers, body }, tries - 1);
}

const answer = await published(HTTP.structured(seizure(newEventId())));
console.log(answer.status, await answer.json());
if (answer.status !== 202) process.exit(1);
