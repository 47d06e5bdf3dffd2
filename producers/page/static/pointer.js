// Places in an event, as JSON pointers (RFC 6901): reading, writing, and leaving out what is empty.

/** The value at a place; undefined when there is none. */
export function at(value, pointer) {
  return names(pointer).reduce((held, name) => held?.[name], value);
}

/** Put a value at a place; undefined takes away what is there. */
export function put(value, pointer, made) {
  const way = names(pointer);
  const last = way.pop();
  let holder = value;
  for (const name of way) {
    if (holder[name] === undefined && made === undefined) return;
    holder = holder[name] ??= {};
  }
  if (made === undefined) delete holder[last];
  else holder[last] = made;
}

/** A copy without what is empty: no text, no list, no mapping without anything in it. False and 0 are something. */
export function pruned(value) {
  if (Array.isArray(value)) {
    const kept = value.map(pruned).filter((each) => each !== undefined);
    return kept.length ? kept : undefined;
  }
  if (value && typeof value === "object") {
    const kept = Object.entries(value).map(([name, each]) => [name, pruned(each)]).filter(([, each]) => each !== undefined);
    return kept.length ? Object.fromEntries(kept) : undefined;
  }
  return value === "" || value === null ? undefined : value;
}

function names(pointer) {
  return pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}
