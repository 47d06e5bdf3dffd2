#!/bin/sh
# Publish one seizure over HTTP as a desk, with curl alone. A bus of `sambus up` gives a token of a made-up person.
set -eu
GATEWAY=${SAMBUS_GATEWAY:-http://127.0.0.1:29180}
DESK=se.stockholm.stockholm-nord.jarva/investigation
TOKEN=${SAMBUS_TOKEN:-$(sambus token --as "$DESK")}

# A UUIDv7. Make it once: the same id with the same content is a retry, and is dropped.
time=$(printf '%012x' "$(date +%s%3N)")
random=$(od -An -N10 -tx1 /dev/urandom | tr -d ' \n')
cut() { printf %s "$1" | command cut -c "$2"; }
id=$(cut "$time" 1-8)-$(cut "$time" 9-12)-7$(cut "$random" 1-3)-8$(cut "$random" 4-6)-$(cut "$random" 7-18)
now=$(date -u +%FT%TZ)

# A bus that does not answer just now is a 503 with Retry-After, which --retry heeds: the same event, with the same id.
curl --silent --show-error --fail-with-body --retry 5 "$GATEWAY/v1/events" \
  --header "Authorization: Bearer $TOKEN" \
  --header "Content-Type: application/json" \
  --data @- <<EVENT
{
  "event_id": "$id",
  "event_type": "drug_seizure",
  "occurred_from": "$now",
  "reported_at": "$now",
  "areas": ["se.stockholm.stockholm-nord.jarva"],
  "purpose": "P2",
  "common_basis": "3:2 p1a",
  "max_penalty_years": 3,
  "sensitivity": 2,
  "legal_origin": "own_observation",
  "provenance": {"root_ids": ["$id"]},
  "synthetic": true,
  "payload": {
    "seizing_authority": "polisen",
    "seizure_no": "$(printf %s "made up $id" | sha256sum | command cut -c 1-64)",
    "seizure_context": "vehicle",
    "items": [{"item_no": 1, "substance_id": "mdma", "identification": "field_test", "form": "tablet", "count": 120}]
  }
}
EVENT
