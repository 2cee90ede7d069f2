const maxLength = 255;

/** Whether a role is called as Notary lets delegated roles be called: `targets/releases`, `targets/alice/nightly`. */
export function isDelegatedRole(name: string): boolean {
  return name.length <= maxLength && /^targets(\/[-a-z0-9_]+)+$/.test(name);
}

/** Whether `name` is a delegated role directly below `parent`. */
export function isChildRole(name: string, parent: string): boolean {
  return isDelegatedRole(name) && name.slice(0, name.lastIndexOf('/')) === parent;
}
