/**
 * Labels of fields as one text each, by their kind: `s` regular, `d` a definition, `h` hidden (a definition where `#`
 * follows `_`), `i` an index of a list, `l` a let. So `"#a"` and `#a` are two.
 */
export const regular = (name: string): string => `s${name}`;
export const indexLabel = (index: number): string => `i${index}`;

export function identifierLabel(name: string): string {
  if (name.startsWith('_')) return `h${name}`;
  return name.startsWith('#') ? `d${name}` : `s${name}`;
}

export const isRegular = (label: string): boolean => label.startsWith('s');
export const isDefinition = (label: string): boolean => label.startsWith('d') || label.startsWith('h_#');
export const nameOf = (label: string): string => label.slice(1);
