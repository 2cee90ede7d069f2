/** Sets `key` as the newest entry and drops the oldest beyond `max`: who may name keys must not fill our memory. */
export function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > max) map.delete(map.keys().next().value!);
}
