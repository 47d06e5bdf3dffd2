package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Publish one seizure as a unit with its own Kafka topic, and read what its desk gets. Apicurio's serializers. */
public final class Example {
  private static final String UNIT = "se.stockholm.stockholm-nord.jarva";
  private static final String DESK = UNIT + "/investigation";

  public static void main(String[] arguments) throws Exception {
    String published = publish();
    System.out.println("published " + published);
    GenericRecord delivery = read(published);
    GenericRecord payload = (GenericRecord) ((GenericRecord) delivery.get("event")).get("payload");
    GenericRecord item = (GenericRecord) ((List<?>) payload.get("items")).get(0);
    System.out.printf(
        "delivered %s to %s by %s: %s tablets%n",
        delivery.get("event_id"), delivery.get("desk"), join(delivery.get("rules")), item.get("count"));
  }

  private static String publish() throws Exception {
    String id = uuid7();
    var record = new ProducerRecord<String, GenericRecord>("in." + UNIT, id, seizure(id));
    Map<String, String> headers =
        Map.of(
            "ce_specversion", "1.0",
            "ce_id", id,
            "ce_type", "se.sambus.drug_seizure.v1",
            "ce_source", "/" + DESK,
            "ce_time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString(),
            "content-type", "application/avro",
            "sambus_origin", DESK);
    headers.forEach((name, value) -> record.headers().add(name, value.getBytes(UTF_8)));
    try (var producer = new KafkaProducer<String, GenericRecord>(settings())) {
      producer.send(record).get(); // it stands on the bus when this returns
    }
    return id;
  }

  /** The event; what is left out has its default. */
  private static GenericRecord seizure(String id) throws Exception {
    byte[] number = MessageDigest.getInstance("SHA-256").digest(("made up " + id).getBytes(UTF_8));
    Map<String, Object> item =
        Map.of(
            "item_no", 1L, "substance_id", "mdma", "identification", "field_test", "form", "tablet", "count", 120L);
    Map<String, Object> payload =
        Map.of(
            "seizing_authority", "polisen",
            "seizure_no", HexFormat.of().formatHex(number), // of a real one: the unit's keyed hash
            "seizure_context", "vehicle",
            "items", List.of(item));
    long now = System.currentTimeMillis();
    Map<String, Object> where =
        Map.of("occurred_from", now - 3_600_000, "reported_at", now, "areas", List.of(UNIT), "synthetic", true);
    Map<String, Object> law =
        Map.of(
            "purpose", "P2",
            "common_basis", "3:2 p1a",
            "max_penalty_years", 3.0,
            "sensitivity", 2L,
            "legal_origin", "own_observation");
    Map<String, Object> event = new java.util.HashMap<>(where);
    event.putAll(law);
    event.putAll(Map.of("event_id", id, "event_type", "drug_seizure", "payload", payload));
    event.put("provenance", Map.of("root_ids", List.of(id)));
    return (GenericRecord) value(schema("drug_seizure"), event);
  }

  private static GenericRecord read(String id) {
    try (var consumer = new KafkaConsumer<String, GenericRecord>(settings())) {
      consumer.subscribe(List.of("desk." + DESK.replace('/', '.')));
      while (true) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          if (record.value().get("event_id").toString().equals(id)) {
            return record.value();
          }
        }
      }
    }
  }

  private static Map<String, Object> settings() {
    String registry = setting("SAMBUS_REGISTRY", "http://127.0.0.1:29081/apis/ccompat/v7");
    return Map.ofEntries(
        Map.entry("bootstrap.servers", setting("SAMBUS_BOOTSTRAP", "127.0.0.1:29092")),
        Map.entry("key.serializer", "org.apache.kafka.common.serialization.StringSerializer"),
        Map.entry("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer"),
        Map.entry("value.serializer", "io.apicurio.registry.serde.avro.AvroKafkaSerializer"),
        Map.entry("value.deserializer", "io.apicurio.registry.serde.avro.AvroKafkaDeserializer"),
        Map.entry("apicurio.registry.url", registry.replace("/ccompat/v7", "/registry/v3")),
        Map.entry(
            "apicurio.registry.artifact-resolver-strategy",
            "io.apicurio.registry.serde.avro.strategy.QualifiedRecordIdStrategy"),
        Map.entry("apicurio.registry.find-latest", true),
        Map.entry("isolation.level", "read_committed"), // the bus writes in transactions
        Map.entry("auto.offset.reset", "earliest"),
        Map.entry("group.id", "example-" + UUID.randomUUID()));
  }

  /** A schema as `sambus schemas export --out avro` writes it. */
  private static Schema schema(String name) throws Exception {
    return new Schema.Parser().parse(new File(setting("SAMBUS_AVRO", "avro"), name + ".avsc"));
  }

  /** Maps as records of a schema, with its defaults. */
  private static Object value(Schema schema, Object plain) {
    if (plain instanceof Map<?, ?> fields) {
      var record = new GenericRecordBuilder(schema);
      fields.forEach((name, each) -> record.set((String) name, value(schema.getField((String) name).schema(), each)));
      return record.build();
    }
    if (plain instanceof List<?> items && schema.getType() == Schema.Type.ARRAY) {
      return items.stream().map(each -> value(schema.getElementType(), each)).toList();
    }
    return plain;
  }

  /** Made once: the same id with the same content is a retry, and is dropped. */
  private static String uuid7() {
    long random = ThreadLocalRandom.current().nextLong();
    long time = System.currentTimeMillis() << 16 | 0x7000 | (random & 0x0fff);
    return new UUID(time, 1L << 63 | ThreadLocalRandom.current().nextLong() >>> 2).toString();
  }

  private static String join(Object list) {
    return String.join(", ", ((List<?>) list).stream().map(Object::toString).toList());
  }

  private static String setting(String name, String standard) {
    return System.getenv().getOrDefault(name, standard);
  }
}
