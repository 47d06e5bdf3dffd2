// Publish one seizure as a unit with its own Kafka topic, and read what its desk gets. Schemas are files; a registry
// is asked only if deliveries carry its ids. franz-go, hamba/avro.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hamba/avro/v2"
	"github.com/hamba/avro/v2/registry"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	unit = "se.stockholm.stockholm-nord.jarva"
	desk = unit + "/investigation"
)

// delivery holds what we want of one. In a view every field may be nil: hidden and absent look alike.
type delivery struct {
	EventID string   `avro:"event_id"`
	Desk    string   `avro:"desk"`
	Rules   []string `avro:"rules"`
	Event   struct {
		Payload *struct {
			Items *[]struct {
				Count *int64 `avro:"count"`
			} `avro:"items"`
		} `avro:"payload"`
	} `avro:"event"`
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(setting("SAMBUS_BOOTSTRAP", "127.0.0.1:29092"), ",")...),
		kgo.ConsumeTopics("desk."+strings.ReplaceAll(desk, "/", ".")),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	check(err)
	defer client.Close()
	published := publish(ctx, client)
	fmt.Println("published", published)
	got := read(ctx, client, published)
	items := *got.Event.Payload.Items
	fmt.Printf("delivered %s to %s by %s: %d tablets\n",
		got.EventID, got.Desk, strings.Join(got.Rules, ", "), *items[0].Count)
}

// publish writes the event in single-object encoding, which needs no registry.
func publish(ctx context.Context, client *kgo.Client) string {
	id := uuid.Must(uuid.NewV7()).String() // made once: the same id with the same content is a retry, and is dropped
	body, err := avro.Marshal(schemaFile("drug_seizure"), seizure(id))
	check(err)
	record := &kgo.Record{
		Topic: "in." + unit,
		Key:   []byte(id),
		Value: append(head("drug_seizure"), body...),
		Headers: headers(
			"ce_specversion", "1.0",
			"ce_id", id,
			"ce_type", "se.sambus.drug_seizure.v1",
			"ce_source", "/"+desk,
			"ce_time", time.Now().UTC().Format(time.RFC3339),
			"content-type", "application/avro",
			"sambus_origin", desk,
		),
	}
	check(client.ProduceSync(ctx, record).FirstErr())
	return id
}

// seizure is the event; what is left out has its default.
func seizure(id string) map[string]any {
	number := sha256.Sum256([]byte("made up " + id)) // of a real one: the unit's keyed hash
	return map[string]any{
		"event_id":          id,
		"event_type":        "drug_seizure",
		"occurred_from":     time.Now().Add(-time.Hour),
		"reported_at":       time.Now(),
		"areas":             []string{unit},
		"purpose":           "P2",
		"common_basis":      "3:2 p1a",
		"max_penalty_years": 3.0,
		"sensitivity":       2,
		"legal_origin":      "own_observation",
		"provenance":        map[string]any{"root_ids": []string{id}},
		"synthetic":         true,
		"payload": map[string]any{
			"seizing_authority": "polisen",
			"seizure_no":        fmt.Sprintf("%x", number),
			"seizure_context":   "vehicle",
			"items": []map[string]any{{
				"item_no": 1, "substance_id": "mdma", "identification": "field_test", "form": "tablet", "count": 120,
			}},
		},
	}
}

// read waits for the delivery of an event.
func read(ctx context.Context, client *kgo.Client, id string) delivery {
	for {
		fetched := client.PollFetches(ctx)
		check(fetched.Err0())
		for _, record := range fetched.Records() {
			if got := decoded(ctx, record.Value); got.EventID == id {
				return got
			}
		}
	}
}

// decoded reads both forms: single-object encoding (C3 01, fingerprint) and the Confluent form (00, a registry's id).
func decoded(ctx context.Context, value []byte) (got delivery) {
	if value[0] == 0 {
		known, err := registry.NewClient(setting("SAMBUS_REGISTRY", "http://127.0.0.1:29081/apis/ccompat/v7"))
		check(err)
		check(registry.NewDecoder(known).Decode(ctx, value, &got))
		return got
	}
	if body, mine := bytes.CutPrefix(value, head("delivery.drug_seizure")); mine { // else it is of another type
		check(avro.Unmarshal(schemaFile("delivery.drug_seizure"), body, &got))
	}
	return got
}

// schemaFile reads a schema as `sambus schemas export --out avro` writes it.
func schemaFile(name string) avro.Schema {
	schema, err := avro.ParseFiles(filepath.Join(setting("SAMBUS_AVRO", "avro"), name+".avsc"))
	check(err)
	return schema
}

// head is what stands before a record: C3 01 and the fingerprint. hamba/avro works out another than Avro's standard.
func head(name string) (head []byte) {
	file, err := os.ReadFile(filepath.Join(setting("SAMBUS_AVRO", "avro"), "heads.json"))
	check(err)
	var heads map[string]string
	check(json.Unmarshal(file, &heads))
	head, err = hex.DecodeString(heads[name])
	check(err)
	return head
}

func headers(pairs ...string) (made []kgo.RecordHeader) {
	for i := 0; i < len(pairs); i += 2 {
		made = append(made, kgo.RecordHeader{Key: pairs[i], Value: []byte(pairs[i+1])})
	}
	return made
}

func setting(name, standard string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return standard
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
