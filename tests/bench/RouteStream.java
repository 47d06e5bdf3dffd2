import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The work of tests/bench/workload.py in Kafka Streams, exactly once: decode an event, pick the topics, mark, encode.
 *
 * <p>Arguments: bootstrap, application id, the file of the Avro schema, and the topics: source, routed, escalated.
 */
public final class RouteStream {
    private static final int ESCALATES_TO = 3;

    private RouteStream() {}

    public static void main(String[] arguments) throws Exception {
        Schema schema = new Schema.Parser().parse(Files.readString(Path.of(arguments[2])));
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[1]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory("route-stream").toString());
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(arguments[3], Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .process(() -> new Route(schema, arguments[4], arguments[5]))
                .to(
                        (key, out, context) -> out.topic(),
                        Produced.with(Serdes.ByteArray(), Serdes.serdeFrom((topic, out) -> out.value(), (topic, data) -> null)));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    /** One output: where it goes, and its bytes. */
    record Out(String topic, byte[] value) {}

    /** The step; each task has its own, so that readers, writers and buffers are used again. */
    static final class Route extends ContextualProcessor<byte[], byte[], byte[], Out> {
        private final String routed;
        private final String escalated;
        private final GenericDatumReader<GenericRecord> reader;
        private final GenericDatumWriter<GenericRecord> writer;
        private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(512);
        private BinaryDecoder decoder;
        private BinaryEncoder encoder;
        private GenericRecord event;

        Route(Schema schema, String routed, String escalated) {
            this.routed = routed;
            this.escalated = escalated;
            this.reader = new GenericDatumReader<>(schema);
            this.writer = new GenericDatumWriter<>(schema);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            for (Record<byte[], Out> output : route(record)) {
                context().forward(output);
            }
        }

        private List<Record<byte[], Out>> route(Record<byte[], byte[]> record) {
            try {
                decoder = DecoderFactory.get().binaryDecoder(record.value(), decoder);
                event = reader.read(event, decoder);
                int priority = (Integer) event.get("priority") + 1;
                event.put("priority", priority);
                buffer.reset();
                encoder = EncoderFactory.get().directBinaryEncoder(buffer, encoder);
                writer.write(event, encoder);
                byte[] value = buffer.toByteArray();
                String area = event.get("area").toString();
                List<Record<byte[], Out>> outputs = new ArrayList<>(2);
                outputs.add(new Record<>(bytes(area), new Out(routed, value), record.timestamp()));
                if (priority <= ESCALATES_TO) {
                    outputs.add(new Record<>(bytes(parent(area)), new Out(escalated, value), record.timestamp()));
                }
                return outputs;
            } catch (java.io.IOException problem) {
                throw new IllegalStateException("the workload has no bad records", problem);
            }
        }

        private static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }

        private static String parent(String area) {
            int last = area.lastIndexOf('.');
            return area.substring(0, area.lastIndexOf('.', last - 1));
        }
    }
}
