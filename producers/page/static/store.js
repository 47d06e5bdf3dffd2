// What this browser keeps: drafts, what waits to be sent, and what was sent today. All of it is encrypted (AES-GCM) under
// a key that no script can read out; clearing it takes the key away as well.

const NAME = "sambus-publish";
const ITEMS = "items";
const KEYS = "keys";

/** The store of this browser. Records are plain objects with an `id`. */
export class Store {
  static async open() {
    const store = new Store();
    store.db = await opened();
    store.key = await store.#key();
    return store;
  }

  /** Keep a record, in the place of one with the same id. */
  async put(record) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(record));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(record.id) }, this.key, plain);
    await done(this.db.transaction(ITEMS, "readwrite").objectStore(ITEMS).put({ id: record.id, iv, data }));
  }

  /** Every record that can be read. What cannot be read was written under a key that is gone. */
  async all() {
    const kept = await done(this.db.transaction(ITEMS).objectStore(ITEMS).getAll());
    const read = await Promise.all(kept.map((item) => this.#read(item)));
    return read.filter(Boolean);
  }

  async get(id) {
    const item = await done(this.db.transaction(ITEMS).objectStore(ITEMS).get(id));
    return item ? this.#read(item) : null;
  }

  async remove(id) {
    await done(this.db.transaction(ITEMS, "readwrite").objectStore(ITEMS).delete(id));
  }

  /** Forget everything, and the key; a new one is made for what comes after. */
  async clear() {
    const change = this.db.transaction([ITEMS, KEYS], "readwrite");
    await Promise.all([done(change.objectStore(ITEMS).clear()), done(change.objectStore(KEYS).clear())]);
    this.key = await this.#key();
  }

  async #read({ id, iv, data }) {
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: bytes(id) }, this.key, data);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null;
    }
  }

  /** The key: found, or made and kept. Of two windows that make one at once, the first one's counts. */
  async #key() {
    const found = await done(this.db.transaction(KEYS).objectStore(KEYS).get("main"));
    if (found) return found;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const keys = this.db.transaction(KEYS, "readwrite").objectStore(KEYS);
    const first = await done(keys.get("main"));
    if (first) return first;
    await done(keys.put(made, "main"));
    return made;
  }
}

function opened() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ITEMS, { keyPath: "id" });
    request.result.createObjectStore(KEYS);
  };
  return done(request);
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function bytes(text) {
  return new TextEncoder().encode(text);
}
