// Publish one seizure as a unit with its own Kafka topic, and read what its desk gets. kafkajs, a registry, CloudEvents.
import { createHash, randomBytes } from "node:crypto";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { CloudEvent, Kafka as CloudEvents } from "cloudevents";
import { Kafka, logLevel } from "kafkajs";

const UNIT = "se.stockholm.stockholm-nord.jarva";
const DESK = `${UNIT}/investigation`;
const kafka = new Kafka({
  brokers: (process.env.SAMBUS_BOOTSTRAP ?? "127.0.0.1:29092").split(","),
  logLevel: logLevel.ERROR,
});
const registry = new SchemaRegistry({ host: process.env.SAMBUS_REGISTRY ?? "http://127.0.0.1:29081/apis/ccompat/v7" });

// A UUIDv7. Make it once: the same id with the same content is a retry, and is dropped.
function newEventId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Times are milliseconds since 1970; what is left out has its default.
function seizure(eventId) {
  return {
    event_id: eventId,
    event_type: "drug_seizure",
    occurred_from: Date.now() - 3_600_000,
    reported_at: Date.now(),
    areas: [UNIT],
    purpose: "P2",
    common_basis: "3:2 p1a",
    max_penalty_years: 3,
    sensitivity: 2,
    legal_origin: "own_observation",
    provenance: { root_ids: [eventId] },
    synthetic: true,
    payload: {
      seizing_authority: "polisen",
      seizure_no: createHash("sha256").update(`made up ${eventId}`).digest("hex"), // of a real one: the unit's keyed hash
      seizure_context: "vehicle",
      items: [{ item_no: 1, substance_id: "mdma", identification: "field_test", form: "tablet", count: 120 }],
    },
  };
}

async function publish() {
  const event = seizure(newEventId());
  const id = await registry.getLatestSchemaId("se.sambus.event.drug_seizure");
  const message = CloudEvents.binary(
    new CloudEvent({
      id: event.event_id,
      type: "se.sambus.drug_seizure.v1",
      source: `/${DESK}`,
      time: new Date(event.reported_at).toISOString(),
      datacontenttype: "application/avro",
      data: await registry.encode(id, event),
    }),
  );
  const headers = Object.fromEntries(Object.entries(message.headers).filter(([, value]) => value !== undefined));
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  await producer.send({
    topic: `in.${UNIT}`,
    acks: -1,
    messages: [{ key: event.event_id, value: message.value, headers: { ...headers, sambus_origin: DESK } }],
  });
  await producer.disconnect();
  return event.event_id;
}

async function read(eventId) {
  const consumer = kafka.consumer({ groupId: `example-${randomBytes(4).toString("hex")}`, readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic: `desk.${DESK.replace("/", ".")}`, fromBeginning: true });
  const delivery = await new Promise((found, failed) => {
    consumer.run({
      eachMessage: async ({ message }) => {
        const headers = Object.fromEntries(Object.entries(message.headers).map(([name, text]) => [name, `${text}`]));
        const { type } = CloudEvents.toEvent({ ...message, headers });
        const value = await registry.decode(message.value);
        if (type.startsWith("se.sambus.delivery.") && value.event_id === eventId) found(value);
      },
    }).catch(failed);
  });
  await consumer.disconnect();
  return delivery;
}

const published = await publish();
console.log(`published ${published}`);
const { event_id, desk, rules, event } = await read(published);
console.log(`delivered ${event_id} to ${desk} by ${rules.join(", ")}: ${event.payload.items[0].count} tablets`);
