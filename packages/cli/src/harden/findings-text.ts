import type { Summary } from '@pratique/harden';

/** `2 high, 1 low; 3 packages not covered`: no finding among packages that nobody speaks of is not health. */
export function findingsText({ findings, uncovered }: Summary): string {
  if (findings === null) return 'not scanned';
  const parts = Object.entries(findings).filter(([, count]) => count > 0);
  const found =
    parts.length === 0 ? 'none' : parts.map(([severity, count]) => `${count} ${severity}`).join(', ');
  return uncovered ? `${found}; ${uncovered} packages not covered` : found;
}
